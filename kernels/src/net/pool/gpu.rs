//! The wgpu twin: an invocation an output pixel.

use super::{Pool, PoolKind};
use crate::gpu::Shader;
use crate::net::pass::{GROUP, Groups, INPUTS, Pass, WINDOW};

pub(crate) const SHADER: Shader = Shader::new("net_pool", &[WINDOW, include_str!("pool.wgsl")], INPUTS).over_tensors();

pub(crate) fn pass(op: &Pool) -> Pass {
    let mut params = op.window.words().to_vec();
    params.push(u32::from(op.kind == PoolKind::Mean));
    let len = op.window.images * op.window.channels * op.window.area();
    let groups = Groups::Linear(len.div_ceil(GROUP));
    Pass { shader: SHADER, entry: "pool", params, reads: [Some(op.x), None, None, None], out: op.out, groups }
}
