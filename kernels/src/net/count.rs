//! How much work a graph is, counted from its shapes.

use super::{Graph, Kind, Op};

/// Operations and bytes of one operation of a graph, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations; a product with its sum counts as two.
    pub flops: u64,
    /// Bytes of activations read and written, each once.
    pub activation_bytes: u64,
    /// Bytes of constants, each once.
    pub constant_bytes: u64,
}

impl Graph {
    /// The cost of each operation, in their order.
    pub fn costs(&self) -> Vec<Cost> {
        self.ops.iter().map(|op| self.cost(op)).collect()
    }

    /// The cost of all operations together.
    pub fn total(&self) -> Cost {
        self.costs().into_iter().fold(Cost::default(), |sum, cost| Cost {
            flops: sum.flops + cost.flops,
            activation_bytes: sum.activation_bytes + cost.activation_bytes,
            constant_bytes: sum.constant_bytes + cost.constant_bytes,
        })
    }

    fn cost(&self, op: &Op) -> Cost {
        let out = match op {
            Op::Map(map) => map.out.len(),
            _ => op.writes().1,
        };
        let each = match op {
            Op::Conv(op) => 2 * op.window.channels * op.window.taps(),
            Op::Depthwise(op) => 2 * op.window.taps(),
            Op::MatMul(op) => 2 * op.sizes()[4],
            Op::Pool(op) => op.window.taps(),
            Op::Map(_) => 4,
            Op::Rows(_) => 8,
        };
        let mut cost = Cost { flops: (out * each) as u64, activation_bytes: 4 * out as u64, constant_bytes: 0 };
        for (tensor, end) in op.reads() {
            let (len, kind) = (end.min(self.len_of(tensor)) as u64, &self.tensors[tensor.0].kind);
            match kind {
                Kind::Constant(_) => cost.constant_bytes += 4 * len,
                Kind::Computed => cost.activation_bytes += 4 * len,
                Kind::Input(_) => cost.activation_bytes += if self.is_bytes(tensor) { len } else { 4 * len },
            }
        }
        cost
    }
}
