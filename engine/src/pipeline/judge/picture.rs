//! Small JPEGs for people: the plate with its surroundings, or the whole photo where there is no plate.

use super::band::Plate;
use crate::{Error, Result};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::{Filter, Photo, Rect};
use tollgate_models::Pixels;

/// Share of the box's sides shown around a plate.
const MARGIN: f32 = 0.25;
/// The widest plate picture in pixels, half as wide again as a reader's input.
const PLATE_WIDTH: f32 = 192.0;
/// The longer side of a whole photo's picture in pixels.
const WHOLE_SIDE: f32 = 480.0;
/// Text stays legible at this JPEG quality, at about 5 KB a plate.
const QUALITY: u8 = 80;

/// Makes pictures, with one buffer for all of them. Of a photo on a GPU only the small picture comes back.
pub(super) struct Picture {
    pixels: Box<dyn Pixels>,
    levels: Vec<u8>,
}

impl Picture {
    /// Pixels are cut out by `pixels`.
    pub(super) fn new(pixels: Box<dyn Pixels>) -> Self {
        Self { pixels, levels: Vec::new() }
    }

    /// A picture a plate, or the one of the whole photo where there is no plate.
    pub(super) fn all(&mut self, photo: &mut Photo, plates: &[Plate], file: &str) -> Result<Vec<Vec<u8>>> {
        if plates.is_empty() {
            return Ok(vec![self.whole(photo, file)?]);
        }
        plates.iter().map(|plate| self.plate(photo, plate.detected.rect, file)).collect()
    }

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

    fn jpeg(&mut self, photo: tollgate_kernels::Picture<'_>, rect: Rect, scale: f32, file: &str) -> Result<Vec<u8>> {
        let side = |n: f32| ((n * scale).round() as usize).max(1);
        let (out_w, out_h) = (side(rect.w), side(rect.h));
        let spec = CropSpec { out_w, out_h, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
        self.levels.resize(spec.output_len(), 0);
        self.pixels.crop_u8(photo, rect, &spec, &mut self.levels)?;
        let mut out = Vec::with_capacity(8 << 10);
        JpegEncoder::new_with_quality(&mut out, QUALITY)
            .encode(&self.levels, out_w as u32, out_h as u32, ExtendedColorType::Rgb8)
            .map_err(|source| Error::Crop { file: file.into(), source })?;
        Ok(out)
    }
}
