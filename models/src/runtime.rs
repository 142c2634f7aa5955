//! ONNX Runtime, opened from a file at run time, and sessions on it.

use crate::{Error, Result};
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// ONNX Runtime allows one environment a process; whoever opens it first decides which library it is.
static OPENED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Providers whose library was opened: a second time would be an error.
static REGISTERED: Mutex<Vec<Provider>> = Mutex::new(Vec::new());

/// Where ONNX Runtime computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// On the calling thread.
    #[default]
    Cpu,
    /// On a GPU, by its CUDA provider.
    Cuda,
    /// On a GPU, by its WebGPU plugin.
    WebGpu,
}

/// An opened ONNX Runtime.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
    path: PathBuf,
}

impl Runtime {
    /// Opens the library at `path`, or gives back the one this process has already opened.
    pub fn open(path: &Path) -> Result<Self> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((path, environment)) = opened.as_ref() {
            return Ok(Self { environment: environment.clone(), path: path.clone() });
        }
        let failed = |reason: String| Error::Runtime { path: path.into(), reason };
        let builder = ort::init_from(path).map_err(|e| failed(e.to_string()))?;
        let environment =
            builder.with_name("tollgate").with_telemetry(false).build().map_err(|e| failed(e.to_string()))?;
        *opened = Some((path.into(), environment.clone()));
        Ok(Self { environment, path: path.into() })
    }

    /// The library's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A session that runs on the calling thread alone: one session a core beats threads inside an operator here.
    pub(crate) fn session(&self, name: &str, file: &Path, provider: Provider) -> Result<Session> {
        let failed = |what| move |source| Error::Onnx { model: name.into(), what, source };
        let options = |b: SessionBuilder| -> std::result::Result<SessionBuilder, ort::Error> {
            // All, not Level3: it holds the NCHWc layout, without which both nets take twice as long.
            let b = b.with_optimization_level(GraphOptimizationLevel::All)?;
            // Photos come in many sizes: a memory plan for each would be kept for good and gains no time.
            let b = b.with_memory_pattern(false)?;
            let b = b.with_intra_threads(1)?.with_inter_threads(1)?;
            let Some(ep) = provider.ep() else { return Ok(b) };
            let devices = self.environment.devices().filter(|device| device.ep().is_ok_and(|name| name == ep));
            Ok(b.with_devices(devices.take(1), None)?)
        };
        let builder = Session::builder(&self.environment).map_err(failed("making a session"))?;
        let mut builder = options(builder).map_err(failed("setting session options"))?;
        builder.commit_from_file(file).map_err(failed("loading"))
    }

    /// Opens a provider's library, once a process, and checks that it offers a device.
    ///
    /// # Errors
    /// The library does not load, or finds no GPU of its liking.
    pub fn register(&self, provider: Provider, library: &Path) -> Result<()> {
        let Some(ep) = provider.ep() else { return Ok(()) };
        let failed = |reason: String| Error::Provider { provider: provider.name(), path: library.into(), reason };
        let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
        if !registered.contains(&provider) {
            self.environment.register_ep_library(ep, library).map_err(|error| failed(error.to_string()))?;
            registered.push(provider);
        }
        if self.environment.devices().any(|device| device.ep().is_ok_and(|name| name == ep)) {
            return Ok(());
        }
        Err(failed("ONNX Runtime finds no GPU for it".into()))
    }
}

impl Provider {
    /// Its name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::WebGpu => "webgpu",
        }
    }

    /// ONNX Runtime's name of it; none for the one that is always there.
    fn ep(self) -> Option<&'static str> {
        match self {
            Self::Cpu => None,
            Self::Cuda => Some("CUDAExecutionProvider"),
            Self::WebGpu => Some("WebGpuExecutionProvider"),
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("path", &self.path).finish_non_exhaustive()
    }
}
