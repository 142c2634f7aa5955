//! Buffers that are used again.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};

use super::Gpu;
use super::device::lock;
use super::meter::Meter;
use crate::error::{Error, Result};

/// Bytes of unused buffers that are kept; what comes back beyond that is freed.
const MAX_IDLE_BYTES: u64 = 1 << 30;

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    /// Read and written by shaders, filled from the CPU, copied from.
    Storage,
    /// Read by the CPU.
    Staging,
}

impl Use {
    fn usages(self) -> wgpu::BufferUsages {
        match self {
            Self::Storage => wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            Self::Staging => wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        }
    }
}

/// The unused buffers of a device, by use and size.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    pub(super) meter: Meter,
    /// Bytes of all of its buffers, at most.
    max_bytes: u64,
}

#[derive(Debug, Default)]
struct Idle {
    bytes: u64,
    buffers: HashMap<(Use, u64), Vec<wgpu::Buffer>>,
}

/// A buffer that goes back to its pool when it is dropped. Work already submitted is not disturbed by that: what the
/// next user does with it comes later in the same queue.
#[derive(Debug)]
pub(crate) struct Pooled {
    pool: Arc<Pool>,
    purpose: Use,
    buffer: Option<wgpu::Buffer>,
    used: NonZeroU64,
}

impl Pooled {
    /// The bytes asked for, rounded up to whole words.
    pub(crate) fn used(&self) -> u64 {
        self.used.get()
    }

    /// The part asked for, as a shader's binding.
    pub(crate) fn binding(&self) -> Option<wgpu::BindingResource<'_>> {
        let buffer = self.buffer.as_ref()?;
        Some(wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size: Some(self.used) }))
    }

    /// Fails where the buffer is another device's, as one that was lost and opened anew leaves behind: wgpu panics on
    /// such a mixture.
    pub(crate) fn check_of(&self, gpu: &Gpu) -> Result<()> {
        if Arc::ptr_eq(&self.pool, gpu.pool()) { Ok(()) } else { Err(foreign()) }
    }

    /// The buffer; always there until it is dropped or discarded.
    pub(crate) fn buffer(&self) -> Option<&wgpu::Buffer> {
        self.buffer.as_ref()
    }

    /// Frees the buffer instead of giving it back: its state is not known.
    pub(crate) fn discard(mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.pool.meter.freed(buffer.size());
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(buffer) = self.buffer.take() else { return };
        let mut idle = lock(&self.pool.idle);
        if idle.bytes + buffer.size() <= MAX_IDLE_BYTES {
            idle.bytes += buffer.size();
            idle.buffers.entry((self.purpose, buffer.size())).or_default().push(buffer);
        } else {
            self.pool.meter.freed(buffer.size());
        }
    }
}

/// The error of what lies on another device.
pub(super) fn foreign() -> Error {
    Error::DeviceLost { reason: "it was opened anew since".to_owned() }
}

/// Sizes in four steps a doubling, so that batches of about the same size share buffers at a waste of a fifth at most.
fn size_class(bytes: u64) -> u64 {
    let bytes = bytes.max(1024);
    bytes.next_multiple_of(1 << (bytes.ilog2() - 2))
}

impl Gpu {
    /// A buffer of at least `bytes` (an empty one gets a word); its contents are left over from an earlier use.
    pub(crate) fn buffer(&self, purpose: Use, bytes: u64, what: &'static str) -> Result<Pooled> {
        let used = bytes.max(4).next_multiple_of(4);
        let limits = self.limits();
        // Shaders count bytes in 32 bits.
        let limit = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(u64::from(u32::MAX));
        if used > limit {
            return Err(Error::GpuLimit { what, needed: used, limit });
        }
        let size = size_class(used).min(limits.max_buffer_size);
        let buffer = match self.pool().take(purpose, size) {
            Some(buffer) => buffer,
            None => self.fresh(purpose, size, what)?,
        };
        let used = NonZeroU64::new(used).unwrap_or(NonZeroU64::MIN);
        Ok(Pooled { pool: Arc::clone(self.pool()), purpose, buffer: Some(buffer), used })
    }

    /// A new buffer; where there is no memory for it, in place of those that wait to be used again.
    fn fresh(&self, purpose: Use, size: u64, what: &'static str) -> Result<wgpu::Buffer> {
        match self.create(purpose, size, what) {
            Err(Error::OutOfMemory { .. }) if self.pool().free_idle() => {
                // They are gone once nothing that was submitted reads them any more.
                self.finish()?;
                self.create(purpose, size, what)
            }
            other => other,
        }
    }

    fn create(&self, purpose: Use, size: u64, what: &'static str) -> Result<wgpu::Buffer> {
        let (label, usage) = (Some(what), purpose.usages());
        let descriptor = wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false };
        let pool = self.pool();
        if !pool.meter.takes(size, pool.max_bytes) {
            return Err(Error::OutOfMemory { what, bytes: size });
        }
        let made = self.scoped(what, size, || self.device().create_buffer(&descriptor));
        if made.is_err() {
            pool.meter.freed(size);
        }
        made
    }

    /// A storage buffer for results.
    pub(crate) fn scratch(&self, bytes: u64, what: &'static str) -> Result<Pooled> {
        self.buffer(Use::Storage, bytes, what)
    }

    /// A storage buffer with these contents.
    pub(crate) fn upload<T: bytemuck::NoUninit>(&self, values: &[T], what: &'static str) -> Result<Pooled> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let pooled = self.buffer(Use::Storage, bytes.len() as u64, what)?;
        self.write(&pooled, &[bytes], what)?;
        Ok(pooled)
    }

    /// Writes the parts one after the other, each from a whole word on. They go straight into staging memory.
    pub(crate) fn write(&self, pooled: &Pooled, parts: &[&[u8]], what: &'static str) -> Result<()> {
        let size: u64 = parts.iter().map(|part| part.len().next_multiple_of(4) as u64).sum();
        pooled.check_of(self)?;
        let (Some(buffer), Some(size)) = (pooled.buffer(), NonZeroU64::new(size)) else { return Ok(()) };
        self.pool().meter.wrote(size.get());
        self.scoped(what, size.get(), || {
            let Some(mut staged) = self.queue().write_buffer_with(buffer, 0, size) else { return };
            let mut at = 0;
            for part in parts {
                staged.slice(at..at + part.len()).copy_from_slice(part);
                let end = at + part.len().next_multiple_of(4);
                staged.slice(at + part.len()..end).copy_from_slice(&[0; 3][..end - at - part.len()]);
                at = end;
            }
        })
    }
}

impl Pool {
    /// With a bound on the bytes of all buffers.
    pub(super) fn new(max_bytes: u64) -> Self {
        Self { idle: Mutex::default(), meter: Meter::default(), max_bytes }
    }

    /// Frees the buffers that wait to be used again; whether there were any.
    fn free_idle(&self) -> bool {
        let idle = std::mem::take(&mut *lock(&self.idle));
        self.meter.freed(idle.bytes);
        idle.bytes > 0
    }

    fn take(&self, purpose: Use, size: u64) -> Option<wgpu::Buffer> {
        let mut idle = lock(&self.idle);
        let buffer = idle.buffers.get_mut(&(purpose, size))?.pop()?;
        idle.bytes -= size;
        Some(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn classes_waste_a_fifth_at_most() {
        assert_eq!([1, 1024, 1025, 1280, 2047].map(size_class), [1024, 1024, 1280, 1280, 2048]);
        for bytes in (1024..1 << 20).step_by(997) {
            let class = size_class(bytes);
            assert!(class >= bytes && (class - bytes) * 4 <= bytes, "{bytes} {class}");
        }
    }
}
