//! The GPU that all lanes share: opened anew when it is lost, given up when that does not help.

use crate::ModelInfo;
use crate::net::OnnxNet;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tollgate_kernels::crop::GpuCrop;
use tollgate_kernels::gpu::{Gpu, GpuOptions, PipelineFile};
use tollgate_kernels::jpeg::GpuJpeg;
use tollgate_kernels::letterbox::GpuLetterbox;
use tollgate_kernels::net::Weights;
use tollgate_kernels::{Error, Result};

/// So often a lost GPU is opened anew: a driver that resets more often than that is of no use.
const MAX_REOPENED: u64 = 3;

/// An open GPU with its compiled kernels, shared by all lanes.
#[derive(Debug)]
pub struct SharedGpu {
    options: GpuOptions,
    now: RwLock<Arc<Kernels>>,
    /// Nets that run on it, read once for all lanes.
    nets: Mutex<HashMap<PathBuf, Arc<OnnxNet>>>,
    reopened: AtomicU64,
    /// How often somebody had no memory for what it needed.
    crowded: AtomicU64,
    /// Set once there is no use in asking it again.
    given_up: AtomicBool,
    warned: AtomicBool,
    on_cpu: AtomicU64,
}

#[derive(Debug)]
struct Kernels {
    gpu: Gpu,
    jpeg: GpuJpeg,
    letterbox: GpuLetterbox,
    crop: GpuCrop,
    weights: Arc<Weights>,
}

impl Kernels {
    fn new(gpu: Gpu) -> Result<Self> {
        let (jpeg, letterbox, crop) = (GpuJpeg::new(&gpu)?, GpuLetterbox::new(&gpu)?, GpuCrop::new(&gpu)?);
        Ok(Self { gpu, jpeg, letterbox, crop, weights: Arc::default() })
    }
}

impl SharedGpu {
    /// Opens the adapter that the options (or an [`AdapterChoice`](tollgate_kernels::gpu::AdapterChoice)) come to and
    /// compiles the kernels.
    ///
    /// # Errors
    /// There is no such adapter, or its driver refuses a kernel.
    pub fn open(options: impl Into<GpuOptions>) -> Result<Self> {
        let options = options.into();
        let gpu = Gpu::open(options.clone())?;
        match gpu.pipeline_file() {
            PipelineFile::Refused { reason } => tracing::warn!(reason, "pipelines kept from before are not used"),
            kept => tracing::debug!(?kept, "pipelines kept from before"),
        }
        let kernels = Kernels::new(gpu)?;
        let shared = Self {
            options,
            now: RwLock::new(Arc::new(kernels)),
            nets: Mutex::default(),
            reopened: AtomicU64::new(0),
            crowded: AtomicU64::new(0),
            given_up: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            on_cpu: AtomicU64::new(0),
        };
        shared.save_pipelines();
        Ok(shared)
    }

    /// Keeps what was compiled since the last time, for the next start.
    pub fn save_pipelines(&self) {
        match self.gpu().save_pipelines() {
            Ok(false) => {}
            Ok(true) => tracing::debug!("compiled pipelines are kept for the next start"),
            // A cache that cannot be written is a choice of whoever set it up.
            Err(error) => tracing::info!(error = &error as &dyn std::error::Error, "compiled pipelines are not kept"),
        }
    }

    fn now(&self) -> Arc<Kernels> {
        // A table of handles is whole whatever happened elsewhere.
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The GPU as it is open now.
    pub fn gpu(&self) -> Gpu {
        self.now().gpu.clone()
    }

    /// Decodes JPEG files on it.
    pub fn jpeg(&self) -> GpuJpeg {
        self.now().jpeg.clone()
    }

    pub(crate) fn letterbox(&self) -> GpuLetterbox {
        self.now().letterbox.clone()
    }

    pub(crate) fn crop(&self) -> GpuCrop {
        self.now().crop.clone()
    }

    /// The weights that lie on it.
    pub(crate) fn weights(&self) -> Arc<Weights> {
        Arc::clone(&self.now().weights)
    }

    /// A net that runs on it. All lanes get the same, and so share its weights.
    pub(crate) fn net(&self, info: &ModelInfo) -> crate::Result<Arc<OnnxNet>> {
        let mut nets = self.nets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(net) = nets.get(&info.path) {
            return Ok(Arc::clone(net));
        }
        let net = Arc::new(OnnxNet::open(&info.name, &info.path)?);
        nets.insert(info.path.clone(), Arc::clone(&net));
        Ok(net)
    }

    /// Letterboxes, crops and runs of nets that the CPU had to do, because the GPU failed or could not take them.
    pub fn finished_on_cpu(&self) -> u64 {
        self.on_cpu.load(Ordering::Relaxed)
    }

    /// How often it was lost and opened anew. What was made on an earlier one is of no use any more.
    pub fn reopened(&self) -> u64 {
        self.reopened.load(Ordering::Acquire)
    }

    /// Asks all lanes to let go of what they only keep for later, because there is no memory for what is needed now. Each
    /// does so when it is next asked for something.
    pub fn make_room(&self) {
        self.crowded.fetch_add(1, Ordering::AcqRel);
    }

    /// Changes when nothing that is kept may be used any more: it lies on a GPU that was lost, or has to make room.
    pub(crate) fn epoch(&self) -> (u64, u64) {
        (self.reopened(), self.crowded.load(Ordering::Acquire))
    }

    /// Whether there is no use in asking the GPU again: it was lost too often, or hangs.
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Whether the CPU has to do what the GPU was asked for; passes on what the CPU would refuse as well.
    pub(crate) fn falls_back<E: MaybeOfGpu + From<Error>>(
        &self,
        attempt: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.is_given_up() {
            match self.noting(attempt) {
                Ok(()) => return Ok(false),
                Err(error) if error.of_gpu().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        self.on_cpu.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Does what the GPU alone can do; its failure is noted and passed on.
    ///
    /// # Errors
    /// Those of `attempt`; at once, where the GPU was given up.
    pub fn noting<T, E: MaybeOfGpu + From<Error>>(&self, attempt: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.is_given_up() {
            return Err(Error::DeviceLost { reason: "it was given up".to_owned() }.into());
        }
        let outcome = attempt();
        if let Err(error) = &outcome
            && let Some(error) = error.of_gpu()
        {
            self.note(error);
        }
        outcome
    }

    fn note(&self, error: &Error) {
        match error {
            Error::DeviceLost { .. } => self.reopen(error),
            // One that hangs would hold each photo up for as long again.
            Error::GpuTimeout { .. } => self.give_up(error),
            _ if !self.warned.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "the CPU finishes what the GPU cannot");
            }
            _ => {}
        }
    }

    /// Opens it anew, unless another lane did so meanwhile.
    fn reopen(&self, lost: &Error) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if now.gpu.check().is_ok() || self.is_given_up() {
            return;
        }
        if self.reopened() >= MAX_REOPENED {
            return self.give_up(lost);
        }
        match Gpu::open(self.options.clone()).and_then(Kernels::new) {
            Ok(kernels) => {
                *now = Arc::new(kernels);
                self.reopened.fetch_add(1, Ordering::Release);
                tracing::warn!(error = %lost, "the GPU was opened anew; the CPU finishes what lay on it");
            }
            Err(error) => self.give_up(&error),
        }
    }

    fn give_up(&self, error: &Error) {
        if !self.given_up.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "the CPU works on the pixels from here on");
        }
    }
}

impl Drop for SharedGpu {
    /// What was compiled at its first use, late in a run.
    fn drop(&mut self) {
        self.save_pipelines();
    }
}

/// An error that may be the GPU's alone.
pub trait MaybeOfGpu {
    /// The GPU's error, if it is one.
    fn of_gpu(&self) -> Option<&Error>;
}

impl MaybeOfGpu for Error {
    fn of_gpu(&self) -> Option<&Error> {
        self.is_of_gpu().then_some(self)
    }
}

impl MaybeOfGpu for crate::Error {
    fn of_gpu(&self) -> Option<&Error> {
        match self {
            Self::Kernel(error) => error.of_gpu(),
            _ => None,
        }
    }
}
