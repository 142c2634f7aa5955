//! The runner on a GPU: memory planned and buffers bound once, then a batch is a list of dispatches.

use super::pass::{self, Groups, Pass};
use super::precision::{half, halves};
use super::{Graph, Kind, Plan, Precision, Tensor};
use crate::error::{Error, Result, check_len};
use crate::gpu::{Bindings, Gpu, Pending, Pooled, Prepared, Resident, grid};

/// A graph on a GPU, with memory of its own. It does one batch after the other: what is submitted later waits.
#[derive(Debug)]
pub struct GpuNet {
    gpu: Gpu,
    inputs: Vec<Resident>,
    outputs: Vec<Resident>,
    steps: Vec<Prepared>,
    /// Bound by the steps.
    _slots: Vec<Pooled>,
    bytes: usize,
    precision: Precision,
}

impl GpuNet {
    /// Compiles the shaders that are new to this GPU, uploads the constants and takes the memory. Without 16-bit floats
    /// on this GPU it is [`Precision::F32`] in any case.
    ///
    /// # Errors
    /// The graph contradicts itself, or a limit of the GPU: fewer images a batch then.
    pub fn new(gpu: &Gpu, graph: &Graph, precision: Precision) -> Result<Self> {
        graph.check()?;
        let precision = if gpu.has_halves() { precision } else { Precision::F32 };
        let halves = halves(graph, precision);
        let plan = Plan::new(graph);
        // Slots hold what operations make for each other, which is all of one kind.
        let slot = |len: &usize| memory(gpu, *len, precision == Precision::F16);
        let slots = plan.sizes.iter().map(slot).collect::<Result<Vec<_>>>()?;
        let mut own = Vec::with_capacity(graph.tensors.len());
        for (index, info) in graph.tensors.iter().enumerate() {
            let is_own = info.len > 0 && plan.slots[index].is_none();
            own.push(match &info.kind {
                Kind::Constant(values) if is_own => Some(constant(gpu, values, halves[index])?),
                _ if is_own => Some(memory(gpu, info.len, halves[index])?),
                _ => None,
            });
        }
        let lies = |tensor: Tensor| match plan.slots[tensor.0] {
            Some(slot) => slots.get(slot),
            None => own[tensor.0].as_ref(),
        };
        let passes = graph.ops.iter().map(|op| pass::pass(op, |tensor| graph.is_bytes(tensor)));
        let steps = passes.map(|pass| prepare(gpu, &pass?.stored(&halves), lies)).collect::<Result<Vec<_>>>()?;
        let bytes = slots.iter().chain(own.iter().flatten()).map(|buffer| buffer.used() as usize).sum();
        let mut take = |tensor: &Tensor| {
            let buffer = own[tensor.0].take().ok_or(Error::Spec { kernel: "net", reason: "an output is an input" })?;
            Ok(Resident::new(buffer, graph.len_of(*tensor)))
        };
        let inputs = graph.inputs().iter().map(&mut take).collect::<Result<_>>()?;
        let outputs = graph.outputs().iter().map(&mut take).collect::<Result<_>>()?;
        // The constants' buffers would go back to the pool and be written by others: the slots keep them.
        let slots = slots.into_iter().chain(own.into_iter().flatten()).collect();
        Ok(Self { gpu: gpu.clone(), inputs, outputs, steps, _slots: slots, bytes, precision })
    }

    /// What its tensors are stored as.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Bytes it holds on the GPU.
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

fn memory(gpu: &Gpu, len: usize, is_half: bool) -> Result<Pooled> {
    // Bytes of an input of bytes would do with a quarter; its shader reads whole words.
    let each = if is_half { size_of::<u16>() } else { size_of::<f32>() };
    gpu.scratch((len * each) as u64, "a net's tensors in bytes")
}

fn constant(gpu: &Gpu, values: &[f32], is_half: bool) -> Result<Pooled> {
    const WHAT: &str = "a net's weights in bytes";
    if is_half {
        let halves: Vec<u16> = values.iter().map(|value| half(*value)).collect();
        gpu.upload(&halves, WHAT)
    } else {
        gpu.upload(values, WHAT)
    }
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
