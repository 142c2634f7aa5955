//! The plain reference.

use super::MatMul;
use crate::net::Values;

pub(crate) fn run(op: &MatMul, values: &Values, out: &mut [f32]) {
    let [outer, inner, m, n, k] = op.sizes();
    let (left, right) = (values.of(op.left.tensor), values.of(op.right.tensor));
    let (bias, residual) = (values.opt(op.epilogue.bias), values.opt(op.epilogue.residual));
    let (ls, rs) = (&op.left.strides, &op.right.strides);
    let mut sums = vec![0.0; n];
    for batch in 0..outer * inner {
        let (b, c) = (batch / inner, batch % inner);
        let left = &left[op.left.offset + b * ls[0] + c * ls[1]..];
        let right = &right[op.right.offset + b * rs[0] + c * rs[1]..];
        for row in 0..m {
            sums.fill(0.0);
            for depth in 0..k {
                let factor = left[row * ls[2] + depth * ls[3]];
                for (column, sum) in sums.iter_mut().enumerate() {
                    *sum += factor * right[depth * rs[2] + column * rs[3]];
                }
            }
            for (column, sum) in sums.iter().enumerate() {
                let at = (batch * m + row) * n + column;
                out[at] = op.epilogue.finish(*sum, if op.bias_by_row { row } else { column }, at, bias, residual);
            }
        }
    }
}
