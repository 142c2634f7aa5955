//! Where a net's input is made out of a photo: on the CPU, or on a GPU.

mod cpu;
mod gpu;
mod shared;

pub use cpu::CpuPixels;
pub use gpu::GpuPixels;
pub(crate) use gpu::part;
pub use shared::{MaybeOfGpu, SharedGpu};

use tollgate_kernels::crop::CropSpec;
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{Picture, Rect, Result};

/// What is cut out of a picture, and how.
#[derive(Clone, Copy, Debug)]
pub struct Cut<'a> {
    /// The picture.
    pub view: Picture<'a>,
    /// What of it.
    pub rect: Rect,
    /// A layout of bytes.
    pub spec: CropSpec,
}

/// Makes inputs of nets. Not shared between threads: each net of each worker has its own, with its own buffers.
///
/// All of them give the same values but for the bounds that the kernels state, and fail on the same input: outside
/// the photo, an output of the wrong length, a specification that contradicts itself. The CPU's takes no pictures that
/// lie on a GPU.
pub trait Pixels: Send {
    /// Lays `photo` into `out`, a planar tensor `[3, out_h, out_w]`.
    fn letterbox(&mut self, photo: Picture<'_>, spec: &LetterboxSpec, out: &mut [f32]) -> Result<()>;

    /// Cuts `rect` out of `view` into `out`, bytes of the layout.
    fn crop_u8(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [u8]) -> Result<()>;

    /// The same for several pictures, at once where they lie on a GPU.
    fn cut_out(&mut self, cuts: &[Cut<'_>]) -> Result<Vec<Vec<u8>>> {
        cuts.iter().map(|cut| self.cut_out_one(cut)).collect()
    }

    /// One of them.
    fn cut_out_one(&mut self, cut: &Cut<'_>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; cut.spec.output_len()];
        self.crop_u8(cut.view, cut.rect, &cut.spec, &mut bytes).map(|()| bytes)
    }

    /// Cuts `rect` out of `view` into `out`, a planar tensor `[3, out_h, out_w]`.
    fn crop_f32(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [f32]) -> Result<()>;
}
