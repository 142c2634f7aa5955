//! Arithmetic of shapes: done when the graph is made, never when it runs.

use super::{Lowering, axis};
use crate::net::fault::{Fault, Lowered};
use crate::net::node::Node;
use crate::net::proto::element;
use crate::net::value::{Floats, Ints, Value};
use tollgate_kernels::net::map::Map;
use tollgate_kernels::net::{Activation, Op};

impl Lowering {
    pub(super) fn ints_only(&mut self, node: &Node) -> Lowered<Value> {
        if node.op == "Shape" {
            let shape = self.input(node, 0)?.shape();
            return Ok(Value::Ints(Ints::list(shape.iter().map(|n| *n as i64).collect())));
        }
        let (from, indices) = (self.ints(node, 0)?, self.ints(node, 1)?);
        if from.shape.len() != 1 || node.int("axis", 0) != 0 {
            return Err(Fault::unknown("Gather from anything but a list of whole numbers"));
        }
        let picked = indices.values.iter().map(|index| Ok(from.values[axis(*index, from.values.len())?]));
        Ok(Value::Ints(Ints { shape: indices.shape.clone(), values: picked.collect::<Lowered<_>>()? }))
    }

    /// Whole numbers stay what they are, whatever their width; bytes become floats.
    pub(super) fn cast(&mut self, node: &Node) -> Lowered<Value> {
        let to = i32::try_from(node.int("to", 0)).unwrap_or_default();
        match (self.input(node, 0)?.clone(), to) {
            (Value::Ints(ints), element::INT32 | element::INT64) => Ok(Value::Ints(ints)),
            (Value::Ints(ints), element::FLOAT) => {
                let values: Vec<f32> = ints.values.iter().map(|value| *value as f32).collect();
                Ok(Value::Floats(Floats { shape: ints.shape, values: values.into() }))
            }
            (Value::Floats(floats), element::FLOAT) => Ok(Value::Floats(floats)),
            (Value::Computed(view), element::FLOAT) => {
                let out = self.fresh(&view.shape);
                self.graph.push(Op::Map(Map { before: Activation::Identity, ..Map::copy(view, out.clone()) }));
                Ok(Value::Computed(out))
            }
            _ => Err(Fault::unknown(format!("Cast to ONNX type {to}"))),
        }
    }

    /// A slice of a list of whole numbers.
    pub(super) fn sliced_ints(ints: &Ints, start: usize, len: usize) -> Lowered<Value> {
        let part = ints.values.get(start..start + len).filter(|_| ints.shape.len() == 1);
        let part = part.ok_or_else(|| Fault::unknown("Slice of whole numbers that are no list"))?;
        Ok(Value::Ints(Ints::list(part.to_vec())))
    }
}
