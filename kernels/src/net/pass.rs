//! An operation as a dispatch: what each op's `gpu.rs` gives, and the net's runner records.

use super::{Activation, Epilogue, Op, Tensor, conv, depthwise, map, matmul, pool, rows};
use crate::error::Result;
use crate::gpu::Shader;

/// Elements an invocation-an-element workgroup makes.
pub(crate) const GROUP: usize = 256;

/// Workgroups of a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    /// That many, which the shader numbers by itself.
    Linear(usize),
    /// That many in each direction.
    Tiles([usize; 3]),
}

/// A dispatch. Its buffers: parameters, up to four that are read, one that is written.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) shader: Shader,
    pub(crate) entry: &'static str,
    pub(crate) params: Vec<u32>,
    pub(crate) reads: [Option<Tensor>; 4],
    pub(crate) out: Tensor,
    pub(crate) groups: Groups,
}

impl Pass {
    /// The same with its shader in the form for how the tensors are stored.
    pub(crate) fn stored(self, halves: &[bool]) -> Self {
        let is_half = |tensor: Tensor| halves.get(tensor.0).copied().unwrap_or(false);
        // What is not there is as what is written, so that there are fewer forms.
        let out = is_half(self.out);
        let [a, b, c, d] = self.reads.map(|read| read.map_or(out, is_half));
        Self { shader: self.shader.with_halves([a, b, c, d, out]), ..self }
    }
}

/// Bindings that are read, the parameters among them.
pub(crate) const INPUTS: u32 = 5;
pub(crate) const EPILOGUE: &str = include_str!("epilogue.wgsl");
pub(crate) const SUM: &str = include_str!("sum.wgsl");
pub(crate) const WINDOW: &str = include_str!("window.wgsl");

/// The shaders of all operations.
pub(crate) const SHADERS: [Shader; 10] = [
    conv::gpu::SHADERS[0],
    conv::gpu::SHADERS[1],
    conv::gpu::SHADERS[2],
    depthwise::gpu::SHADER,
    map::gpu::SHADER,
    matmul::gpu::SHADERS[0],
    matmul::gpu::SHADERS[1],
    matmul::gpu::SHADERS[2],
    pool::gpu::SHADER,
    rows::gpu::SHADER,
];

/// The dispatch of an operation.
pub(crate) fn pass(op: &Op, is_bytes: impl Fn(Tensor) -> bool) -> Result<Pass> {
    match op {
        Op::Conv(op) => Ok(conv::gpu::pass(op)),
        Op::Depthwise(op) => Ok(depthwise::gpu::pass(op)),
        Op::MatMul(op) => Ok(matmul::gpu::pass(op)),
        Op::Pool(op) => Ok(pool::gpu::pass(op)),
        Op::Map(op) => map::gpu::pass(op, is_bytes(op.x.tensor)),
        Op::Rows(op) => Ok(rows::gpu::pass(op)),
    }
}

/// An epilogue as `epilogue.wgsl` has it.
pub(crate) fn epilogue_words(epilogue: &Epilogue) -> [u32; 5] {
    let [code, p, q] = Activation::code(epilogue.activation);
    [u32::from(epilogue.bias.is_some()), u32::from(epilogue.residual.is_some()), code, p, q]
}
