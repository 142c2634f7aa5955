//! The wgpu twin: the matrix product's tiles, whose right side is looked up in the image.

use super::Conv;
use crate::gpu::Shader;
use crate::net::matmul::gpu::{FEW, MANY, SOME, TILE, tiles};
use crate::net::pass::{EPILOGUE, INPUTS, Pass, SUM, WINDOW, epilogue_words};

const CONV: &str = include_str!("conv.wgsl");
pub(crate) const SHADERS: [Shader; 3] = [
    Shader::new("net_conv_16", &[FEW, EPILOGUE, SUM, WINDOW, CONV, TILE], INPUTS).over_tensors(),
    Shader::new("net_conv_32", &[SOME, EPILOGUE, SUM, WINDOW, CONV, TILE], INPUTS).over_tensors(),
    Shader::new("net_conv_64", &[MANY, EPILOGUE, SUM, WINDOW, CONV, TILE], INPUTS).over_tensors(),
];

pub(crate) fn pass(op: &Conv) -> Pass {
    let (shape, groups) = tiles(op.window.images, op.filters, op.window.area());
    Pass { shader: SHADERS[shape], entry: "tile", params: words(op), reads: reads(op), out: op.out, groups }
}

pub(crate) fn words(op: &Conv) -> Vec<u32> {
    let mut params = op.window.words().to_vec();
    params.push(op.filters as u32);
    params.extend(epilogue_words(&op.epilogue));
    params
}

pub(crate) fn reads(op: &Conv) -> [Option<crate::net::Tensor>; 4] {
    [Some(op.x), Some(op.weights), op.epilogue.bias, op.epilogue.residual]
}
