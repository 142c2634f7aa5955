//! Softmax, mean and layer norm over one axis of `[outer, len, inner]`.
//!
//! Softmax and norm write what they read; the mean writes `[outer, inner]`.

pub(crate) mod cpu;
pub(crate) mod gpu;

use super::Tensor;

/// What is made of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowsKind {
    /// `e^(x - max)`, divided by their sum.
    Softmax,
    /// The mean.
    Mean,
    /// `(x - mean) / sqrt(variance + epsilon) · scale + shift`, the last two a value for each of `len`.
    Norm {
        /// The factors.
        scale: Tensor,
        /// What is added.
        shift: Tensor,
        /// Added to the variance.
        epsilon: f32,
    },
}

/// An operation on rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// What is made of a row.
    pub kind: RowsKind,
    /// The input.
    pub x: Tensor,
    /// The axes before.
    pub outer: usize,
    /// The axis.
    pub len: usize,
    /// The axes behind.
    pub inner: usize,
    /// The output.
    pub out: Tensor,
}

impl Rows {
    /// Elements of the output.
    pub(crate) fn out_len(&self) -> usize {
        let len = if self.kind == RowsKind::Mean { 1 } else { self.len };
        self.outer * len * self.inner
    }

    pub(crate) fn reads(&self) -> Vec<(Tensor, usize)> {
        let mut reads = vec![(self.x, self.outer * self.len * self.inner)];
        if let RowsKind::Norm { scale, shift, .. } = self.kind {
            reads.extend([(scale, self.len), (shift, self.len)]);
        }
        reads
    }
}
