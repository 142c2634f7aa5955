//! The wgpu twin: an invocation an output pixel.

use crate::gpu::Shader;
use crate::net::conv::Conv;
use crate::net::conv::gpu::{reads, words};
use crate::net::pass::{EPILOGUE, GROUP, Groups, INPUTS, Pass, SUM, WINDOW};

pub(crate) const SHADER: Shader =
    Shader::new("net_depthwise", &[EPILOGUE, SUM, WINDOW, include_str!("depthwise.wgsl")], INPUTS).over_tensors();

pub(crate) fn pass(op: &Conv) -> Pass {
    let groups = Groups::Linear(op.out_len().div_ceil(GROUP));
    Pass { shader: SHADER, entry: "depthwise", params: words(op), reads: reads(op), out: op.out, groups }
}
