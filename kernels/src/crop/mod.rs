//! Crop: a plate cut out of a photo and stretched to a reader's input.
//!
//! A rectangle is rounded to whole pixels inside the photo and resized like `cv2.resize`; a quadrilateral is warped
//! through its homography with bilinear sampling, edge pixels of the photo repeated. Output: interleaved bytes
//! `[out_h, out_w, 3]`, rounded to the nearest level; the same as brightness and colour for people ([`Layout::Ycc420`]);
//! or a planar tensor `[3, out_h, out_w]` of `(v - mean) * scale`, unrounded.
//!
//! Tolerance between twins: bytes ±1 (a value next to a half level may fall to either side), ±2 where they are made of
//! those. Planar values of
//! rectangles [`level_bound`](crate::resample::level_bound) · `scale`. A quadrilateral's sampling place has rounding
//! errors of its own, in proportion to the photo's longer side: 255 · 2⁻²¹ · side · `scale` (the CPU paths are equal).

pub mod cpu;
mod fast;
pub mod gpu;
mod homography;
mod ycc;

pub use fast::{crop_f32, crop_u8};
pub use gpu::{CropJob, GpuCrop};
pub(crate) use homography::Homography;

use crate::error::{Error, Result, check_len, check_size};
use crate::geometry::{Quad, Rect};
use crate::resample::{Affine, ChannelOrder, Filter, channel_affines};

/// What is cut out, in photo pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Region {
    /// An axis-aligned rectangle.
    Rect(Rect),
    /// Four corners, for a plate seen at an angle. Sampled bilinearly whatever the filter.
    Quad(Quad),
}

impl From<Rect> for Region {
    fn from(rect: Rect) -> Self {
        Self::Rect(rect)
    }
}

impl From<Quad> for Region {
    fn from(quad: Quad) -> Self {
        Self::Quad(quad)
    }
}

/// How a reader wants its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// Interleaved RGB bytes, `[out_h, out_w, 3]`.
    NhwcU8Rgb,
    /// What a JPEG of 4:2:0 holds, half the bytes: of each block of 2 × 2 pixels the brightness of all four, row by row,
    /// and one blue and one red difference, `[ceil(out_h / 2), ceil(out_w / 2), 6]`. ITU-T T.871's formulas over rounded
    /// levels; at odd edges the last pixels count twice.
    Ycc420,
    /// Planar floats `[3, out_h, out_w]`, `(v - mean) * scale`; both triples in output channel order.
    PlanarF32 {
        /// Which plane comes first.
        order: ChannelOrder,
        /// Subtracted, in levels of 0..=255.
        mean: [f32; 3],
        /// Multiplied after that.
        scale: [f32; 3],
    },
}

impl Layout {
    /// Whether its elements are bytes.
    pub fn is_bytes(&self) -> bool {
        !matches!(self, Self::PlanarF32 { .. })
    }
}

/// The reader's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropSpec {
    /// Width in pixels.
    pub out_w: usize,
    /// Height in pixels.
    pub out_h: usize,
    /// How a rectangle is resized.
    pub filter: Filter,
    /// The layout of the output.
    pub layout: Layout,
}

impl CropSpec {
    /// Elements of one crop, bytes or floats.
    pub fn output_len(&self) -> usize {
        match self.layout {
            Layout::NhwcU8Rgb | Layout::PlanarF32 { .. } => 3 * self.out_h * self.out_w,
            Layout::Ycc420 => ycc::BLOCK * self.out_h.div_ceil(2) * self.out_w.div_ceil(2),
        }
    }

    /// Checks that the output has a size.
    pub fn check(&self) -> Result<()> {
        check_size("the crop output", self.out_w, self.out_h)
    }

    fn check_u8(&self, found: usize) -> Result<()> {
        self.check()?;
        if !self.layout.is_bytes() {
            return Err(Error::Spec { kernel: "crop", reason: "bytes were asked for with a planar float layout" });
        }
        check_len("the crop output", found, self.output_len())
    }

    /// The order of the planes and the maps of red, green and blue.
    fn check_f32(&self, found: usize) -> Result<(ChannelOrder, [Affine; 3])> {
        self.check()?;
        let Layout::PlanarF32 { order, mean, scale } = self.layout else {
            return Err(Error::Spec { kernel: "crop", reason: "floats were asked for with a byte layout" });
        };
        check_len("the crop output", found, self.output_len())?;
        Ok((order, channel_affines(order, mean, scale)))
    }
}

/// The nearest level; the value is in 0..=255 but for rounding errors.
pub(crate) fn to_level(value: f32) -> u8 {
    (value + 0.5) as u8
}
