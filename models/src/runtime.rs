//! ONNX Runtime, opened from a file at run time, and sessions on it.

use crate::{Error, Result};
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// ONNX Runtime allows one environment a process; whoever opens it first decides which library it is.
static OPENED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

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
            Ok(b.with_intra_threads(1)?.with_inter_threads(1)?)
        };
        let builder = Session::builder(&self.environment).map_err(failed("making a session"))?;
        let mut builder = options(builder).map_err(failed("setting session options"))?;
        builder.commit_from_file(file).map_err(failed("loading"))
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("path", &self.path).finish_non_exhaustive()
    }
}
