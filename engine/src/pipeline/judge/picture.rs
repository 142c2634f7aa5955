//! Small JPEGs for people: the plate with its surroundings, or the whole photo where there is no plate.

use crate::{Error, Result};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tollgate_kernels::crop::{self, CropSpec, Layout};
use tollgate_kernels::{Filter, Photo, Rect, RgbView, Scratch};

/// Share of the box's sides shown around a plate.
const MARGIN: f32 = 0.25;
/// The widest plate picture in pixels, half as wide again as a reader's input.
const PLATE_WIDTH: f32 = 192.0;
/// The longer side of a whole photo's picture in pixels.
const WHOLE_SIDE: f32 = 480.0;
/// Text stays legible at this JPEG quality, at about 5 KB a plate.
const QUALITY: u8 = 80;

/// Makes pictures, with one buffer for all of them.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pixels: Vec<u8>,
    scratch: Scratch,
}

impl Picture {
    /// The plate in `rect` and a little around it.
    pub(super) fn plate(&mut self, photo: &mut Photo, rect: Rect, file: &str) -> Result<Vec<u8>> {
        let rect = rect.pad(MARGIN).clamp(photo.width(), photo.height());
        let (view, rect) = photo.part(rect)?;
        let scale = (PLATE_WIDTH / rect.w.max(rect.h)).min(1.0);
        self.jpeg(view, rect, scale, file)
    }

    /// The whole photo, small.
    pub(super) fn whole(&mut self, photo: &mut Photo, file: &str) -> Result<Vec<u8>> {
        let photo = photo.at_least(WHOLE_SIDE as usize)?;
        let rect = Rect { x: 0.0, y: 0.0, w: photo.width() as f32, h: photo.height() as f32 };
        let scale = (WHOLE_SIDE / rect.w.max(rect.h)).min(1.0);
        self.jpeg(photo, rect, scale, file)
    }

    fn jpeg(&mut self, photo: RgbView<'_>, rect: Rect, scale: f32, file: &str) -> Result<Vec<u8>> {
        let side = |n: f32| ((n * scale).round() as usize).max(1);
        let (out_w, out_h) = (side(rect.w), side(rect.h));
        let spec = CropSpec { out_w, out_h, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
        self.pixels.resize(spec.output_len(), 0);
        crop::crop_u8(photo, rect, &spec, &mut self.scratch, &mut self.pixels)?;
        let mut out = Vec::with_capacity(8 << 10);
        JpegEncoder::new_with_quality(&mut out, QUALITY)
            .encode(&self.pixels, out_w as u32, out_h as u32, ExtendedColorType::Rgb8)
            .map_err(|source| Error::Crop { file: file.into(), source })?;
        Ok(out)
    }
}
