//! A dense convolution, as a matrix product of filters and windows.
//!
//! Input `[images, channels, height, width]`, weights `[filters, channels, kernel_h, kernel_w]`, output
//! `[images, filters, out_h, out_w]`; outside the input everything is zero. The GPU walks it as a product of
//! `[filters, channels · taps]` and `[channels · taps, pixels]` whose right side is never stored.

pub(crate) mod cpu;
pub(crate) mod gpu;

use super::{Epilogue, Tensor, Window};

/// A convolution, dense or depthwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    /// The input.
    pub x: Tensor,
    /// The weights.
    pub weights: Tensor,
    /// Channels of the output.
    pub filters: usize,
    /// How the window moves.
    pub window: Window,
    /// What is done to each sum; the bias is one value a filter.
    pub epilogue: Epilogue,
    /// The output.
    pub out: Tensor,
}

impl Conv {
    /// Elements of the output.
    pub(crate) fn out_len(&self) -> usize {
        self.window.images * self.filters * self.window.area()
    }

    pub(crate) fn reads(&self, weights: usize) -> Vec<(Tensor, usize)> {
        let mut reads = vec![(self.x, self.window.input_len()), (self.weights, weights)];
        reads.extend(self.epilogue.reads(self.filters, self.out_len()));
        reads
    }
}
