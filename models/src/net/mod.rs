//! ONNX files for the executor of [`tollgate_kernels::net`]: read, simplified, and made into a graph for inputs of one
//! size.
//!
//! What is known of shapes is worked out when the graph is made; activations written as several operations are put
//! back together. Only operations that the shipped nets have are known; another is an error that names it.

mod fault;
mod lower;
mod node;
mod pattern;
mod probe;
mod proto;
mod value;

pub(crate) use probe::doubling;

use std::collections::HashMap;
use std::path::Path;

use crate::{Error, Result};
use fault::Fault;
use lower::Lowering;
use node::Node;
use prost::Message;
use proto::{GraphProto, ModelProto, element};
use tollgate_kernels::net::{Element, Graph, Kind, View, fuse};
use value::Value;

/// An ONNX file, read.
#[derive(Debug)]
pub struct OnnxNet {
    name: String,
    nodes: Vec<Node>,
    known: HashMap<String, Value>,
    opset: i64,
    inputs: Vec<(String, Element)>,
    outputs: Vec<String>,
    metadata: HashMap<String, String>,
}

impl OnnxNet {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is no ONNX file, or has inputs or constants of a kind that is not known.
    pub fn open(name: &str, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { what: "read", path: path.into(), source })?;
        let model = ModelProto::decode(bytes.as_slice())
            .map_err(|source| Error::OnnxFile { path: path.into(), source: Box::new(source) })?;
        let opset = model.opset_import.iter().filter(|set| set.domain.is_empty() || set.domain == "ai.onnx");
        let opset = opset.map(|set| set.version).max().unwrap_or(1);
        let metadata = model.metadata_props.into_iter().map(|entry| (entry.key, entry.value)).collect();
        let graph = model.graph.unwrap_or_default();
        let failed = |fault| explain(name, "its constants", fault);
        let mut known = HashMap::new();
        for tensor in &graph.initializer {
            known.insert(tensor.name.clone(), Value::constant(tensor).map_err(failed)?);
        }
        let inputs = inputs(&graph, &known).map_err(|fault| explain(name, "its inputs", fault))?;
        let outputs: Vec<_> = graph.output.iter().map(|output| output.name.clone()).collect();
        let nodes = graph.node.into_iter().map(Node::new).collect();
        let mut nodes = pattern::rewrite(nodes, &mut known, &outputs);
        // Known once, so that all graphs share it; what is wrong with one is said where it is used.
        nodes.retain(|node| !becomes_known(node, &mut known));
        Ok(Self { name: name.into(), nodes, known, opset, inputs, outputs, metadata })
    }

    /// Names of the outputs, in the order the graph has them.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// A text that the file carries.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// The graph for inputs of these shapes, in the order of the file's inputs.
    ///
    /// # Errors
    /// An operation that is not known, or one that contradicts itself; both are named.
    pub fn graph(&self, shapes: &[&[usize]]) -> Result<Graph> {
        if shapes.len() != self.inputs.len() {
            let reason = format!("it has {} inputs, and {} shapes were given", self.inputs.len(), shapes.len());
            return Err(explain(&self.name, "its inputs", Fault::because(reason)));
        }
        let mut lowering = Lowering::new(self.known.clone(), self.opset);
        for ((name, element), shape) in self.inputs.iter().zip(shapes) {
            let tensor = lowering.graph.tensor(shape.iter().product(), Kind::Input(*element));
            lowering.values.insert(name.clone(), Value::Computed(View::dense(tensor, shape)));
        }
        for node in &self.nodes {
            lowering.node(node).map_err(|fault| self.explain(node, fault))?;
        }
        for output in &self.outputs {
            let Some(Value::Computed(view)) = lowering.values.get(output).cloned() else {
                let reason = format!("nothing makes its output `{output}`");
                return Err(explain(&self.name, "its outputs", Fault::because(reason)));
            };
            let is_own = !lowering.graph.inputs().contains(&view.tensor) && !lowering.graph.is_output(view.tensor);
            let view = if is_own { lowering.whole(view) } else { lowering.copied(view) };
            lowering.graph.output(view.tensor);
        }
        let graph = fuse(lowering.graph);
        graph.check()?;
        Ok(graph)
    }

    fn explain(&self, node: &Node, fault: Fault) -> Error {
        match fault {
            Fault::Unknown(form) => {
                let op = if form.is_empty() { node.op.clone() } else { format!("{} ({form})", node.op) };
                Error::UnknownOp { model: self.name.clone(), op, node: node.label().into() }
            }
            because @ Fault::Because(_) => explain(&self.name, &format!("{} `{}`", node.op, node.label()), because),
        }
    }
}

/// Whether a node is a sound constant, which is known then.
fn becomes_known(node: &Node, known: &mut HashMap<String, Value>) -> bool {
    let value = if node.op == "Constant" { lower::constant(node).ok() } else { None };
    value.map(|value| known.insert(node.output().to_owned(), value)).is_some()
}

fn explain(model: &str, part: &str, fault: Fault) -> Error {
    let (Fault::Unknown(reason) | Fault::Because(reason)) = fault;
    Error::OnnxGraph { model: model.into(), part: part.into(), reason: reason.into_owned() }
}

/// The inputs that are no constants, with their element types.
fn inputs(graph: &GraphProto, known: &HashMap<String, Value>) -> fault::Lowered<Vec<(String, Element)>> {
    let free = graph.input.iter().filter(|input| !known.contains_key(&input.name));
    let with_type = free.map(|input| {
        let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        match tensor.map(|tensor| tensor.elem_type) {
            Some(element::FLOAT) => Ok((input.name.clone(), Element::F32)),
            Some(element::UINT8) => Ok((input.name.clone(), Element::U8)),
            other => Err(Fault::because(format!("input `{}` has elements of ONNX type {other:?}", input.name))),
        }
    });
    with_type.collect()
}
