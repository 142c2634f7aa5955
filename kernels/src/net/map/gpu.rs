//! The wgpu twin: an invocation an element.

use super::Map;
use crate::error::{Error, Result};
use crate::gpu::Shader;
use crate::net::View;
use crate::net::pass::{EPILOGUE, GROUP, Groups, INPUTS, Pass};
use crate::net::view::{Merged, merge};

pub(crate) const SHADER: Shader = Shader::new("net_map", &[EPILOGUE, include_str!("map.wgsl")], INPUTS).over_tensors();

/// Axes that cannot be joined, at most.
const RANK: usize = 6;

pub(crate) fn pass(op: &Map, is_bytes: bool) -> Result<Pass> {
    let views = [Some(&op.x), op.times.as_ref(), op.plus.as_ref(), Some(&op.out)];
    let nowhere = vec![0; op.out.shape.len()];
    let strides = views.map(|view| view.map_or(nowhere.as_slice(), |view: &View| view.strides.as_slice()));
    let Merged { shape, strides } = merge(&op.out.shape, strides);
    if shape.len() > RANK {
        return Err(Error::Spec { kernel: "net", reason: "a map has more than six axes that cannot be joined" });
    }
    let mut params = vec![op.out.len() as u32, shape.len() as u32, op.scale.to_bits()];
    params.extend([u32::from(op.times.is_some()), u32::from(op.plus.is_some())]);
    params.extend(op.before.code());
    params.extend(op.after.code());
    params.extend(views.map(|view| view.map_or(0, |view| view.offset as u32)));
    for axes in std::iter::once(&shape).chain(&strides) {
        params.extend((0..RANK).map(|axis| axes.get(axis).map_or(0, |value| *value as u32)));
    }
    let [x, times, plus, _] = views.map(|view| view.map(|view| view.tensor));
    let entry = if is_bytes { "map_bytes" } else { "map" };
    let groups = Groups::Linear(op.out.len().div_ceil(GROUP));
    Ok(Pass { shader: SHADER, entry, params, reads: [x, times, plus, None], out: op.out.tensor, groups })
}
