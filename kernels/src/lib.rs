//! Image and tensor kernels: a plain CPU reference, a fast CPU path and a wgpu twin of each.
//!
//! One folder a kernel. `mod.rs` states the contract (shapes, units, tolerance), `cpu.rs` is the plain reference,
//! `fast.rs` the CPU path the engine runs where that differs, `gpu.rs` with its `.wgsl` the same on a GPU ([`gpu`]). Nothing here knows models, plates or files: pixels and
//! tensors go in, pixels, tensors and numbers come out.
//!
//! Coordinates are continuous: pixel `i` covers `[i, i + 1)` and its centre lies at `i + 0.5`.

pub mod boxes;
pub mod crop;
pub mod ctc;
mod error;
pub mod geometry;
pub mod gpu;
pub mod image;
pub mod jpeg;
pub mod letterbox;
pub mod net;
pub mod photo;
pub mod quality;
pub mod resample;

pub use error::{Error, Result};
pub use geometry::{PixelRect, Quad, Rect, iou};
pub use image::{RgbImage, RgbView};
pub use photo::{Photo, Picture};
pub use resample::{ChannelOrder, Filter, Scratch};
