//! Dispatches whose buffers are bound once, and tensors that stay on the GPU between kernels.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::dispatch::begin;
use super::pool::{Pool, Pooled, Use, foreign};
use super::{Bindings, Gpu, Pending};
use crate::error::{Error, Result};

/// A tensor in GPU memory that one kernel writes and another reads.
#[derive(Debug)]
pub struct Resident {
    pooled: Pooled,
    len: usize,
}

impl Resident {
    pub(crate) fn new(pooled: Pooled, len: usize) -> Self {
        Self { pooled, len }
    }

    pub(crate) fn pooled(&self) -> &Pooled {
        &self.pooled
    }

    /// Its elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A dispatch with its buffers bound, to be submitted once or often.
#[derive(Debug)]
pub struct Prepared {
    label: (&'static str, &'static str),
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    groups: [u32; 3],
    /// The memory of the device that it is bound on.
    pool: Arc<Pool>,
    /// Buffers that nobody else may get meanwhile.
    kept: Vec<Pooled>,
}

impl Prepared {
    /// Holds buffers as long as the dispatch is.
    pub(crate) fn keeping(mut self, buffers: Vec<Pooled>) -> Self {
        self.kept.extend(buffers);
        self
    }
}

impl Gpu {
    /// Binds the buffers of a dispatch. They must outlive its last submission: see [`Prepared::keeping`].
    pub(crate) fn prepare(&self, bindings: &Bindings<'_>) -> Result<Prepared> {
        bindings.buffers.iter().try_for_each(|buffer| buffer.check_of(self))?;
        let pipeline = self.pipeline(bindings.shader, bindings.entry)?;
        let limit = self.limits().max_compute_workgroups_per_dimension;
        if let Some(needed) = bindings.groups.into_iter().find(|groups| *groups > limit) {
            return Err(Error::GpuLimit {
                what: "the batch in workgroups",
                needed: needed.into(),
                limit: limit.into(),
            });
        }
        let group = self.scoped("a dispatch's buffers", 0, || self.bind(bindings, &pipeline))?;
        let label = (bindings.shader.name, bindings.entry);
        Ok(Prepared {
            label,
            pipeline,
            group,
            groups: bindings.groups,
            pool: Arc::clone(self.pool()),
            kept: Vec::new(),
        })
    }

    /// Fails where a dispatch is bound on another device.
    fn check_prepared(&self, steps: &[&Prepared]) -> Result<()> {
        let is_ours = steps.iter().all(|step| Arc::ptr_eq(&step.pool, self.pool()));
        if is_ours { Ok(()) } else { Err(foreign()) }
    }

    /// Records the dispatches as one pass, or as one each while passes are timed.
    fn record_prepared(&self, encoder: &mut wgpu::CommandEncoder, steps: &[&Prepared]) {
        let run = if self.profile().is_running() { 1 } else { steps.len().max(1) };
        for steps in steps.chunks(run) {
            let slot = steps.first().and_then(|step| self.profile().slot(step.label));
            let mut pass = begin(encoder, slot.as_ref());
            for step in steps {
                pass.set_pipeline(&step.pipeline);
                pass.set_bind_group(0, &step.group, &[]);
                let [x, y, z] = step.groups;
                pass.dispatch_workgroups(x, y, z);
            }
        }
    }

    /// Runs the dispatches one after the other. Nothing is read back. Returns at once.
    ///
    /// # Errors
    /// The GPU's.
    pub fn run_prepared(&self, steps: &[&Prepared]) -> Result<()> {
        self.check_prepared(steps)?;
        self.scoped("prepared dispatches", 0, || {
            let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            self.record_prepared(&mut encoder, steps);
            self.queue().submit([encoder.finish()]);
        })
    }

    /// Runs the dispatches one after the other, in one pass, and copies the results, one after the other, to where the
    /// CPU can read them. Returns at once.
    pub(crate) fn submit_prepared<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        steps: &[&Prepared],
        results: &[&Resident],
    ) -> Result<Pending<T>> {
        self.check_prepared(steps)?;
        results.iter().try_for_each(|result| result.pooled.check_of(self))?;
        let len: usize = results.iter().map(|result| result.len).sum();
        let bytes = (len * size_of::<T>()) as u64;
        let staging = self.buffer(Use::Staging, bytes, what)?;
        let (sender, mapped) = sync_channel(1);
        let submission = self.scoped(what, bytes, || {
            let mut encoder =
                self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(what) });
            self.record_prepared(&mut encoder, steps);
            let mut at = 0;
            for result in results {
                let bytes = (result.len * size_of::<T>()) as u64;
                if let (Some(from), Some(to)) = (result.pooled.buffer(), staging.buffer()) {
                    encoder.copy_buffer_to_buffer(from, 0, to, at, bytes);
                }
                at += bytes;
            }
            let submission = self.queue().submit([encoder.finish()]);
            if let Some(buffer) = staging.buffer() {
                buffer.map_async(wgpu::MapMode::Read, 0..staging.used(), move |done| {
                    // The batch may have been forgotten; then nobody listens, and that is fine.
                    let _ = sender.send(done);
                });
            }
            submission
        })?;
        Ok(Pending::new(self, staging, mapped, submission, len))
    }
}
