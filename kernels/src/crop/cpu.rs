//! The plain reference: one output pixel at a time.

use super::{CropSpec, Homography, Layout, Region, homography::sample, to_level, ycc};
use crate::error::Result;
use crate::image::RgbView;
use crate::resample::Window;
use crate::resample::cpu::Resize;

/// Crops `region` of `src` into bytes of the layout.
pub fn crop_u8(src: RgbView<'_>, region: Region, spec: &CropSpec, out: &mut [u8]) -> Result<()> {
    spec.check_u8(out.len())?;
    if spec.layout == Layout::Ycc420 {
        let rgb = CropSpec { layout: Layout::NhwcU8Rgb, ..*spec };
        let mut levels = vec![0; rgb.output_len()];
        crop_u8(src, region, &rgb, &mut levels)?;
        ycc::to_blocks(&levels, (spec.out_w, spec.out_h), out);
        return Ok(());
    }
    for_each_pixel(src, region, spec, |at, pixel| {
        for (out, value) in out[at * 3..].iter_mut().zip(pixel) {
            *out = to_level(value);
        }
    })
}

/// Crops `region` of `src` into a planar tensor `[3, out_h, out_w]`.
pub fn crop_f32(src: RgbView<'_>, region: Region, spec: &CropSpec, out: &mut [f32]) -> Result<()> {
    let (order, affines) = spec.check_f32(out.len())?;
    let area = spec.out_w * spec.out_h;
    for_each_pixel(src, region, spec, |at, pixel| {
        for channel in 0..3 {
            out[order.plane(channel) * area + at] = affines[channel].apply(pixel[channel]);
        }
    })
}

/// Calls `write` with each output index (row by row) and its colour in 0..=255.
fn for_each_pixel(
    src: RgbView<'_>,
    region: Region,
    spec: &CropSpec,
    mut write: impl FnMut(usize, [f32; 3]),
) -> Result<()> {
    let mut all = |pixel: &dyn Fn(usize, usize) -> [f32; 3]| {
        for y in 0..spec.out_h {
            for x in 0..spec.out_w {
                write(y * spec.out_w + x, pixel(x, y));
            }
        }
    };
    match region {
        Region::Rect(rect) => {
            let window = Window { view: src, rect: rect.pixels(src.width(), src.height())? };
            let resize = Resize::new(window, (spec.out_w, spec.out_h), spec.filter);
            all(&|x, y| resize.pixel(x, y));
        }
        Region::Quad(quad) => {
            let map = Homography::new(&quad, spec.out_w, spec.out_h)?;
            all(&|x, y| sample(&src, map.at(x, y)));
        }
    }
    Ok(())
}
