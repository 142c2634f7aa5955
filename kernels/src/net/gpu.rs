//! The runner on a GPU: memory planned and buffers bound once, then a batch is a list of dispatches.

use std::sync::Arc;

use super::pass::{self, Groups, Pass};
use super::precision::halves;
use super::{Graph, Kind, Plan, Precision, Tensor, Weights};
use crate::error::{Error, Result, check_len};
use crate::gpu::{Bindings, Gpu, Pending, Pooled, Prepared, Resident, grid};

/// A graph on a GPU, with memory of its own. It does one batch after the other: what is submitted later waits.
#[derive(Debug)]
pub struct GpuNet {
    gpu: Gpu,
    inputs: Vec<Resident>,
    outputs: Vec<Resident>,
    steps: Vec<Prepared>,
    /// Bound by the steps: let go of, it would return to the pool and be written by others.
    _memory: Memory,
    bytes: usize,
    precision: Precision,
}

impl GpuNet {
    /// Compiles the shaders that are new to this GPU, uploads the constants that are not in `weights` yet and takes the
    /// memory. Without 16-bit floats on this GPU it is [`Precision::F32`] in any case.
    ///
    /// # Errors
    /// The graph contradicts itself, or a limit of the GPU: fewer images a batch then.
    pub fn new(gpu: &Gpu, graph: &Graph, precision: Precision, weights: &Weights) -> Result<Self> {
        graph.check()?;
        let precision = if gpu.has_halves() { precision } else { Precision::F32 };
        let halves = halves(graph, precision);
        let mut memory = Memory::new(gpu, graph, (precision, &halves), weights)?;
        let passes = graph.ops.iter().map(|op| pass::pass(op, |tensor| graph.is_bytes(tensor)));
        let lies = |tensor| memory.of(tensor);
        let steps = passes.map(|pass| prepare(gpu, &pass?.stored(&halves), lies)).collect::<Result<Vec<_>>>()?;
        let bytes = memory.own_bytes();
        let mut take = |tensor: &Tensor| memory.take(*tensor, graph.len_of(*tensor));
        let inputs = graph.inputs().iter().map(&mut take).collect::<Result<_>>()?;
        let outputs = graph.outputs().iter().map(&mut take).collect::<Result<_>>()?;
        Ok(Self { gpu: gpu.clone(), inputs, outputs, steps, _memory: memory, bytes, precision })
    }

    /// What its tensors are stored as.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Bytes that it alone holds on the GPU: constants are not counted, others may read them as well.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The inputs, for kernels to write them.
    pub fn inputs(&self) -> &[Resident] {
        &self.inputs
    }

    /// The outputs, for kernels to read them.
    pub fn outputs(&self) -> &[Resident] {
        &self.outputs
    }

    /// The net's dispatches, in their order.
    pub fn steps(&self) -> &[Prepared] {
        &self.steps
    }

    /// Uploads an input from the CPU.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn write(&self, input: usize, values: &[f32]) -> Result<()> {
        self.write_bytes(input, values.len(), bytemuck::cast_slice(values))
    }

    /// Uploads an input of bytes from the CPU.
    ///
    /// # Errors
    /// There is no such input, or it has another length.
    pub fn write_u8(&self, input: usize, values: &[u8]) -> Result<()> {
        self.write_bytes(input, values.len(), values)
    }

    fn write_bytes(&self, input: usize, len: usize, bytes: &[u8]) -> Result<()> {
        let none = Error::Length { what: "the net's inputs", expected: input + 1, found: self.inputs.len() };
        let resident = self.inputs.get(input).ok_or(none)?;
        check_len("a net's input", len, resident.len())?;
        self.gpu.write(resident.pooled(), &[bytes], "a net's input in bytes")
    }

    /// Runs what makes the input, the net, and copies all outputs, one after the other, to be read from what is
    /// returned. One command buffer.
    ///
    /// # Errors
    /// The GPU's.
    pub fn submit(&self, before: &[&Prepared]) -> Result<Pending<f32>> {
        let steps: Vec<_> = before.iter().copied().chain(&self.steps).collect();
        let outputs: Vec<_> = self.outputs.iter().collect();
        self.gpu.submit_prepared("a net's batch", &steps, &outputs)
    }
}

/// Where the tensors of a net lie.
#[derive(Debug)]
struct Memory {
    /// The slot of each tensor, of those that share memory.
    places: Vec<Option<usize>>,
    slots: Vec<Pooled>,
    /// Of each tensor that shares none: inputs and outputs.
    own: Vec<Option<Pooled>>,
    constants: Vec<Option<Arc<Pooled>>>,
}

impl Memory {
    fn new(gpu: &Gpu, graph: &Graph, (precision, halves): (Precision, &[bool]), weights: &Weights) -> Result<Self> {
        let plan = Plan::new(graph);
        // Slots hold what operations make for each other, which is all of one kind.
        let slot = |len: &usize| floats(gpu, *len, precision == Precision::F16);
        let slots = plan.sizes.iter().map(slot).collect::<Result<Vec<_>>>()?;
        let (mut own, mut constants) = (Vec::new(), Vec::new());
        for (info, (slot, is_half)) in graph.tensors.iter().zip(plan.slots.iter().zip(halves)) {
            let (mut memory, mut constant) = (None, None);
            match &info.kind {
                _ if info.len == 0 || slot.is_some() => {}
                Kind::Constant(values) => constant = Some(weights.get(gpu, values, *is_half)?),
                Kind::Input(_) | Kind::Computed => memory = Some(floats(gpu, info.len, *is_half)?),
            }
            own.push(memory);
            constants.push(constant);
        }
        Ok(Self { places: plan.slots, slots, own, constants })
    }

    fn of(&self, tensor: Tensor) -> Option<&Pooled> {
        match self.places[tensor.0] {
            Some(slot) => self.slots.get(slot),
            None => self.own[tensor.0].as_ref().or(self.constants[tensor.0].as_deref()),
        }
    }

    /// Bytes of all but the constants.
    fn own_bytes(&self) -> usize {
        self.slots.iter().chain(self.own.iter().flatten()).map(|buffer| buffer.used() as usize).sum()
    }

    /// An input or output, to be handed out.
    fn take(&mut self, tensor: Tensor, len: usize) -> Result<Resident> {
        let reason = "an output is an input or a constant";
        let buffer = self.own[tensor.0].take().ok_or(Error::Spec { kernel: "net", reason })?;
        Ok(Resident::new(buffer, len))
    }
}

fn floats(gpu: &Gpu, len: usize, is_half: bool) -> Result<Pooled> {
    // Bytes of an input of bytes would do with a quarter; its shader reads whole words.
    let each = if is_half { size_of::<u16>() } else { size_of::<f32>() };
    gpu.scratch((len * each) as u64, "a net's tensors in bytes")
}

fn prepare<'a>(gpu: &Gpu, pass: &Pass, lies: impl Fn(Tensor) -> Option<&'a Pooled>) -> Result<Prepared> {
    let lost = || Error::Spec { kernel: "net", reason: "an operation's tensor has no memory" };
    let params = gpu.upload(&pass.params, "a net's parameters in bytes")?;
    let out = lies(pass.out).ok_or_else(lost)?;
    let mut buffers = vec![&params];
    for read in pass.reads {
        // What is not there is bound to something small that is never read.
        buffers.push(match read {
            Some(tensor) => lies(tensor).ok_or_else(lost)?,
            None => &params,
        });
    }
    buffers.push(out);
    let groups = match pass.groups {
        Groups::Linear(count) => grid(gpu, count)?,
        Groups::Tiles(sides) => sides.map(|side| u32::try_from(side).unwrap_or(u32::MAX)),
    };
    let bindings = Bindings { shader: pass.shader, entry: pass.entry, buffers: &buffers, groups };
    Ok(gpu.prepare(&bindings)?.keeping(vec![params]))
}
