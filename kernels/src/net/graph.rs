//! A net as a list of operations in the order they run.

use std::sync::Arc;

use super::Op;
use crate::error::{Error, Result};

/// A tensor's number in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tensor(pub(crate) usize);

/// What a tensor's elements are outside the net; inside they are `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floats.
    F32,
    /// Bytes.
    U8,
}

/// Where a tensor's values come from.
#[derive(Clone, Debug)]
pub enum Kind {
    /// From outside, for every run.
    Input(Element),
    /// They never change.
    Constant(Arc<[f32]>),
    /// From an operation.
    Computed,
}

#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) len: usize,
    pub(crate) kind: Kind,
}

/// A net for one size of input.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) tensors: Vec<Info>,
    pub(crate) ops: Vec<Op>,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) outputs: Vec<Tensor>,
}

impl Graph {
    /// Adds a tensor of `len` elements.
    pub fn tensor(&mut self, len: usize, kind: Kind) -> Tensor {
        let tensor = Tensor(self.tensors.len());
        if matches!(kind, Kind::Input(_)) {
            self.inputs.push(tensor);
        }
        self.tensors.push(Info { len, kind });
        tensor
    }

    /// Adds a constant.
    pub fn constant(&mut self, values: impl Into<Arc<[f32]>>) -> Tensor {
        let values = values.into();
        self.tensor(values.len(), Kind::Constant(values))
    }

    /// Adds a tensor that an operation fills.
    pub fn computed(&mut self, len: usize) -> Tensor {
        self.tensor(len, Kind::Computed)
    }

    /// Adds an operation; it runs after those added before.
    pub fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// Adds an output; they are read in the order they were added.
    pub fn output(&mut self, tensor: Tensor) {
        self.outputs.push(tensor);
    }

    /// The operations.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The inputs.
    pub fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// Whether a tensor is an output.
    pub fn is_output(&self, tensor: Tensor) -> bool {
        self.outputs.contains(&tensor)
    }

    /// Elements of a tensor; none for one of another graph.
    pub fn len_of(&self, tensor: Tensor) -> usize {
        self.tensors.get(tensor.0).map_or(0, |info| info.len)
    }

    /// The values of a constant.
    pub fn values_of(&self, tensor: Tensor) -> Option<&Arc<[f32]>> {
        match &self.tensors.get(tensor.0)?.kind {
            Kind::Constant(values) => Some(values),
            Kind::Input(_) | Kind::Computed => None,
        }
    }

    /// Whether a tensor is an input of bytes.
    pub fn is_bytes(&self, tensor: Tensor) -> bool {
        self.tensors.get(tensor.0).is_some_and(|info| matches!(info.kind, Kind::Input(Element::U8)))
    }

    /// Checks that every operation stays inside its tensors, reads only what was written before it, and fits 32 bits.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<()> {
        let failed = |reason| Err(Error::Spec { kernel: "net", reason });
        let mut known: Vec<bool> = self.tensors.iter().map(|info| !matches!(info.kind, Kind::Computed)).collect();
        if self.tensors.iter().any(|info| u32::try_from(info.len).is_err()) {
            return failed("a tensor has more elements than 32 bits can count: use a smaller batch");
        }
        for op in &self.ops {
            for (tensor, end) in op.reads() {
                if !known.get(tensor.0).copied().unwrap_or(false) {
                    return failed("an operation reads what none before it writes");
                }
                if end > self.len_of(tensor) {
                    return failed("an operation reads beyond its tensor");
                }
                if self.is_bytes(tensor) && !matches!(op, Op::Map(_)) {
                    return failed("bytes can be read by a map alone");
                }
            }
            if !op.fits() {
                return failed("an operation's operands do not fit each other");
            }
            let (out, end) = op.writes();
            if op.reads().iter().any(|(tensor, _)| *tensor == out) {
                return failed("an operation reads what it writes");
            }
            if end > self.len_of(out) || !matches!(self.tensors[out.0].kind, Kind::Computed) {
                return failed("an operation writes beyond its tensor, or what is not its own");
            }
            known[out.0] = true;
        }
        if self.outputs.iter().any(|tensor| !known.get(tensor.0).copied().unwrap_or(false)) {
            return failed("an output is never written");
        }
        Ok(())
    }
}
