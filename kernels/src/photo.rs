//! A photo that is decoded only as far as it is looked at.
//!
//! The detector looks at a small picture, the reader at the plate's own pixels. For a JPEG of the usual kinds the whole
//! picture at full resolution is therefore never made, unless somebody asks for it; other files are decoded whole by
//! whoever fills the photo. Coordinates are always those of the full-size, upright picture.

use crate::error::Result;
use crate::geometry::{PixelRect, Rect};
use crate::image::{RgbImage, RgbView};
use crate::jpeg::{JpegDecoder, Scale};

/// A decoded or half-decoded photo, with buffers that are used again from one photo to the next.
#[derive(Debug, Default)]
pub struct Photo {
    width: usize,
    height: usize,
    /// The file, while it is a JPEG that may be decoded further.
    file: Vec<u8>,
    decoder: JpegDecoder,
    /// Full resolution, when `has_whole`.
    whole: RgbImage,
    has_whole: bool,
    small: RgbImage,
    part: RgbImage,
}

impl Photo {
    /// Takes a JPEG and decodes it once, small but with a long side of at least `long_side` where it has that many
    /// pixels. Returns whether all of it was there; what is missing is grey.
    ///
    /// Fails where the file is of no kind that [`crate::jpeg`] does: the photo is then empty and the bytes are given
    /// back, for a general decoder.
    pub fn open_jpeg(
        &mut self,
        file: Vec<u8>,
        max_pixels: u64,
        long_side: usize,
    ) -> std::result::Result<bool, (Vec<u8>, crate::Error)> {
        self.file = file;
        match self.decode_jpeg(max_pixels, long_side) {
            Ok(complete) => Ok(complete),
            Err(error) => {
                // Nothing of the photo before may be seen in place of this one.
                (self.width, self.height, self.has_whole) = (0, 0, false);
                self.small = RgbImage::default();
                Err((std::mem::take(&mut self.file), error))
            }
        }
    }

    fn decode_jpeg(&mut self, max_pixels: u64, long_side: usize) -> Result<bool> {
        let mut jpeg = self.decoder.open(&self.file, max_pixels)?;
        (self.width, self.height) = (jpeg.width(), jpeg.height());
        let scale = smallest(self.width, self.height, long_side);
        self.has_whole = scale == Scale::Full;
        let out = if self.has_whole { &mut self.whole } else { &mut self.small };
        Ok(jpeg.scaled(scale, out)?.is_complete)
    }

    /// Sets the size of a photo that is decoded by other means and returns the buffer to be filled, RGB row by row.
    pub fn reshape(&mut self, width: usize, height: usize) -> Result<&mut [u8]> {
        (self.width, self.height, self.has_whole) = (width, height, true);
        self.whole.reshape(width, height)
    }

    /// Takes over a picture that was decoded by other means.
    pub fn set_whole(&mut self, whole: RgbImage) {
        (self.width, self.height, self.has_whole) = (whole.width(), whole.height(), true);
        self.whole = whole;
    }

    /// Width of the full-size picture in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height of the full-size picture in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The whole picture with a long side of at least `long_side`, or of as many pixels as it has: the one at hand
    /// where that will do, decoded at full resolution where not.
    pub fn at_least(&mut self, long_side: usize) -> Result<RgbView<'_>> {
        let enough = long_side.min(self.width.max(self.height));
        if !self.has_whole && self.small.width().max(self.small.height()) >= enough {
            return self.small.view();
        }
        if !self.has_whole {
            self.decoder.again(&self.file)?.scaled(Scale::Full, &mut self.whole)?;
            self.has_whole = true;
        }
        self.whole.view()
    }

    /// Full-resolution pixels around `rect`, and where `rect`, cut to the photo, lies in them. Fails where it lies
    /// outside the photo.
    pub fn part(&mut self, rect: Rect) -> Result<(RgbView<'_>, Rect)> {
        let pixels = rect.pixels(self.width, self.height)?;
        if self.has_whole {
            return Ok((self.whole.view()?, exact(pixels)));
        }
        self.decoder.again(&self.file)?.rect(pixels, &mut self.part)?;
        Ok((self.part.view()?, exact(PixelRect { x: 0, y: 0, ..pixels })))
    }
}

fn exact(pixels: PixelRect) -> Rect {
    Rect { x: pixels.x as f32, y: pixels.y as f32, w: pixels.width as f32, h: pixels.height as f32 }
}

/// The smallest scale at which the long side has at least `long_side` pixels.
fn smallest(width: usize, height: usize, long_side: usize) -> Scale {
    let long = |scale: Scale| {
        let (w, h) = scale.size(width, height);
        w.max(h)
    };
    [Scale::Eighth, Scale::Quarter, Scale::Half].into_iter().find(|s| long(*s) >= long_side).unwrap_or(Scale::Full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::codecs::jpeg::JpegEncoder;

    fn file(width: u16, height: u16) -> Vec<u8> {
        let (w, h) = (u32::from(width), u32::from(height));
        let pixels: Vec<u8> = (0..w * h).flat_map(|i| [(i % w) as u8, (i / w) as u8, (i * 3 % 251) as u8]).collect();
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, 90).encode(&pixels, w, h, ::image::ExtendedColorType::Rgb8).unwrap();
        out
    }

    #[test]
    fn scales_are_no_smaller_than_asked_for() {
        assert_eq!(smallest(1280, 720, 640), Scale::Half);
        assert_eq!(smallest(1278, 720, 640), Scale::Full);
        assert_eq!(smallest(720, 1280, 640), Scale::Half);
        assert_eq!(smallest(4000, 3000, 640), Scale::Quarter);
        assert_eq!(smallest(6000, 4000, 640), Scale::Eighth);
    }

    #[test]
    fn parts_are_the_same_whether_or_not_the_whole_is_there() {
        let mut photo = Photo::default();
        assert!(photo.open_jpeg(file(200, 120), 1 << 20, 100).unwrap());
        assert_eq!((photo.width(), photo.height()), (200, 120));
        let small = photo.at_least(100).unwrap();
        assert_eq!((small.width(), small.height()), (100, 60));
        let rect = Rect { x: 31.0, y: 17.0, w: 50.0, h: 21.0 };
        let (view, at) = photo.part(rect).unwrap();
        assert_eq!((view.width(), view.height(), at.x), (50, 21, 0.0));
        let lazily = view.data().to_vec();
        assert_eq!(photo.at_least(101).unwrap().width(), 200);
        let (view, at) = photo.part(rect).unwrap();
        assert_eq!(at, rect);
        let row = |y: usize| &view.data()[((17 + y) * 200 + 31) * 3..][..150];
        let eagerly: Vec<u8> = (0..21).flat_map(row).copied().collect();
        assert_eq!(lazily, eagerly);
    }

    #[test]
    fn other_files_are_given_back_and_the_photo_can_be_used_again() {
        let mut photo = Photo::default();
        let (bytes, _) = photo.open_jpeg(b"no photo".to_vec(), 1 << 20, 64).unwrap_err();
        assert_eq!(bytes, b"no photo");
        assert!(photo.at_least(10).is_err());
        photo.reshape(4, 2).unwrap().fill(7);
        assert_eq!(photo.at_least(640).unwrap().data(), &[7; 24]);
        assert!(photo.open_jpeg(file(64, 64), 1 << 20, 32).unwrap());
        assert_eq!(photo.at_least(32).unwrap().width(), 32);
        assert!(photo.part(Rect { x: 70.0, y: 0.0, w: 4.0, h: 4.0 }).is_err());
    }
}
