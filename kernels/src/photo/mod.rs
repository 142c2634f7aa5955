//! A photo that is decoded only as far as it is looked at.
//!
//! The detector looks at a small picture, the reader at the plate's own pixels. For a JPEG of the usual kinds the whole
//! picture at full resolution is therefore never made, unless somebody asks for it; other files are decoded whole by
//! whoever fills the photo. Coordinates are always those of the full-size, upright picture.
//!
//! A photo that was decoded on a GPU ([`DevicePhoto`]) stays there: what is looked at is then a [`Picture`] there, and
//! the file is kept for the CPU to begin anew if the GPU fails.

mod device;
mod parts;
mod picture;

pub use device::{Declined, DevicePhoto};
pub use parts::{make_parts, see_parts};
pub use picture::Picture;

use crate::error::{Error, Result};
use crate::geometry::{PixelRect, Rect};
use crate::image::RgbImage;
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
    /// What `part` holds of the full-size picture; none for the photo at hand.
    part_at: Option<PixelRect>,
    /// Where its pixels are made, when that is a GPU.
    device: Option<DevicePhoto>,
}

impl Photo {
    /// Takes a photo that was decoded on a GPU, and its file.
    pub fn set_device(&mut self, file: Vec<u8>, device: DevicePhoto) {
        (self.width, self.height) = device.size();
        (self.file, self.has_whole, self.part_at) = (file, false, None);
        self.small = RgbImage::default();
        self.device = Some(device);
    }

    /// Takes a photo off the GPU and gives its file back, to be decoded on the CPU; `None` for one that was not there.
    pub fn leave_device(&mut self) -> Option<Vec<u8>> {
        self.device.take()?;
        (self.width, self.height) = (0, 0);
        Some(std::mem::take(&mut self.file))
    }

    /// Whether its pixels are made on a GPU.
    pub fn is_on_device(&self) -> bool {
        self.device.is_some()
    }

    /// Takes a JPEG and decodes it once, small but with a long side of at least `long_side` where it has that many
    /// pixels. Returns whether all of it was there; what is missing is grey.
    ///
    /// Fails where the file is of no kind that [`crate::jpeg`] does, and where no smaller scale will do: the photo is
    /// then empty and the bytes are given back, for a general decoder, which is faster at full resolution.
    pub fn open_jpeg(
        &mut self,
        file: Vec<u8>,
        max_pixels: u64,
        long_side: usize,
    ) -> std::result::Result<bool, (Vec<u8>, crate::Error)> {
        self.file = file;
        (self.part_at, self.device) = (None, None);
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
        if scale == Scale::Full {
            return Err(Error::JpegUnsupported { feature: "full resolution by itself (another is faster at it)" });
        }
        self.has_whole = false;
        Ok(jpeg.scaled(scale, &mut self.small)?.is_complete)
    }

    /// Sets the size of a photo that is decoded by other means and returns the buffer to be filled, RGB row by row.
    pub fn reshape(&mut self, width: usize, height: usize) -> Result<&mut [u8]> {
        (self.width, self.height, self.has_whole, self.device) = (width, height, true, None);
        self.whole.reshape(width, height)
    }

    /// Takes over a picture that was decoded by other means.
    pub fn set_whole(&mut self, whole: RgbImage) {
        (self.width, self.height, self.has_whole, self.device) = (whole.width(), whole.height(), true, None);
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
    /// where that will do, decoded anew where not.
    pub fn at_least(&mut self, long_side: usize) -> Result<Picture<'_>> {
        if let Some(device) = &mut self.device {
            return device.at_least(long_side);
        }
        let enough = long_side.min(self.width.max(self.height));
        if !self.has_whole && self.small.width().max(self.small.height()) >= enough {
            return self.small.view().map(Picture::Host);
        }
        if !self.has_whole {
            self.decoder.again(&self.file)?.scaled(Scale::Full, &mut self.whole)?;
            self.has_whole = true;
        }
        self.whole.view().map(Picture::Host)
    }

    /// Full-resolution pixels around `rect`, and where `rect`, cut to the photo, lies in them. Fails where it lies
    /// outside the photo.
    pub fn part(&mut self, rect: Rect) -> Result<(Picture<'_>, Rect)> {
        if let Some(ref mut device) = self.device {
            return device.part(rect);
        }
        let pixels = rect.pixels(self.width, self.height)?;
        if self.has_whole {
            return Ok((self.whole.view()?.into(), exact(pixels)));
        }
        let at = match self.part_at.filter(|at| contains(at, &pixels)) {
            Some(at) => at,
            None => self.decode_part(rect)?,
        };
        Ok((self.part.view()?.into(), exact(PixelRect { x: pixels.x - at.x, y: pixels.y - at.y, ..pixels })))
    }

    /// Decodes `rect` and a little around it: who looks at a plate usually looks again, a little wider.
    fn decode_part(&mut self, rect: Rect) -> Result<PixelRect> {
        let wider = rect.pad(AROUND).pixels(self.width, self.height)?;
        self.part_at = None;
        self.decoder.again(&self.file)?.rect(wider, &mut self.part)?;
        self.part_at = Some(wider);
        Ok(wider)
    }
}

/// Share of a rectangle's sides that is decoded around it.
const AROUND: f32 = 0.15;

fn contains(outer: &PixelRect, inner: &PixelRect) -> bool {
    let within = |o: usize, o_len: usize, i: usize, i_len: usize| o <= i && i + i_len <= o + o_len;
    within(outer.x, outer.width, inner.x, inner.width) && within(outer.y, outer.height, inner.y, inner.height)
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

    fn cut(picture: Picture<'_>, at: Rect) -> Vec<u8> {
        let view = picture.host().unwrap_or_else(|error| panic!("the picture lies here: {error}"));
        let (x, y, w, h) = (at.x as usize, at.y as usize, at.w as usize, at.h as usize);
        (y..y + h).flat_map(|y| view.data()[(y * view.width() + x) * 3..][..w * 3].to_vec()).collect()
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
        assert_eq!((at.w, at.h), (50.0, 21.0));
        let lazily = cut(view, at);
        let (view, again) = photo.part(Rect { x: 35.0, ..rect }).unwrap();
        assert_eq!((again.x, view.width()), (at.x + 4.0, 65));
        assert_eq!(photo.at_least(101).unwrap().width(), 200);
        let (view, at) = photo.part(rect).unwrap();
        assert_eq!(at, rect);
        assert_eq!(lazily, cut(view, at));
    }

    #[test]
    fn other_files_are_given_back_and_the_photo_can_be_used_again() {
        let mut photo = Photo::default();
        let (bytes, _) = photo.open_jpeg(b"no photo".to_vec(), 1 << 20, 64).unwrap_err();
        assert_eq!(bytes, b"no photo");
        assert!(photo.at_least(10).is_err());
        photo.reshape(4, 2).unwrap().fill(7);
        assert_eq!(photo.at_least(640).unwrap().host().unwrap().data(), &[7; 24]);
        assert!(photo.open_jpeg(file(64, 64), 1 << 20, 32).unwrap());
        assert_eq!(photo.at_least(32).unwrap().width(), 32);
        assert!(photo.part(Rect { x: 70.0, y: 0.0, w: 4.0, h: 4.0 }).is_err());
    }
}
