//! Products of matrices: linear layers, pointwise convolutions, attention.
//!
//! `out[b, c, m, n] = epilogue(Σ_k left[b, c, m, k] · right[b, c, k, n])`, the output dense. Both sides are read through
//! views, so that heads, transposes and repeated weights need no copy.

pub(crate) mod cpu;
pub(crate) mod gpu;

use super::{Epilogue, Tensor, View};

/// A batch of matrix products.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul {
    /// The left side: a view of four axes, batch, batch, rows, depth.
    pub left: View,
    /// The right side: a view of four axes, batch, batch, depth, columns.
    pub right: View,
    /// Whether the bias has a value a row (or a column).
    pub bias_by_row: bool,
    /// What is done to each sum.
    pub epilogue: Epilogue,
    /// The output.
    pub out: Tensor,
}

impl MatMul {
    /// Batch, batch, rows, columns, depth.
    pub fn sizes(&self) -> [usize; 5] {
        let axis = |view: &View, axis: usize| view.shape.get(axis).copied().unwrap_or(0);
        let [b, c, m, k] = [0, 1, 2, 3].map(|index| axis(&self.left, index));
        [b, c, m, axis(&self.right, 3), k]
    }

    pub(crate) fn fits(&self) -> bool {
        let (left, right) = (&self.left.shape, &self.right.shape);
        left.len() == 4 && right.len() == 4 && left[..2] == right[..2] && left[3] == right[2]
    }

    /// Elements of the output.
    pub(crate) fn out_len(&self) -> usize {
        self.sizes()[..4].iter().product()
    }

    pub(crate) fn reads(&self) -> Vec<(Tensor, usize)> {
        let [_, _, m, n, _] = self.sizes();
        let mut reads: Vec<_> = [&self.left, &self.right].map(|view| (view.tensor, view.end())).into();
        reads.extend(self.epilogue.reads(if self.bias_by_row { m } else { n }, self.out_len()));
        reads
    }
}
