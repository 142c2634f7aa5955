//! The operations a graph is made of.

use super::conv::Conv;
use super::map::Map;
use super::matmul::MatMul;
use super::pool::Pool;
use super::rows::Rows;
use super::{Activation, Tensor};

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A dense convolution.
    Conv(Conv),
    /// A convolution of each channel by itself.
    Depthwise(Conv),
    /// A product of matrices.
    MatMul(MatMul),
    /// The largest or mean value of a window.
    Pool(Pool),
    /// Values, each by itself.
    Map(Map),
    /// Softmax, mean or norm over an axis.
    Rows(Rows),
}

/// What is done to a sum before it is written: `activation(sum + bias) + residual`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Epilogue {
    /// Added first: one value a channel (convolution), column or row (matrix product).
    pub bias: Option<Tensor>,
    /// The function.
    pub activation: Activation,
    /// Added last: a tensor like the output.
    pub residual: Option<Tensor>,
}

/// How a window moves over images `[images, channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Images of the batch.
    pub images: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// How far it moves down and right.
    pub stride: [usize; 2],
    /// Rows above and columns left of the input that count as outside.
    pub pad: [usize; 2],
    /// How far apart its elements are.
    pub dilation: [usize; 2],
}

impl Window {
    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.images * self.channels * self.input[0] * self.input[1]
    }

    /// Pixels of one channel of the output.
    pub fn area(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Elements of the window.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The input's row or column (`axis` 0 or 1) under an output's row or column and a tap; `None` outside.
    pub(crate) fn under(&self, axis: usize, out: usize, tap: usize) -> Option<usize> {
        let at = (out * self.stride[axis] + tap * self.dilation[axis]).checked_sub(self.pad[axis])?;
        (at < self.input[axis]).then_some(at)
    }

    /// As the shaders have it.
    pub(crate) fn words(&self) -> [u32; 14] {
        let pairs = [self.input, self.output, self.kernel, self.stride, self.pad, self.dilation];
        let mut words = [0; 14];
        (words[0], words[1]) = (self.images as u32, self.channels as u32);
        for (pair, into) in pairs.iter().zip(words[2..].chunks_exact_mut(2)) {
            into.copy_from_slice(&pair.map(|value| value as u32));
        }
        words
    }
}

impl Op {
    /// What it reads, with one more than the last element of each.
    pub(crate) fn reads(&self) -> Vec<(Tensor, usize)> {
        match self {
            Self::Conv(op) => op.reads(op.filters * op.window.channels * op.window.taps()),
            Self::Depthwise(op) => op.reads(op.filters * op.window.taps()),
            Self::MatMul(op) => op.reads(),
            Self::Pool(op) => vec![(op.x, op.window.input_len())],
            Self::Map(op) => op.views().map(|view| (view.tensor, view.end())).collect(),
            Self::Rows(op) => op.reads(),
        }
    }

    /// What it writes, with one more than the last element.
    pub(crate) fn writes(&self) -> (Tensor, usize) {
        match self {
            Self::Conv(op) | Self::Depthwise(op) => (op.out, op.out_len()),
            Self::MatMul(op) => (op.out, op.out_len()),
            Self::Pool(op) => (op.out, op.window.images * op.window.channels * op.window.area()),
            Self::Map(op) => (op.out.tensor, op.out.end()),
            Self::Rows(op) => (op.out, op.out_len()),
        }
    }

    /// Whether its operands fit each other.
    pub(crate) fn fits(&self) -> bool {
        match self {
            Self::Conv(_) | Self::Pool(_) | Self::Rows(_) => true,
            Self::Depthwise(op) => op.filters == op.window.channels,
            Self::MatMul(op) => op.fits(),
            Self::Map(op) => op.views().all(|view| view.shape == op.out.shape),
        }
    }

    /// Its name, for reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Depthwise(_) => "depthwise",
            Self::MatMul(_) => "matmul",
            Self::Pool(_) => "pool",
            Self::Map(_) => "map",
            Self::Rows(_) => "rows",
        }
    }
}

impl Epilogue {
    pub(crate) fn reads(&self, bias_len: usize, out_len: usize) -> impl Iterator<Item = (Tensor, usize)> {
        let bias = self.bias.map(|tensor| (tensor, bias_len));
        bias.into_iter().chain(self.residual.map(|tensor| (tensor, out_len)))
    }

    /// The value to write at `at`.
    pub(crate) fn finish(&self, sum: f32, bias_at: usize, at: usize, bias: &[f32], residual: &[f32]) -> f32 {
        let sum = if self.bias.is_some() { sum + bias[bias_at] } else { sum };
        let value = self.activation.of(sum);
        if self.residual.is_some() { value + residual[at] } else { value }
    }
}
