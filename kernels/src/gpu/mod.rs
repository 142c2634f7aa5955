//! The GPU runtime: adapters, a device, buffers that are used again, and batches in flight.
//!
//! [`Gpu::open`] chooses an adapter; a kernel's `Gpu…` type is made from it once per worker and submits batches. A
//! submitted batch is a [`Pending`]: several may be in flight while the CPU does something else, and
//! [`Pending::read`] waits for one. Every failure is an [`Error`](crate::Error): the device being lost and memory
//! running out are kinds of their own, so that the caller can finish on the CPU or halve the batch.
//!
//! No type of `wgpu` is part of the interface, and no module but this and the `gpu.rs` files uses it.

mod adapter;
mod device;
mod dispatch;
mod meter;
mod options;
mod photos;
mod pipelines;
mod pool;
mod prepared;
mod profile;
mod shader;

pub use adapter::{AdapterChoice, AdapterInfo, AdapterKind, adapters};
pub use device::Gpu;
pub use dispatch::Pending;
pub use meter::Usage;
pub use options::GpuOptions;
pub use photos::Photos;
pub use pipelines::PipelineFile;
pub use prepared::{Prepared, Resident};
pub use profile::{PassTime, PassTimes};
pub use shader::{Form, Shader, shaders};

pub(crate) use device::lock;
pub(crate) use dispatch::{Bindings, grid};
pub(crate) use photos::WindowTable;
pub(crate) use pool::{Pooled, Use};
pub(crate) use shader::{LANE, SUBGROUP_LANE};
