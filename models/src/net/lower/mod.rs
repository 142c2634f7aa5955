//! ONNX operations, taken over into a graph of the executor's for inputs of one size.

mod binary;
mod conv;
mod ints;
mod layout;
mod product;
mod reduce;
mod shape;

use std::collections::HashMap;

use super::fault::{Fault, Lowered};
use super::node::Node;
use super::pattern;
use super::value::{Floats, Ints, Value};
use tollgate_kernels::net::map::Map;
use tollgate_kernels::net::{Activation, Graph, Op, Tensor, View};

/// A graph being made.
#[derive(Debug)]
pub(super) struct Lowering {
    pub(super) graph: Graph,
    /// What each name stands for.
    pub(super) values: HashMap<String, Value>,
    /// The version of ONNX's operators.
    pub(super) opset: i64,
    /// Constants that the graph has already.
    constants: HashMap<String, Tensor>,
}

impl Lowering {
    pub(super) fn new(values: HashMap<String, Value>, opset: i64) -> Self {
        Self { graph: Graph::default(), values, opset, constants: HashMap::new() }
    }

    /// Takes one operation over.
    pub(super) fn node(&mut self, node: &Node) -> Lowered<()> {
        let value = match node.op.as_str() {
            "Constant" => constant(node)?,
            "Shape" | "Gather" => self.ints_only(node)?,
            "Cast" => self.cast(node)?,
            "Reshape" | "Squeeze" | "Unsqueeze" | "Transpose" | "Slice" | "Expand" | "Tile" => self.relaid(node)?,
            "Concat" => self.concat(node)?,
            "Resize" => self.resize(node)?,
            "Conv" => self.conv(node)?,
            "MaxPool" | "AveragePool" => self.pool(node)?,
            "MatMul" => self.product(node)?,
            "Add" | "Mul" | "Div" => self.binary(node)?,
            "Softmax" | "ReduceMean" | pattern::NORM => self.rows(node)?,
            _ => self.unary(node, activation(node)?)?,
        };
        self.values.insert(node.output().to_owned(), value);
        Ok(())
    }

    /// The value of an input.
    pub(super) fn input(&self, node: &Node, index: usize) -> Lowered<&Value> {
        let name = node.inputs.get(index).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Fault::because(format!("input {index} is missing")))?;
        self.values.get(name).ok_or_else(|| Fault::because(format!("nothing makes its input `{name}`")))
    }

    /// Whether there is such an input.
    pub(super) fn has(&self, node: &Node, index: usize) -> bool {
        node.inputs.get(index).is_some_and(|name| !name.is_empty())
    }

    /// An input that must be known whole numbers.
    pub(super) fn ints(&self, node: &Node, index: usize) -> Lowered<&Ints> {
        match self.input(node, index)? {
            Value::Ints(ints) => Ok(ints),
            _ => Err(Fault::because(format!("input {index} must be whole numbers that do not depend on the image"))),
        }
    }

    /// An input that must be known floats.
    pub(super) fn floats(&self, node: &Node, index: usize) -> Lowered<&Floats> {
        match self.input(node, index)? {
            Value::Floats(floats) => Ok(floats),
            _ => Err(Fault::because(format!("input {index} must be a constant"))),
        }
    }

    /// An input as something operations can read; constants go into the graph at their first use.
    pub(super) fn view(&mut self, node: &Node, index: usize) -> Lowered<View> {
        let floats = match self.input(node, index)? {
            Value::Computed(view) => return Ok(view.clone()),
            Value::Floats(floats) => floats.clone(),
            Value::Ints(_) => return Err(Fault::unknown("arithmetic with whole numbers")),
        };
        let name = &node.inputs[index];
        let tensor = match self.constants.get(name) {
            Some(tensor) => *tensor,
            None => {
                let tensor = self.graph.constant(floats.values);
                self.constants.insert(name.clone(), tensor);
                tensor
            }
        };
        Ok(View::dense(tensor, &floats.shape))
    }

    /// A new tensor of that shape.
    pub(super) fn fresh(&mut self, shape: &[usize]) -> View {
        let tensor = self.graph.computed(shape.iter().product());
        View::dense(tensor, shape)
    }

    /// The view itself where it is a whole tensor of floats, a copy otherwise.
    pub(super) fn whole(&mut self, view: View) -> View {
        if !self.graph.is_bytes(view.tensor) && view.is_dense() && view.len() == self.graph.len_of(view.tensor) {
            return View::dense(view.tensor, &view.shape);
        }
        self.copied(view)
    }

    /// A copy as a tensor of its own.
    pub(super) fn copied(&mut self, view: View) -> View {
        let out = self.fresh(&view.shape);
        self.graph.push(Op::Map(Map::copy(view, out.clone())));
        out
    }

    /// The view in another shape, copied first where it must be.
    pub(super) fn reshaped(&mut self, view: View, shape: &[usize]) -> Lowered<View> {
        if let Some(done) = view.reshaped(shape) {
            return Ok(done);
        }
        let from = view.shape.clone();
        let failed = || Fault::because(format!("{from:?} does not become {shape:?}"));
        self.copied(view).reshaped(shape).ok_or_else(failed)
    }

    fn unary(&mut self, node: &Node, before: Activation) -> Lowered<Value> {
        let x = self.view(node, 0)?;
        let out = self.fresh(&x.shape);
        self.graph.push(Op::Map(Map { before, ..Map::copy(x, out.clone()) }));
        Ok(Value::Computed(out))
    }
}

pub(super) fn constant(node: &Node) -> Lowered<Value> {
    let tensor = node.attribute("value").and_then(|value| value.t.as_ref());
    Value::constant(tensor.ok_or_else(|| Fault::unknown("a constant without `value`"))?)
}

fn activation(node: &Node) -> Lowered<Activation> {
    Ok(match node.op.as_str() {
        "Relu" => Activation::Relu,
        "LeakyRelu" => Activation::LeakyRelu(node.float("alpha", 0.01)),
        "Sigmoid" => Activation::Sigmoid,
        "HardSigmoid" => Activation::HardSigmoid { alpha: node.float("alpha", 0.2), beta: node.float("beta", 0.5) },
        "Tanh" => Activation::Tanh,
        pattern::SILU => Activation::Silu,
        pattern::GELU => Activation::Gelu,
        _ => return Err(Fault::unknown("")),
    })
}

/// An axis counted from the front, whatever it was counted from.
fn axis(axis: i64, rank: usize) -> Lowered<usize> {
    let counted = if axis < 0 { axis + rank as i64 } else { axis };
    let found = usize::try_from(counted).ok().filter(|axis| *axis < rank);
    found.ok_or_else(|| Fault::because(format!("there is no axis {axis} among {rank}")))
}
