//! How a GPU is opened.

use std::path::PathBuf;

use super::AdapterChoice;

/// How a GPU is opened; an [`AdapterChoice`] alone will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// Which adapters may be taken.
    pub adapter: AdapterChoice,
    /// The folder where compiled pipelines are kept from one start to the next; none keeps none. It is made where it
    /// is not there, for this user alone.
    pub pipelines: Option<PathBuf>,
    /// Whether to leave alone what some adapters alone have, 16-bit floats and subgroups: for tests of what happens without.
    pub plain: bool,
    /// Bytes of a buffer, at most, where less is wanted than the adapter allows: for tests of what happens on small GPUs.
    pub max_buffer_bytes: Option<u64>,
    /// Bytes of all buffers together, at most, unused ones that are kept among them; what is more is
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory). None leaves it to the driver.
    pub max_memory_bytes: Option<u64>,
}

impl From<AdapterChoice> for GpuOptions {
    fn from(adapter: AdapterChoice) -> Self {
        Self { adapter, ..Self::default() }
    }
}
