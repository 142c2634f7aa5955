//! The plain reference.

use super::LetterboxSpec;
use crate::error::Result;
use crate::image::RgbView;
use crate::resample::Window;
use crate::resample::cpu::Resize;

/// Letterboxes `src` into `out` (`[3, out_h, out_w]`), one output pixel after the other.
pub fn letterbox(src: RgbView<'_>, spec: &LetterboxSpec, out: &mut [f32]) -> Result<()> {
    spec.check_output(out)?;
    let resize = Resize::new(Window::whole(src), (spec.content_w, spec.content_h), spec.filter);
    let (affines, pads) = (spec.affines(), spec.pad_values());
    let area = spec.out_w * spec.out_h;
    for plane in 0..3 {
        out[plane * area..(plane + 1) * area].fill(pads[plane]);
    }
    for y in 0..spec.content_h {
        for x in 0..spec.content_w {
            let pixel = resize.pixel(x, y);
            let at = (spec.content_y + y) * spec.out_w + spec.content_x + x;
            for channel in 0..3 {
                out[spec.order.plane(channel) * area + at] = affines[channel].apply(pixel[channel]);
            }
        }
    }
    Ok(())
}
