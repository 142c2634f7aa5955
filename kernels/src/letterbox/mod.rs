//! Letterbox: a photo, resized into a rectangle of a detector's input, padded around it and normalised.
//!
//! Input: an RGB photo. Output: a planar `f32` tensor `[3, out_h, out_w]`. Inside the content rectangle a value is
//! `(v - mean) * scale` of the resampled `v` in 0..=255, elsewhere `(pad - mean) * scale`. The resampled value is not
//! rounded to whole numbers, which differs from `cv2.resize` on bytes by at most half a level.
//!
//! Tolerance between twins: [`level_bound`](crate::resample::level_bound) · `scale`; all add the same products, in
//! another order.

pub mod cpu;
mod fast;
pub mod gpu;

pub use fast::letterbox;
pub use gpu::GpuLetterbox;

use crate::error::{Error, Result, check_len, check_size};
use crate::resample::{Affine, ChannelOrder, Filter, channel_affines};

/// Where the photo goes in the tensor, and how values are normalised. All triples are in output channel order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LetterboxSpec {
    /// Width of the tensor.
    pub out_w: usize,
    /// Height of the tensor.
    pub out_h: usize,
    /// First column of the photo in the tensor.
    pub content_x: usize,
    /// First row of the photo in the tensor.
    pub content_y: usize,
    /// Columns that the photo is resized to.
    pub content_w: usize,
    /// Rows that the photo is resized to.
    pub content_h: usize,
    /// How it is resized.
    pub filter: Filter,
    /// Which plane comes first.
    pub order: ChannelOrder,
    /// Subtracted, in levels of 0..=255.
    pub mean: [f32; 3],
    /// Multiplied after that.
    pub scale: [f32; 3],
    /// The colour around the photo, in levels of 0..=255.
    pub pad: [f32; 3],
}

impl LetterboxSpec {
    /// Elements of the output: `3 * out_h * out_w`.
    pub fn output_len(&self) -> usize {
        3 * self.out_h * self.out_w
    }

    /// Checks that the content lies in the output.
    pub fn check(&self) -> Result<()> {
        check_size("the letterbox output", self.out_w, self.out_h)?;
        check_size("the letterbox content", self.content_w, self.content_h)?;
        let fits = |start: usize, len: usize, whole: usize| start.checked_add(len).is_some_and(|end| end <= whole);
        if fits(self.content_x, self.content_w, self.out_w) && fits(self.content_y, self.content_h, self.out_h) {
            return Ok(());
        }
        Err(Error::Spec { kernel: "letterbox", reason: "the content reaches beyond the output" })
    }

    fn check_output(&self, out: &[f32]) -> Result<()> {
        self.check()?;
        check_len("the letterbox output", out.len(), self.output_len())
    }

    /// The maps of the source channels red, green and blue.
    pub(crate) fn affines(&self) -> [Affine; 3] {
        channel_affines(self.order, self.mean, self.scale)
    }

    /// The value of each output plane around the photo.
    pub(crate) fn pad_values(&self) -> [f32; 3] {
        [0, 1, 2].map(|plane| Affine::normalise(self.mean[plane], self.scale[plane]).apply(self.pad[plane]))
    }
}
