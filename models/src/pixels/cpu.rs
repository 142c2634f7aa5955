//! The kernels' fast CPU path.

use super::Pixels;
use tollgate_kernels::crop::{self, CropSpec};
use tollgate_kernels::letterbox::{self, LetterboxSpec};
use tollgate_kernels::{Picture, Rect, Result, Scratch};

/// Makes inputs on the calling thread.
#[derive(Debug, Default)]
pub struct CpuPixels {
    scratch: Scratch,
}

impl Pixels for CpuPixels {
    fn letterbox(&mut self, photo: Picture<'_>, spec: &LetterboxSpec, out: &mut [f32]) -> Result<()> {
        letterbox::letterbox(photo.host()?, spec, &mut self.scratch, out)
    }

    fn crop_u8(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [u8]) -> Result<()> {
        crop::crop_u8(view.host()?, rect, spec, &mut self.scratch, out)
    }

    fn crop_f32(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [f32]) -> Result<()> {
        crop::crop_f32(view.host()?, rect, spec, &mut self.scratch, out)
    }
}
