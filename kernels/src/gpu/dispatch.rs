//! Recording, submitting and reading back a batch.

use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::pool::{Pooled, Use};
use super::profile::Slot;
use super::{Gpu, Shader};
use crate::error::{Error, Result, check_len};

/// How long a batch may take before the GPU is taken to hang; a software adapter works on a net for a minute.
const MAX_WAIT_S: u64 = 60;
const MAX_WAIT_SOFTWARE_S: u64 = 600;

/// A shader's entry point with its buffers (binding 0, 1, …) and its number of workgroups.
pub(crate) struct Bindings<'a> {
    pub(crate) shader: Shader,
    pub(crate) entry: &'static str,
    pub(crate) buffers: &'a [&'a Pooled],
    pub(crate) groups: [u32; 3],
}

/// Workgroups in two dimensions for a shader that numbers them `x + y * num_workgroups.x`.
pub(crate) fn grid(gpu: &Gpu, groups: usize) -> Result<[u32; 3]> {
    let limit = gpu.limits().max_compute_workgroups_per_dimension as usize;
    let rows = groups.div_ceil(limit).max(1);
    if rows > limit {
        return Err(Error::GpuLimit {
            what: "the batch in workgroups",
            needed: groups as u64,
            limit: (limit * limit) as u64,
        });
    }
    Ok([groups.div_ceil(rows).max(1) as u32, rows as u32, 1])
}

/// A submitted batch of `T`s. Dropping it forgets the result.
#[derive(Debug)]
pub struct Pending<T> {
    gpu: Gpu,
    staging: Option<Pooled>,
    mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
    submission: wgpu::SubmissionIndex,
    len: usize,
    elements: PhantomData<T>,
}

impl Gpu {
    /// Runs the passes one after the other and copies the first `len` elements of `result` to where the CPU can read
    /// them. Returns at once.
    pub(crate) fn submit<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        passes: &[Bindings<'_>],
        result: &Pooled,
        len: usize,
    ) -> Result<Pending<T>> {
        result.check_of(self)?;
        let bytes = ((len * size_of::<T>()) as u64).next_multiple_of(4).min(result.used());
        let staging = self.buffer(Use::Staging, bytes, what)?;
        let pipelines = self.pipelines(passes)?;
        let (sender, mapped) = sync_channel(1);
        let submission = self.scoped(what, bytes, || {
            let mut encoder =
                self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(what) });
            for (pass, pipeline) in passes.iter().zip(&pipelines) {
                self.record(&mut encoder, pass, pipeline);
            }
            if let (Some(from), Some(to)) = (result.buffer(), staging.buffer()) {
                encoder.copy_buffer_to_buffer(from, 0, to, 0, bytes);
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

    /// Fills buffers with zeros, then runs the passes one after the other, all of it after what was submitted before.
    /// Nothing is read back. Returns at once.
    pub(crate) fn run(&self, what: &'static str, cleared: &[&Pooled], passes: &[Bindings<'_>]) -> Result<()> {
        cleared.iter().try_for_each(|pooled| pooled.check_of(self))?;
        let pipelines = self.pipelines(passes)?;
        self.scoped(what, 0, || {
            let mut encoder =
                self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(what) });
            for pooled in cleared {
                if let Some(buffer) = pooled.buffer() {
                    encoder.clear_buffer(buffer, 0, Some(pooled.used()));
                }
            }
            for (pass, pipeline) in passes.iter().zip(&pipelines) {
                self.record(&mut encoder, pass, pipeline);
            }
            self.queue().submit([encoder.finish()]);
        })
    }

    /// Waits until the device has done all that was submitted to it so far.
    ///
    /// # Errors
    /// It was lost, or does not finish in time.
    pub fn finish(&self) -> Result<()> {
        let timeout = Some(Duration::from_secs(self.max_wait_s()));
        self.wait_for(wgpu::PollType::Wait { submission_index: None, timeout })
    }

    fn max_wait_s(&self) -> u64 {
        if self.info().software { MAX_WAIT_SOFTWARE_S } else { MAX_WAIT_S }
    }

    fn wait_for(&self, what: wgpu::PollType) -> Result<()> {
        let polled = self.device().poll(what);
        self.check()?;
        match polled {
            Err(wgpu::PollError::Timeout) => Err(Error::GpuTimeout { seconds: self.max_wait_s() }),
            Err(source) => Err(Error::Gpu { what: "waiting for a batch", source: Box::new(source) }),
            Ok(_) => Ok(()),
        }
    }

    /// The passes' pipelines. Fails where a pass has more workgroups than the GPU takes, or buffers of another.
    fn pipelines(&self, passes: &[Bindings<'_>]) -> Result<Vec<wgpu::ComputePipeline>> {
        let limit = self.limits().max_compute_workgroups_per_dimension;
        if let Some(needed) = passes.iter().flat_map(|pass| pass.groups).find(|groups| *groups > limit) {
            return Err(Error::GpuLimit {
                what: "the batch in workgroups",
                needed: needed.into(),
                limit: limit.into(),
            });
        }
        passes.iter().flat_map(|pass| pass.buffers).try_for_each(|buffer| buffer.check_of(self))?;
        passes.iter().map(|pass| self.pipeline(pass.shader, pass.entry)).collect()
    }

    /// The buffers of a dispatch, bound.
    pub(super) fn bind(&self, pass: &Bindings<'_>, pipeline: &wgpu::ComputePipeline) -> wgpu::BindGroup {
        let resources = pass.buffers.iter().filter_map(|pooled| pooled.binding());
        let entries: Vec<_> =
            resources.zip(0..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
        self.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(pass.entry),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder, pass: &Bindings<'_>, pipeline: &wgpu::ComputePipeline) {
        let group = self.bind(pass, pipeline);
        let slot = self.profile().slot((pass.shader.name, pass.entry));
        let mut recorded = begin(encoder, slot.as_ref());
        recorded.set_pipeline(pipeline);
        recorded.set_bind_group(0, &group, &[]);
        let [x, y, z] = pass.groups;
        recorded.dispatch_workgroups(x, y, z);
    }
}

/// A pass, timed where there is a slot for it.
pub(super) fn begin<'e>(encoder: &'e mut wgpu::CommandEncoder, slot: Option<&Slot>) -> wgpu::ComputePass<'e> {
    encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: slot.map(Slot::writes) })
}

impl<T: bytemuck::Pod> Pending<T> {
    pub(super) fn new(
        gpu: &Gpu,
        staging: Pooled,
        mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
        submission: wgpu::SubmissionIndex,
        len: usize,
    ) -> Self {
        Self { gpu: gpu.clone(), staging: Some(staging), mapped, submission, len, elements: PhantomData }
    }

    /// Elements of the result.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the result has no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Waits for the batch and copies its result into `out`, which must have [`Pending::len`] elements.
    pub fn read(mut self, out: &mut [T]) -> Result<()> {
        check_len("the batch's output", out.len(), self.len)?;
        self.wait()?;
        let Some(staging) = self.staging.take() else { return Ok(()) };
        let Some(buffer) = staging.buffer() else { return Ok(()) };
        match buffer.get_mapped_range(0..staging.used()) {
            Ok(view) => {
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(out);
                let len = bytes.len();
                bytes.copy_from_slice(&view[..len]);
                self.gpu.pool().meter.read(len as u64);
            }
            Err(source) => {
                staging.discard();
                return Err(Error::Gpu { what: "reading a batch back", source: Box::new(source) });
            }
        }
        buffer.unmap();
        Ok(())
    }

    /// Waits until the result lies in mapped memory.
    fn wait(&self) -> Result<()> {
        self.gpu.wait_for(wgpu::PollType::Wait {
            submission_index: Some(self.submission.clone()),
            timeout: Some(Duration::from_secs(self.gpu.max_wait_s())),
        })?;
        // Another thread's poll may still be calling the callbacks that this one's poll found done.
        match self.mapped.recv_timeout(Duration::from_secs(self.gpu.max_wait_s())) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(Error::Gpu { what: "mapping a batch", source: Box::new(source) }),
            Err(source) => Err(Error::Gpu { what: "waiting for a batch", source: Box::new(source) }),
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        // Unread, so perhaps still being mapped: not fit to be used again.
        if let Some(staging) = self.staging.take() {
            staging.discard();
        }
    }
}
