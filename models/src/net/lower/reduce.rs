//! Softmax, means and layer norm.

use super::{Lowering, axis};
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::value::Value;
use tollgate_kernels::net::Op;
use tollgate_kernels::net::rows::{Rows, RowsKind};

/// From this version of the operators on, softmax is over one axis; before, over all from one axis on.
const SOFTMAX_OF_ONE_AXIS: i64 = 13;

impl Lowering {
    pub(super) fn rows(&mut self, node: &Node) -> Lowered<Value> {
        let x = self.view(node, 0)?;
        let (rank, sides) = (x.shape.len(), x.shape.clone());
        let (kind, from, to) = match node.op.as_str() {
            "Softmax" if self.opset >= SOFTMAX_OF_ONE_AXIS => {
                let axis = axis(node.int("axis", -1), rank)?;
                (RowsKind::Softmax, axis, axis + 1)
            }
            "Softmax" => (RowsKind::Softmax, axis(node.int("axis", 1), rank)?, rank),
            "ReduceMean" => {
                let (from, to) = self.run_of_axes(node, rank)?;
                (RowsKind::Mean, from, to)
            }
            _ => {
                let (scale, shift) = (self.view(node, 1)?.tensor, self.view(node, 2)?.tensor);
                (RowsKind::Norm { scale, shift, epsilon: node.float("epsilon", 1e-5) }, rank - 1, rank)
            }
        };
        let product = |range: std::ops::Range<usize>| sides[range].iter().product::<usize>();
        let (outer, len, inner) = (product(0..from), product(from..to), product(to..rank));
        let mut shape = sides.clone();
        if kind == RowsKind::Mean {
            shape[from..to].fill(1);
            if node.int("keepdims", 1) == 0 {
                shape.drain(from..to);
            }
        }
        let (x, out) = (self.whole(x).tensor, self.fresh(&shape));
        self.graph.push(Op::Rows(Rows { kind, x, outer, len, inner, out: out.tensor }));
        Ok(Value::Computed(out))
    }

    /// The axes of a mean, which must lie side by side.
    fn run_of_axes(&self, node: &Node, rank: usize) -> Lowered<(usize, usize)> {
        let axes = self.axes(node, 1)?.ok_or_else(|| Fault::unknown("ReduceMean over everything"))?;
        let mut axes = axes.into_iter().map(|one| axis(one, rank)).collect::<Lowered<Vec<_>>>()?;
        axes.sort_unstable();
        match axes[..] {
            [first, .., last] if last - first + 1 == axes.len() => Ok((first, last + 1)),
            [one] => Ok((one, one + 1)),
            _ => Err(Fault::unknown("ReduceMean over axes that are not side by side")),
        }
    }
}
