//! Pixels that are looked at, where they lie.

use crate::error::{Error, Result};
use crate::gpu::Photos;
use crate::image::RgbView;

/// A picture, or a part of one.
#[derive(Clone, Copy, Debug)]
pub enum Picture<'a> {
    /// In main memory.
    Host(RgbView<'a>),
    /// On a GPU, as a batch of one.
    Device(&'a Photos),
}

impl<'a> Picture<'a> {
    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.size().0
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.size().1
    }

    fn size(&self) -> (usize, usize) {
        match self {
            Self::Host(view) => (view.width(), view.height()),
            Self::Device(photos) => photos.size(0).unwrap_or_default(),
        }
    }

    /// The pixels, for kernels that run on the CPU. Fails where they lie on a GPU.
    pub fn host(self) -> Result<RgbView<'a>> {
        match self {
            Self::Host(view) => Ok(view),
            Self::Device(_) => Err(Error::Spec { kernel: "photo", reason: "its pixels lie on a GPU" }),
        }
    }
}

impl<'a> From<RgbView<'a>> for Picture<'a> {
    fn from(view: RgbView<'a>) -> Self {
        Self::Host(view)
    }
}
