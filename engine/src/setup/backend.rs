//! Where pixels are worked on: what was asked for, and what was opened for it.

use crate::pipeline::Device;
use crate::{Error, Result};
use std::fmt;
use std::sync::Arc;
use tollgate_kernels::gpu::{AdapterChoice, GpuOptions};
use tollgate_models::pixels::{CpuPixels, GpuPixels, SharedGpu};
use tollgate_models::{Pixels, Store};

/// Where the pixels are worked on. Where the nets run then is [`Inference`](crate::config::Inference)'s to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The fastest that was measured, which is the CPU so far.
    #[default]
    Auto,
    /// The CPU path.
    Cpu,
    /// The wgpu path: the first GPU, or a software adapter where there is none.
    Gpu,
}

impl Backend {
    /// Whether a GPU, or a software adapter in its place, works on the pixels.
    pub fn is_gpu(self) -> bool {
        self == Self::Gpu
    }

    /// Opens what it comes to on this machine; a GPU's compiled pipelines are kept beside the store's files.
    ///
    /// # Errors
    /// No adapter at all, or one that cannot be used.
    pub fn open(self, store: &Store) -> Result<Opened> {
        match self {
            Self::Auto | Self::Cpu => Ok(Opened::Cpu),
            Self::Gpu => open_gpu(store),
        }
    }
}

fn open_gpu(store: &Store) -> Result<Opened> {
    let pipelines = Some(store.dir().join("pipelines"));
    let options = GpuOptions { pipelines, ..AdapterChoice::AllowSoftware.into() };
    let gpu = SharedGpu::open(options).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
        let reason =
            format!("{error}{cause}; `--backend cpu` gives the same results, `tollgate doctor` lists adapters");
        Error::Backend { backend: "gpu", reason }
    })?;
    let is_software = gpu.gpu().info().software;
    let opened = Opened::Gpu(Device::new(Arc::new(gpu)));
    if is_software {
        tracing::warn!("backend {opened}");
    } else {
        tracing::info!("backend {opened}");
    }
    Ok(opened)
}

/// A backend ready for use. Its `Display` names the adapter and says where it is none.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The CPU.
    Cpu,
    /// A GPU or a software adapter.
    Gpu(Device),
}

impl Opened {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu(_) => "gpu",
        }
    }

    /// What makes the input of one net of one lane.
    pub(super) fn pixels(&self) -> Box<dyn Pixels> {
        match self {
            Self::Cpu => Box::new(CpuPixels::default()),
            Self::Gpu(device) => Box::new(GpuPixels::new(Arc::clone(device.gpu()))),
        }
    }

    /// What decodes photos, if that is a GPU.
    pub fn device(&self) -> Option<&Device> {
        match self {
            Self::Cpu => None,
            Self::Gpu(device) => Some(device),
        }
    }

    /// Says at a run's end how much of it was not done where it was meant to be.
    pub fn warn_of_fallbacks(&self) {
        let Self::Gpu(device) = self else { return };
        let (count, reopened) = (device.gpu().finished_on_cpu(), device.gpu().reopened());
        if reopened > 0 {
            tracing::warn!("the GPU was lost and opened anew {reopened} times");
        }
        if count > 0 {
            tracing::warn!("{count} letterboxes, crops and runs of nets were done on the CPU in place of the GPU");
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(device) => {
                let gpu = device.gpu().gpu();
                let info = gpu.info();
                let plain = if info.software { " (software adapter: correct, not fast)" } else { "" };
                write!(f, "gpu: {info}{plain}")
            }
        }
    }
}
