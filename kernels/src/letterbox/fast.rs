//! The path the engine runs: every output row is written once, from one blended source row.

use super::LetterboxSpec;
use crate::error::Result;
use crate::image::RgbView;
use crate::resample::fast::Rows;
use crate::resample::{ChannelOrder, Scratch, Window};

/// Letterboxes `src` into `out`, a planar tensor `[3, out_h, out_w]`.
///
/// Fails on an output of the wrong length and on content outside the output.
pub fn letterbox(src: RgbView<'_>, spec: &LetterboxSpec, scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
    spec.check_output(out)?;
    let affines = spec.affines();
    let pads = spec.pad_values();
    let (first, rest) = out.split_at_mut(spec.out_w * spec.out_h);
    let (second, third) = rest.split_at_mut(spec.out_w * spec.out_h);
    let mut rows = Rows::new(Window::whole(src), (spec.content_w, spec.content_h), spec.filter, scratch);
    let planes = first.chunks_exact_mut(spec.out_w).zip(second.chunks_exact_mut(spec.out_w));
    for (y, ((first, second), third)) in planes.zip(third.chunks_exact_mut(spec.out_w)).enumerate() {
        let out = [first, second, third];
        if y < spec.content_y || y >= spec.content_y + spec.content_h {
            out.into_iter().zip(pads).for_each(|(row, pad)| row.fill(pad));
            continue;
        }
        let mut index = 0;
        let content = out.map(|row| {
            let content = pad_sides(row, spec, pads[index]);
            index += 1;
            content
        });
        rows.write(y - spec.content_y, affines, in_source_order(spec.order, content));
    }
    Ok(())
}

/// Fills what lies left and right of the photo, and returns what lies between.
fn pad_sides<'r>(row: &'r mut [f32], spec: &LetterboxSpec, pad: f32) -> &'r mut [f32] {
    let (left, rest) = row.split_at_mut(spec.content_x);
    let (content, right) = rest.split_at_mut(spec.content_w);
    left.fill(pad);
    right.fill(pad);
    content
}

fn in_source_order(order: ChannelOrder, planes: [&mut [f32]; 3]) -> [&mut [f32]; 3] {
    let [first, second, third] = planes;
    match order {
        ChannelOrder::Rgb => [first, second, third],
        ChannelOrder::Bgr => [third, second, first],
    }
}
