//! The wgpu twin: a row an invocation, or a long row a workgroup.

use super::{Rows, RowsKind};
use crate::gpu::{LANE, SUBGROUP_LANE, Shader};
use crate::net::pass::{GROUP, Groups, INPUTS, Pass};

const ROWS: &str = include_str!("rows.wgsl");
pub(crate) const SHADER: Shader = Shader::new("net_rows", &[LANE, include_str!("reduce.wgsl"), ROWS], INPUTS)
    .over_tensors()
    .with_subgroups(&[SUBGROUP_LANE, include_str!("reduce_subgroup.wgsl"), ROWS]);

/// Rows from this length on are a workgroup's work.
const LONG: usize = 64;

pub(crate) fn pass(op: &Rows) -> Pass {
    let (kind, scale, shift, epsilon) = match op.kind {
        RowsKind::Softmax => (0, None, None, 0.0),
        RowsKind::Mean => (1, None, None, 0.0),
        RowsKind::Norm { scale, shift, epsilon } => (2, Some(scale), Some(shift), epsilon),
    };
    let mut params = [op.outer, op.len, op.inner].map(|value| value as u32).to_vec();
    params.extend([kind, f32::to_bits(epsilon)]);
    let (entry, groups) = if op.inner == 1 && op.len >= LONG {
        ("wide", op.outer)
    } else {
        ("each", (op.outer * op.inner).div_ceil(GROUP))
    };
    let reads = [Some(op.x), scale, shift, None];
    Pass { shader: SHADER, entry, params, reads, out: op.out, groups: Groups::Linear(groups) }
}
