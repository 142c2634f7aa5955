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
}

impl From<AdapterChoice> for GpuOptions {
    fn from(adapter: AdapterChoice) -> Self {
        Self { adapter, ..Self::default() }
    }
}
