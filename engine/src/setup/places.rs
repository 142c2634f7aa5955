//! Which place each net runs at: the one asked for, or what was measured.

use super::nets::Place;
use super::trial::{Found, Trials};
use super::{Chosen, Opened};
use crate::Result;
use crate::config::{Config, Inference};
use std::path::PathBuf;
use std::sync::Arc;
use tollgate_kernels::net::Precision;
use tollgate_models::{Manifest, ModelInfo, Progress, Provider, Runtime, Store};

/// CUDA's library has this name and lies beside ONNX Runtime's, if that build has it.
const CUDA: &str = "libonnxruntime_providers_cuda.so";
/// The photos that places are measured with, in pixels: what many cameras make.
const SIZE: (u16, u16) = (1920, 1080);
/// How many of them at once. More would favour a GPU that fewer do not fill, and take longer.
const AT_ONCE: usize = 8;

/// Where each net runs.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// What was asked for, or the CPU.
    usual: Place,
    /// By net, where nothing was asked for and a GPU is there.
    found: Vec<Found>,
}

impl Places {
    /// The same for all nets.
    pub(super) fn all(place: Place) -> Self {
        Self { usual: place, found: Vec::new() }
    }

    /// What the config asks for on this backend; a provider is fetched and opened for it. Where it leaves the choice, the
    /// places are measured on a GPU; a software adapter is slower than the cores that it computes on, and not asked.
    ///
    /// # Errors
    /// The provider cannot be had, or finds no GPU; a net does not run.
    pub(super) fn choose(
        config: &Config,
        backend: &Opened,
        runtime: &Runtime,
        chosen: &Chosen,
        (manifest, store, progress): (&Manifest, &Store, &dyn Progress),
    ) -> Result<Self> {
        let cpu = Self::all(Place::CPU);
        let Opened::Gpu(device) = backend else { return Ok(cpu) };
        let (provider, library) = match config.models.inference {
            Inference::Auto if device.gpu().gpu().info().software => return Ok(cpu),
            Inference::Auto => {
                let mut places = vec![Place::CPU, Place::Wgpu(Arc::clone(device.gpu()), Precision::F32)];
                places.extend(providers_here(runtime, manifest, store));
                let trials = Trials { runtime, backend, size: SIZE, at_once: AT_ONCE, lanes: config.workers() };
                return cpu.measured(&trials, chosen, &places);
            }
            Inference::OnnxRuntime => return Ok(cpu),
            Inference::Wgpu => {
                return Ok(Self::all(Place::Wgpu(Arc::clone(device.gpu()), config.models.precision.into())));
            }
            Inference::WebGpu => (Provider::WebGpu, store.ensure(manifest.get("onnxruntime-webgpu")?, progress)?),
            Inference::Cuda => (Provider::Cuda, cuda(runtime)),
        };
        runtime.register(provider, &library)?;
        Ok(Self::all(Place::OnnxRuntime(provider)))
    }

    /// With what the trials find. A GPU that fails at them is no reason not to begin.
    fn measured(self, trials: &Trials<'_>, chosen: &Chosen, places: &[Place]) -> Result<Self> {
        match trials.run(chosen, places) {
            Ok(found) => Ok(Self { found, ..self }),
            Err(error) if error.is_of_gpu() => {
                tracing::warn!(error = &error as &dyn std::error::Error, "nets run on the CPU: the GPU failed at them");
                Ok(self)
            }
            Err(error) => Err(error),
        }
    }

    /// Where this net runs.
    pub(super) fn of(&self, info: &ModelInfo) -> &Place {
        self.found.iter().find(|found| found.net == *info).map_or(&self.usual, |found| &found.place)
    }

    /// Lines for people; none where nothing was asked for and nothing measured.
    pub(super) fn because(&self, runtime: &Runtime, detector: &ModelInfo) -> Vec<String> {
        let measured = self.found.iter().map(|found| found.because.clone());
        measured.chain(self.usual.because(runtime, detector)).collect()
    }
}

/// ONNX Runtime's providers on a GPU whose libraries are here and that compute something.
fn providers_here(runtime: &Runtime, manifest: &Manifest, store: &Store) -> Vec<Place> {
    let fetched = manifest.get("onnxruntime-webgpu").ok().and_then(|artefact| store.find(artefact).ok().flatten());
    let libraries = [(Provider::WebGpu, fetched), (Provider::Cuda, Some(cuda(runtime)).filter(|path| path.exists()))];
    let opened = libraries.into_iter().filter_map(|(provider, library)| {
        let registered = runtime.register(provider, &library?);
        registered
            .inspect_err(|error| tracing::info!(error = error as &dyn std::error::Error, "a provider is not tried"))
            .is_ok()
            .then_some(Place::OnnxRuntime(provider))
    });
    opened.collect()
}

fn cuda(runtime: &Runtime) -> PathBuf {
    runtime.path().parent().map_or_else(|| CUDA.into(), |folder| folder.join(CUDA))
}
