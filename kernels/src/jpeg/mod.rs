//! JPEG: one entropy pass, two reconstructions.
//!
//! Entropy decoding is what a JPEG costs, and a plate reader wants two pictures of each photo: a small one for the
//! detector, and the plate's own pixels. [`Jpeg::scaled`] decodes the whole file at 1/1, 1/2, 1/4 or 1/8 and notes the
//! decoder's state at each row of MCUs; [`Jpeg::rect`] goes back to the noted state and decodes again only the rows
//! that a rectangle touches, in full resolution. No coefficients are kept: a state takes some sixty bytes a row.
//!
//! Done: baseline and extended sequential Huffman files of 8 bits and one scan, grey and YCbCr at 4:4:4, 4:2:2, 4:4:0
//! and 4:2:0, restart markers. Anything else is [`Error::JpegUnsupported`], for a
//! general decoder to do. Orientation is the caller's: pixels are as the file stores them.
//!
//! Full resolution equals libjpeg's accurate integer transform with fancy upsampling. Broken files end early, never
//! run long and never read outside: what cannot be decoded is grey, [`Outcome::is_complete`] says so, and work is
//! bounded by the file's length plus the pixels that its header announces, which the caller limits.

mod bits;
mod colour;
pub mod cpu;
pub mod gpu;
mod header;
mod huffman;
mod idct;
mod orientation;
mod planes;
mod prepare;
mod scan;
mod window;

pub use gpu::{DecodedBatch, GpuJpeg, JpegFile};
pub use orientation::Orientation;

use header::Header;
use planes::Planes;
use scan::Place;
use window::Window;

use crate::error::{Error, Result};
use crate::geometry::PixelRect;
use crate::image::RgbImage;

/// How much smaller a picture is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every pixel.
    Full,
    /// Half as wide and high, rounded up.
    Half,
    /// A quarter as wide and high, rounded up.
    Quarter,
    /// An eighth as wide and high, rounded up.
    Eighth,
}

impl Scale {
    /// Samples a block of 8×8 gives each way.
    fn block(self) -> usize {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    /// The size of a picture of `width`×`height` at this scale.
    pub fn size(self, width: usize, height: usize) -> (usize, usize) {
        ((width * self.block()).div_ceil(8), (height * self.block()).div_ceil(8))
    }
}

/// How a decoding went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether every block up to the last row needed was there. Where not, the missing parts are grey.
    pub is_complete: bool,
}

/// How the parallel decoding of a photo went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it is there, and equals what [`JpegDecoder`] makes of it.
    Decoded,
    /// Something is missing or no code: the sequential decoder says how much can be seen. It reports such a file as
    /// incomplete as well.
    Damaged,
    /// The file is not sound enough, or too unusual, for its chunks to agree within the rounds allowed. The sequential
    /// decoder may well read it.
    Unsettled,
}

/// The buffers of a decoder, used again from file to file. One per worker.
#[derive(Debug, Default)]
pub struct JpegDecoder {
    header: Option<Header>,
    work: Work,
}

/// What decoding leaves behind: the states noted so far, and the buffers.
#[derive(Debug, Default)]
struct Work {
    places: Vec<Place>,
    planes: Planes,
    rows: colour::Rows,
}

/// An opened file.
#[derive(Debug)]
pub struct Jpeg<'d, 'f> {
    data: &'f [u8],
    header: &'d Header,
    work: &'d mut Work,
}

impl JpegDecoder {
    /// Reads a file's headers. Fails on what is no JPEG or not of the kinds done, and on more than `max_pixels`.
    pub fn open<'d, 'f>(&'d mut self, data: &'f [u8], max_pixels: u64) -> Result<Jpeg<'d, 'f>> {
        self.header = None;
        let header = Header::parse(data)?;
        let pixels = header.width as u64 * header.height as u64;
        if pixels > max_pixels {
            return Err(Error::TooManyPixels { pixels, limit: max_pixels });
        }
        self.work.places.clear();
        self.work.places.push(Place::new(&header));
        Ok(Jpeg { data, header: self.header.insert(header), work: &mut self.work })
    }

    /// The file opened last, once more, with all that earlier calls noted of it. `data` must be the same bytes; with
    /// others the result is meaningless, but as bounded as with any broken file.
    pub fn again<'d, 'f>(&'d mut self, data: &'f [u8]) -> Result<Jpeg<'d, 'f>> {
        let Some(header) = &self.header else {
            return Err(Error::Spec { kernel: "jpeg", reason: "no file was opened before" });
        };
        Ok(Jpeg { data, header, work: &mut self.work })
    }
}

impl Jpeg<'_, '_> {
    /// Width in pixels, as stored.
    pub fn width(&self) -> usize {
        self.header.width
    }

    /// Height in pixels, as stored.
    pub fn height(&self) -> usize {
        self.header.height
    }

    /// Decodes the whole picture at a scale into `out`.
    pub fn scaled(&mut self, scale: Scale, out: &mut RgbImage) -> Result<Outcome> {
        self.decode(&Window::whole(self.header, scale), out)
    }

    /// Decodes the pixels of a rectangle in full resolution into `out`, which gets the rectangle's size.
    ///
    /// Only the rows of MCUs that it touches are decoded, those above it only if no call did so before.
    pub fn rect(&mut self, rect: PixelRect, out: &mut RgbImage) -> Result<Outcome> {
        self.decode(&Window::part(self.header, Orientation::UPRIGHT, rect)?, out)
    }

    fn decode(&mut self, window: &Window, out: &mut RgbImage) -> Result<Outcome> {
        let Window { grid, rect, mcus } = window;
        self.advance_to(mcus.y, grid.mcus.0);
        let header = self.header;
        let Work { places, planes, rows } = &mut *self.work;
        planes.prepare(header, grid, mcus.y, mcus.height);
        let mut place = places[mcus.y];
        for row in mcus.y..mcus.y + mcus.height {
            place.row(header, self.data, grid.mcus.0, |spot, block| {
                let h = header.components[spot.component].h;
                if (mcus.x * h..(mcus.x + mcus.width) * h).contains(&spot.column) {
                    planes.put(header, grid, row - mcus.y, spot, block);
                }
            });
            if places.len() == row + 1 {
                places.push(place);
            }
        }
        let pixels = out.reshape(rect.width, rect.height)?;
        colour::to_rgb(planes, grid, header.components.len() == 1, *rect, rows, pixels);
        Ok(Outcome { is_complete: !place.is_damaged() })
    }

    /// Sees to a noted state for `row`, passing over the rows above it that no call has decoded yet.
    fn advance_to(&mut self, row: usize, mcus: usize) {
        let places = &mut self.work.places;
        while places.len() <= row {
            let Some(mut place) = places.last().copied() else { return };
            place.row(self.header, self.data, mcus, |_, _| {});
            places.push(place);
        }
    }
}
