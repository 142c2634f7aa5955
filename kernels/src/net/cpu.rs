//! The plain reference: every operation by loops, one after the other.

use super::{Graph, Kind, Op, Tensor, conv, depthwise, map, matmul, pool, rows};
use crate::error::{Result, check_len};

/// The values of a graph's tensors.
#[derive(Debug)]
pub struct Values(Vec<Vec<f32>>);

impl Values {
    /// A tensor's values.
    pub fn of(&self, tensor: Tensor) -> &[f32] {
        self.0.get(tensor.0).map_or(&[], Vec::as_slice)
    }

    /// The values of what may not be there.
    pub(crate) fn opt(&self, tensor: Option<Tensor>) -> &[f32] {
        tensor.map_or(&[], |tensor| self.of(tensor))
    }
}

/// Runs a graph on its inputs (bytes as numbers) and gives the values of all of its tensors.
///
/// # Errors
/// The graph contradicts itself, or an input has not its length.
pub fn run(graph: &Graph, inputs: &[&[f32]]) -> Result<Values> {
    graph.check()?;
    check_len("the net's inputs", inputs.len(), graph.inputs().len())?;
    let mut values = Values(graph.tensors.iter().map(|info| vec![0.0; info.len]).collect());
    for (info, into) in graph.tensors.iter().zip(&mut values.0) {
        if let Kind::Constant(constant) = &info.kind {
            into.copy_from_slice(constant);
        }
    }
    for (tensor, input) in graph.inputs().iter().zip(inputs) {
        check_len("a net's input", input.len(), graph.len_of(*tensor))?;
        values.0[tensor.0].copy_from_slice(input);
    }
    for op in graph.ops() {
        step(op, &mut values);
    }
    Ok(values)
}

fn step(op: &Op, values: &mut Values) {
    let (out, _) = op.writes();
    // Taken out, so that what is read can be lent; no operation reads what it writes.
    let mut into = std::mem::take(&mut values.0[out.0]);
    match op {
        Op::Conv(op) => conv::cpu::run(op, values, &mut into),
        Op::Depthwise(op) => depthwise::cpu::run(op, values, &mut into),
        Op::MatMul(op) => matmul::cpu::run(op, values, &mut into),
        Op::Pool(op) => pool::cpu::run(op, values, &mut into),
        Op::Map(op) => map::cpu::run(op, values, &mut into),
        Op::Rows(op) => rows::cpu::run(op, values, &mut into),
    }
    values.0[out.0] = into;
}
