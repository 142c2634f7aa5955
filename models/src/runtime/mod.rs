//! ONNX Runtime, opened from a file at run time, and sessions on it.

mod provider;

pub use provider::Provider;

use crate::net::doubling;
use crate::{Error, Result};
use ort::device::Device;
use ort::environment::Environment;
use ort::memory::DeviceType;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// ONNX Runtime allows one environment a process; whoever opens it first decides which library it is.
static OPENED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Providers whose library was opened: a second time would be an error.
static REGISTERED: Mutex<Vec<Provider>> = Mutex::new(Vec::new());

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
            self.on(b, provider)
        };
        let builder = Session::builder(&self.environment).map_err(failed("making a session"))?;
        let mut builder = options(builder).map_err(failed("setting session options"))?;
        builder.commit_from_file(file).map_err(failed("loading"))
    }

    /// Opens a provider's library, once a process, and lets it compute something.
    ///
    /// # Errors
    /// The library is not there or does not load, finds no GPU of its liking, or computes nothing, or the wrong thing.
    pub fn register(&self, provider: Provider, library: &Path) -> Result<()> {
        let Some(ep) = provider.ep() else { return Ok(()) };
        let failed = |reason: &str, source| Error::Provider {
            provider: provider.name(),
            path: library.into(),
            reason: reason.into(),
            source,
        };
        let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
        if !registered.contains(&provider) {
            if !library.exists() {
                return Err(failed(provider.when_missing(), None));
            }
            let opened = self.environment.register_ep_library(ep, library);
            opened.map_err(|error| failed("its library does not load", Some(error)))?;
            registered.push(provider);
        }
        if self.device(provider).is_none() {
            return Err(failed(provider.when_there_is_no_device(), None));
        }
        self.try_out(provider).map_err(|error| failed(provider.when_it_runs_nothing(), Some(error)))
    }

    /// Whether what a registered provider computes on is the CPU after all, by a software driver.
    pub fn is_software(&self, provider: Provider) -> bool {
        self.device(provider).is_some_and(|device| device.hardware_device().ty() == DeviceType::CPU)
    }

    /// The device that a provider's sessions are given: one, they take no more.
    fn device(&self, provider: Provider) -> Option<Device<'_>> {
        let ep = provider.ep()?;
        self.environment.devices().find(|device| device.ep().is_ok_and(|name| name == ep))
    }

    /// A session of these options on the provider.
    fn on(&self, builder: SessionBuilder, provider: Provider) -> std::result::Result<SessionBuilder, ort::Error> {
        if provider == Provider::Cpu { Ok(builder) } else { Ok(builder.with_devices(self.device(provider), None)?) }
    }

    /// A provider may name a device that its driver then refuses, and a session would do on the CPU what the provider
    /// does not take: a net of one addition shows what is so, before any photo waits for it.
    fn try_out(&self, provider: Provider) -> std::result::Result<(), ort::Error> {
        let builder = Session::builder(&self.environment)?.with_disable_cpu_fallback()?;
        let mut session = self.on(builder, provider)?.commit_from_memory(&doubling())?;
        let input = [0.5, -1.0, 2.0, 1e6];
        let outputs = session.run(ort::inputs![TensorRef::from_array_view(([input.len()], &input[..]))?])?;
        let (_, found) = outputs[0].try_extract_tensor::<f32>()?;
        let expected = input.map(|value: f32| value + value);
        if found == expected {
            return Ok(());
        }
        Err(ort::Error::new(format!("an addition gave {found:?} in place of {expected:?}")))
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("path", &self.path).finish_non_exhaustive()
    }
}
