//! An operation of an ONNX graph with its parameters.

use std::collections::HashMap;

use super::proto::{Attribute, NodeProto};

/// An operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Its kind, in ONNX's words or one of [`super::pattern`]'s.
    pub(super) op: String,
    pub(super) name: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    attributes: HashMap<String, Attribute>,
}

impl Node {
    pub(super) fn new(proto: NodeProto) -> Self {
        let attributes = proto.attribute.into_iter().map(|one| (one.name.clone(), one)).collect();
        let NodeProto { input: inputs, output: outputs, name, op_type: op, .. } = proto;
        Self { op, name, inputs, outputs, attributes }
    }

    /// An operation made here in the place of `last`, which gives its result the name.
    pub(super) fn instead(op: &str, inputs: Vec<String>, last: &Self) -> Self {
        let (name, outputs) = (last.name.clone(), last.outputs.clone());
        Self { op: op.into(), name, inputs, outputs, attributes: HashMap::new() }
    }

    /// The same with other inputs and the result of `last`.
    pub(super) fn with(&self, inputs: Vec<String>, last: &Self) -> Self {
        Self { inputs, outputs: last.outputs.clone(), ..self.clone() }
    }

    /// A parameter that is set here.
    pub(super) fn set_float(mut self, name: &str, f: f32) -> Self {
        self.attributes.insert(name.into(), Attribute { name: name.into(), f, ..Attribute::default() });
        self
    }

    /// The only result that counts.
    pub(super) fn output(&self) -> &str {
        self.outputs.first().map_or("", String::as_str)
    }

    /// What the node is called in messages: exporters often leave names out.
    pub(super) fn label(&self) -> &str {
        if self.name.is_empty() { self.output() } else { &self.name }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |found| found.i)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |found| found.f)
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|found| found.ints.as_slice())
    }

    pub(super) fn text(&self, name: &str) -> Option<&[u8]> {
        self.attribute(name).map(|found| found.s.as_slice())
    }

    /// A pair, height first.
    pub(super) fn pair(&self, name: &str, default: usize) -> Option<[usize; 2]> {
        match self.ints(name) {
            None => Some([default; 2]),
            Some([a, b]) => Some([usize::try_from(*a).ok()?, usize::try_from(*b).ok()?]),
            Some(_) => None,
        }
    }
}
