//! Everything a run needs before its first photo: the opened backend, ONNX Runtime, the chosen nets, one assembly a lane.

mod backend;
mod choose;
mod nets;
mod places;
mod trial;

pub use backend::{Backend, Opened};
pub use choose::{Chooser, Chosen};

use crate::Result;
use crate::config::Config;
use crate::flow::Stage;
use crate::pipeline::{self, Judged, Parts};
use nets::Loader;
use places::Places;
use std::path::PathBuf;
use std::sync::Arc;
use tollgate_ingest::Record;
use tollgate_ingest::reference::References;
use tollgate_models::{Manifest, ModelInfo, Network, Progress, Runtime, Store};
use tollgate_sinks::event::{ModelRef, ModelRole};

/// Lanes, unless the config says how many, where the nets run on a GPU. A photo takes 1.5 ms of a core beside it, so that
/// these do some 8,000 a second (`benches/results/2026-11-25-gpu-end-to-end-estimate.md`); each further one takes half a
/// gigabyte there.
const LANES_OF_A_GPU: usize = 12;

/// The backend, ONNX Runtime and the nets of a run.
pub struct Setup {
    /// Where the nets' inputs are made.
    pub backend: Opened,
    /// The runtime.
    pub runtime: Runtime,
    /// The nets, and why these.
    pub chosen: Chosen,
    /// Where the nets run.
    places: Places,
    /// Where photos sent by reference are fetched; none refuses them.
    pub references: Option<Arc<References>>,
}

impl Setup {
    /// Chooses, fetches and verifies.
    ///
    /// # Errors
    /// A file cannot be had or is not the right one; ONNX Runtime cannot be opened.
    pub fn prepare(config: &Config, backend: Opened, store: &Store, progress: &dyn Progress) -> Result<Self> {
        let manifest = Manifest::shipped()?;
        let runtime = Runtime::open(&runtime_path(&manifest, store, progress)?)?;
        let mut chosen = Chooser { manifest: &manifest, store, progress }.choose(&config.models)?;
        let places = Places::choose(config, &backend, &runtime, &chosen, (&manifest, store, progress))?;
        chosen.because.extend(places.because(&runtime, &chosen.detector));
        Ok(Self { backend, runtime, chosen, places, references: None })
    }

    /// The models as events name them.
    pub fn model_refs(&self) -> Vec<ModelRef> {
        let refer = |role, info: &ModelInfo| ModelRef { role, name: info.name.clone(), sha256: info.sha256.clone() };
        let mut refs = vec![refer(ModelRole::Detector, &self.chosen.detector)];
        refs.push(refer(ModelRole::Reader, &self.chosen.reader));
        refs.extend(self.chosen.second.as_ref().map(|m| refer(ModelRole::SecondReader, m)));
        refs
    }

    /// A net by itself, where this setup runs its nets.
    ///
    /// # Errors
    /// It does not load.
    pub fn net(&self, info: &ModelInfo) -> Result<Box<dyn Network>> {
        self.places.of(info).load(&self.runtime, &self.backend, info)
    }

    /// How many lanes a run has.
    pub fn workers(&self, config: &Config) -> usize {
        let is_on_cpu = self.places.of(&self.chosen.detector).is_cpu();
        if is_on_cpu || config.engine.workers.is_some() {
            config.workers()
        } else {
            config.workers().min(LANES_OF_A_GPU)
        }
    }

    /// An assembly a lane, each with nets and buffers of its own.
    ///
    /// # Errors
    /// A net does not load or does not fit its decode rule.
    pub fn lanes(&self, config: &Config) -> Result<Vec<impl Stage<Record, Out = Judged> + Send + use<>>> {
        (0..self.workers(config)).map(|_| self.lane(config)).collect()
    }

    /// One assembly.
    ///
    /// # Errors
    /// A net does not load or does not fit its decode rule.
    pub fn lane(&self, config: &Config) -> Result<impl Stage<Record, Out = Judged> + Send + use<>> {
        let loader = Loader { runtime: &self.runtime, backend: &self.backend, places: &self.places };
        let (detector, reader) = loader.lane(&self.chosen)?;
        let engine = &config.engine;
        Ok(pipeline::assemble(Parts {
            rules: config.judge.rules(detector.threshold()),
            detector,
            reader,
            models: self.model_refs(),
            max_pixels: engine.max_pixels(),
            references: self.references.clone(),
            max_plates: engine.max_plates.get(),
            device: self.backend.device().cloned(),
            pixels: self.backend.pixels(),
            at_once: engine.batch_records(self.backend.device().is_some()),
        }))
    }
}

/// The library named by `ORT_DYLIB_PATH`, or the shipped one.
fn runtime_path(manifest: &Manifest, store: &Store, progress: &dyn Progress) -> Result<PathBuf> {
    match std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()) {
        Some(path) => Ok(path.into()),
        None => Ok(store.ensure(manifest.get("onnxruntime")?, progress)?),
    }
}
