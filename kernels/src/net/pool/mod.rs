//! The largest or the mean value of a window.
//!
//! Input and output as [`depthwise`](super::depthwise). What lies outside the input counts for neither.

pub(crate) mod cpu;
pub(crate) mod gpu;

use super::{Tensor, Window};

/// What is made of a window's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest.
    Max,
    /// Their mean.
    Mean,
}

/// A pooling of each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What is made of a window.
    pub kind: PoolKind,
    /// The input.
    pub x: Tensor,
    /// How the window moves.
    pub window: Window,
    /// The output.
    pub out: Tensor,
}
