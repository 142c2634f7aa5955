//! Quality: how sharp and how well exposed a crop is, for choosing the best frame of a passage.
//!
//! Everything is computed on the luma (ITU-R BT.601 weights in 1/256), in whole numbers up to the last division, so
//! that twins agree to the last bit.

pub mod cpu;
pub mod gpu;

pub use cpu::quality;
pub use gpu::GpuQuality;

/// Lumas up to this one count as clipped dark.
pub const DARK: u8 = 8;
/// Lumas from this one on count as clipped bright.
pub const BRIGHT: u8 = 247;

/// The measures of one crop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Variance of the Laplacian over the pixels that have four neighbours, in squared levels; 0 where none has.
    /// Higher is sharper (Pech-Pacheco et al., 2000).
    pub sharpness: f32,
    /// Mean luma, 0..=255.
    pub mean: f32,
    /// Share of pixels with a luma of [`DARK`] or less.
    pub dark: f32,
    /// Share of pixels with a luma of [`BRIGHT`] or more.
    pub bright: f32,
}

/// The sums that a [`Quality`] is computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) luma: u64,
    pub(crate) dark: u64,
    pub(crate) bright: u64,
    pub(crate) laplacian: i64,
    pub(crate) laplacian_squared: u64,
}

impl Sums {
    /// The measures of a crop of this size.
    pub(crate) fn finish(&self, width: usize, height: usize) -> Quality {
        let pixels = (width * height) as f64;
        let inner = (width.saturating_sub(2) * height.saturating_sub(2)) as f64;
        let share = |count: u64| (count as f64 / pixels) as f32;
        let sharpness = if inner > 0.0 {
            let mean = self.laplacian as f64 / inner;
            self.laplacian_squared as f64 / inner - mean * mean
        } else {
            0.0
        };
        Quality {
            sharpness: sharpness as f32,
            mean: share(self.luma),
            dark: share(self.dark),
            bright: share(self.bright),
        }
    }
}
