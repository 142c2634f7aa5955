//! Small JPEGs for people: the plate with its surroundings, or the whole photo where there is no plate.

use crate::{Error, Result};
use jpeg_encoder::{Encoder, EncodingError, ImageBuffer, JpegColorType, SamplingFactor};
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::photo::see_parts;
use tollgate_kernels::{Filter, Photo, Picture as View, Rect};
use tollgate_models::Pixels;
use tollgate_models::pixels::Cut;

/// Share of the box's sides shown around a plate.
const MARGIN: f32 = 0.25;
/// The widest plate picture in pixels, half as wide again as a reader's input.
const PLATE_WIDTH: f32 = 192.0;
/// The longer side of a whole photo's picture in pixels.
const WHOLE_SIDE: f32 = 480.0;
/// Text stays legible at this JPEG quality, at about 5 KB a plate.
const QUALITY: u8 = 80;

/// Makes pictures. Of photos on a GPU only the small pictures come back, those of several photos at once.
pub(super) struct Picture {
    pixels: Box<dyn Pixels>,
}

/// The pictures of a photo, JPEG files.
pub(super) type Pictures = Vec<Vec<u8>>;

/// A photo and the plates that are shown of it, with what is around them; without one the whole photo is.
pub(super) struct Shown<'a> {
    /// The photo.
    pub(super) photo: &'a mut Photo,
    /// Its plates.
    pub(super) rects: Vec<Rect>,
    /// Its name, for errors.
    pub(super) file: &'a str,
}

impl Picture {
    /// Pixels are cut out by `pixels`.
    pub(super) fn new(pixels: Box<dyn Pixels>) -> Self {
        Self { pixels }
    }

    /// Of each photo a picture a plate, or the one of the whole photo where there is no plate.
    pub(super) fn all(&mut self, shown: &mut [Shown<'_>]) -> Result<Vec<Pictures>> {
        let mut made: Vec<Pictures> = shown.iter().map(|_| Vec::new()).collect();
        let (mut wanted, mut files, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        let mut photos = Vec::with_capacity(shown.len());
        for (index, Shown { photo, rects, file }) in shown.iter_mut().enumerate() {
            let around = |rect: &Rect| rect.pad(MARGIN).clamp(photo.width(), photo.height());
            wanted.extend(rects.iter().map(|rect| (index, around(rect))));
            whole.extend(rects.is_empty().then_some(index));
            files.push(*file);
            photos.push(&mut **photo);
        }
        see_parts(&mut photos, &wanted, |first, parts| {
            let pictures = self.pictures(parts, PLATE_WIDTH, |index| files[wanted[first + index].0])?;
            for ((photo, _), picture) in wanted[first..].iter().zip(pictures) {
                made[*photo].push(picture);
            }
            Ok::<_, Error>(())
        })?;
        let wholes = photos.iter_mut().enumerate().filter(|(index, _)| whole.contains(index));
        let wholes = wholes.map(|(_, photo)| Ok(entire(photo.at_least(WHOLE_SIDE as usize)?)));
        let pictures = self.pictures(&wholes.collect::<Result<Vec<_>>>()?, WHOLE_SIDE, |index| files[whole[index]])?;
        for (photo, picture) in whole.iter().zip(pictures) {
            made[*photo].push(picture);
        }
        Ok(made)
    }

    /// JPEGs of parts of pictures, with `most` pixels on their longer sides.
    fn pictures<'f>(
        &mut self,
        parts: &[(View<'_>, Rect)],
        most: f32,
        file: impl Fn(usize) -> &'f str,
    ) -> Result<Vec<Vec<u8>>> {
        let cuts: Vec<_> = parts.iter().map(|(view, rect)| cut(*view, *rect, most)).collect();
        let blocks = self.pixels.cut_out(&cuts)?;
        let encode = |(index, (cut, blocks)): (usize, (&Cut<'_>, Vec<u8>))| {
            encode(&blocks, (cut.spec.out_w, cut.spec.out_h))
                .map_err(|source| Error::Crop { file: file(index).into(), source: Box::new(source) })
        };
        cuts.iter().zip(blocks).enumerate().map(encode).collect()
    }
}

/// `rect`, made smaller where its longer side has more than `most` pixels.
fn cut(view: View<'_>, rect: Rect, most: f32) -> Cut<'_> {
    let scale = (most / rect.w.max(rect.h)).min(1.0);
    let side = |n: f32| ((n * scale).round() as usize).max(1);
    let (out_w, out_h) = (side(rect.w), side(rect.h));
    Cut { view, rect, spec: CropSpec { out_w, out_h, filter: Filter::Area, layout: Layout::Ycc420 } }
}

/// A picture and all of it.
fn entire(view: View<'_>) -> (View<'_>, Rect) {
    (view, Rect { x: 0.0, y: 0.0, w: view.width() as f32, h: view.height() as f32 })
}

/// Encodes blocks of [`Layout::Ycc420`].
fn encode(blocks: &[u8], (width, height): (usize, usize)) -> std::result::Result<Vec<u8>, EncodingError> {
    let mut out = Vec::with_capacity(8 << 10);
    let mut encoder = Encoder::new(&mut out, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.encode_image(Blocks { blocks, width, height })?;
    Ok(out)
}

/// An image of blocks, as the encoder reads it: all three values of every pixel. It then takes one pixel's colour of
/// four, which is the block's.
struct Blocks<'a> {
    blocks: &'a [u8],
    width: usize,
    height: usize,
}

impl ImageBuffer for Blocks<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width as u16
    }

    fn height(&self) -> u16 {
        self.height as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        const BLOCK: usize = 6;
        let (row, across) = (usize::from(y), self.width.div_ceil(2) * BLOCK);
        let blocks = self.blocks.chunks_exact(across).nth(row / 2).unwrap_or_default().chunks_exact(BLOCK);
        let pixels = blocks.flat_map(|block| [0, 1].map(|x| [block[row % 2 * 2 + x], block[4], block[5]]));
        for values in pixels.take(self.width) {
            buffers.iter_mut().zip(values).for_each(|(buffer, value)| buffer.push(value));
        }
    }
}
