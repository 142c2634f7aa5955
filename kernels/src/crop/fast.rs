//! The path the engine runs: rectangles through the separable resize. Quadrilaterals are the reference's gather.

use super::{CropSpec, Layout, Region, cpu, to_level, ycc};
use crate::error::Result;
use crate::image::RgbView;
use crate::resample::fast::Rows;
use crate::resample::{Affine, ChannelOrder, Scratch, Window};

/// Crops `region` of `src` into bytes of the layout.
///
/// Fails where the region lies outside the photo or folds, and on a layout or a length that does not fit.
pub fn crop_u8(
    src: RgbView<'_>,
    region: impl Into<Region>,
    spec: &CropSpec,
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<()> {
    let rect = match region.into() {
        Region::Rect(rect) => rect,
        quad @ Region::Quad(_) => return cpu::crop_u8(src, quad, spec, out),
    };
    spec.check_u8(out.len())?;
    if spec.layout == Layout::Ycc420 {
        let rgb = CropSpec { layout: Layout::NhwcU8Rgb, ..*spec };
        let mut levels = std::mem::take(&mut scratch.levels);
        levels.resize(rgb.output_len(), 0);
        let cropped = crop_u8(src, rect, &rgb, scratch, &mut levels);
        cropped.map(|()| ycc::to_blocks(&levels, (spec.out_w, spec.out_h), out))?;
        scratch.levels = levels;
        return Ok(());
    }
    let window = Window { view: src, rect: rect.pixels(src.width(), src.height())? };
    let mut planes = std::mem::take(&mut scratch.row);
    planes.resize(spec.out_w * 3, 0.0);
    let mut rows = Rows::new(window, (spec.out_w, spec.out_h), spec.filter, scratch);
    for (y, out) in out.chunks_exact_mut(spec.out_w * 3).enumerate() {
        let [red, green, blue] = thirds(&mut planes, spec.out_w);
        rows.write(y, [Affine::IDENTITY; 3], [&mut *red, &mut *green, &mut *blue]);
        for (pixel, ((red, green), blue)) in out.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
            pixel.copy_from_slice(&[to_level(*red), to_level(*green), to_level(*blue)]);
        }
    }
    scratch.row = planes;
    Ok(())
}

/// Crops `region` of `src` into a planar tensor `[3, out_h, out_w]`.
///
/// Fails where the region lies outside the photo or folds, and on a layout or a length that does not fit.
pub fn crop_f32(
    src: RgbView<'_>,
    region: impl Into<Region>,
    spec: &CropSpec,
    scratch: &mut Scratch,
    out: &mut [f32],
) -> Result<()> {
    let rect = match region.into() {
        Region::Rect(rect) => rect,
        quad @ Region::Quad(_) => return cpu::crop_f32(src, quad, spec, out),
    };
    let (order, affines) = spec.check_f32(out.len())?;
    let window = Window { view: src, rect: rect.pixels(src.width(), src.height())? };
    let mut rows = Rows::new(window, (spec.out_w, spec.out_h), spec.filter, scratch);
    let planes = thirds(out, spec.out_w * spec.out_h);
    let [red, green, blue] = match order {
        ChannelOrder::Rgb => planes,
        ChannelOrder::Bgr => {
            let [first, second, third] = planes;
            [third, second, first]
        }
    };
    let channels = red.chunks_exact_mut(spec.out_w).zip(green.chunks_exact_mut(spec.out_w));
    for (y, ((red, green), blue)) in channels.zip(blue.chunks_exact_mut(spec.out_w)).enumerate() {
        rows.write(y, affines, [red, green, blue]);
    }
    Ok(())
}

/// Three slices of `len` out of one of `3 * len`.
fn thirds(all: &mut [f32], len: usize) -> [&mut [f32]; 3] {
    let (first, rest) = all.split_at_mut(len);
    let (second, third) = rest.split_at_mut(len);
    [first, second, third]
}
