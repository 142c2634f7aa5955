//! Where the nets run, and the nets of one lane.

use super::{Chosen, Opened};
use crate::Result;
use crate::config::{Inference, ModelsConfig};
use std::path::PathBuf;
use std::sync::Arc;
use tollgate_kernels::net::Precision;
use tollgate_models::detector::{Retina, Yolo};
use tollgate_models::network::{Network, OnnxRuntimeNet, WgpuNet};
use tollgate_models::pixels::{CpuPixels, SharedGpu};
use tollgate_models::reader::{CtcReader, SecondOpinion, SlotReader};
use tollgate_models::{
    Decode, Detector, Error as ModelError, Manifest, ModelInfo, Progress, Provider, Reader, Runtime, Store,
};

/// CUDA's library has this name and lies beside ONNX Runtime's, if that build has it.
const CUDA: &str = "libonnxruntime_providers_cuda.so";

/// Where the nets run.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In ONNX Runtime.
    OnnxRuntime(Provider),
    /// In our own executor.
    Wgpu(Arc<SharedGpu>, Precision),
}

impl Place {
    /// Lines for people; none where nothing was asked for.
    pub(super) fn because(&self, runtime: &Runtime, detector: &ModelInfo) -> Vec<String> {
        let place = match self {
            Self::OnnxRuntime(Provider::Cpu) => return Vec::new(),
            Self::OnnxRuntime(provider) => {
                let software = if runtime.is_software(*provider) { ", on a software adapter" } else { "" };
                format!("nets run on ONNX Runtime's {} provider{software}", provider.name())
            }
            Self::Wgpu(shared, precision) => {
                let form = match (precision, shared.gpu().has_halves()) {
                    (Precision::F32, _) => "",
                    (Precision::F16, true) => " with 16-bit floats",
                    (Precision::F16, false) => ", which has no 16-bit floats",
                };
                format!("nets run on {}{form}", shared.gpu().info().name)
            }
        };
        let but = format!("but {} on ONNX Runtime's CPU provider, the only one for its decode rule", detector.name);
        let is_elsewhere = detector.decode != Decode::Retina;
        std::iter::once(place).chain(is_elsewhere.then_some(but)).collect()
    }

    /// What the config asks for on this backend; a provider is fetched and opened for it.
    ///
    /// # Errors
    /// The provider cannot be had, or finds no GPU.
    pub(super) fn choose(
        models: &ModelsConfig,
        backend: &Opened,
        runtime: &Runtime,
        (manifest, store, progress): (&Manifest, &Store, &dyn Progress),
    ) -> Result<Self> {
        let (provider, library) = match (backend, models.inference) {
            // Auto is what was measured to be fastest; nothing else was measured on a GPU yet.
            (Opened::Cpu, _) | (Opened::Gpu(_), Inference::Auto | Inference::OnnxRuntime) => {
                return Ok(Self::OnnxRuntime(Provider::Cpu));
            }
            (Opened::Gpu(device), Inference::Wgpu) => {
                return Ok(Self::Wgpu(Arc::clone(device.gpu()), models.precision.into()));
            }
            (Opened::Gpu(_), Inference::WebGpu) => {
                (Provider::WebGpu, store.ensure(manifest.get("onnxruntime-webgpu")?, progress)?)
            }
            (Opened::Gpu(_), Inference::Cuda) => (Provider::Cuda, beside(runtime)),
        };
        runtime.register(provider, &library)?;
        Ok(Self::OnnxRuntime(provider))
    }

    /// A net of one lane.
    pub(super) fn load(&self, runtime: &Runtime, backend: &Opened, info: &ModelInfo) -> Result<Box<dyn Network>> {
        match self {
            Self::OnnxRuntime(provider) => {
                Ok(Box::new(OnnxRuntimeNet::load(runtime, info, backend.pixels(), *provider)?))
            }
            Self::Wgpu(shared, precision) => {
                let pixels = Box::new(CpuPixels::default());
                let instead = OnnxRuntimeNet::load(runtime, info, pixels, Provider::Cpu)?;
                Ok(Box::new(WgpuNet::load(Arc::clone(shared), info, *precision, Box::new(instead))?))
            }
        }
    }
}

fn beside(runtime: &Runtime) -> PathBuf {
    runtime.path().parent().map_or_else(|| CUDA.into(), |folder| folder.join(CUDA))
}

/// What a lane needs to load its nets.
pub(super) struct Loader<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) backend: &'a Opened,
    pub(super) place: &'a Place,
}

impl Loader<'_> {
    /// Nets of their own for one lane.
    pub(super) fn lane(&self, chosen: &Chosen) -> Result<(Box<dyn Detector>, Box<dyn Reader>)> {
        let detector = self.detector(&chosen.detector)?;
        let reader = self.reader(&chosen.reader)?;
        let reader = match &chosen.second {
            Some(second) => Box::new(SecondOpinion::new(reader, self.reader(second)?)),
            None => reader,
        };
        Ok((detector, reader))
    }

    fn detector(&self, info: &ModelInfo) -> Result<Box<dyn Detector>> {
        match info.decode {
            Decode::Retina => Ok(Box::new(Retina::on(self.net(info)?, info.clone())?)),
            Decode::YoloV8 | Decode::EndToEnd => {
                Ok(Box::new(Yolo::load(self.runtime, info.clone(), self.backend.pixels())?))
            }
            Decode::Slots | Decode::Ctc => Err(wrong_role(info, "a detector")),
        }
    }

    fn reader(&self, info: &ModelInfo) -> Result<Box<dyn Reader>> {
        match info.decode {
            Decode::Slots => Ok(Box::new(SlotReader::on(self.net(info)?, info.clone())?)),
            Decode::Ctc => Ok(Box::new(CtcReader::on(self.net(info)?, info.clone())?)),
            Decode::Retina | Decode::YoloV8 | Decode::EndToEnd => Err(wrong_role(info, "a reader")),
        }
    }

    fn net(&self, info: &ModelInfo) -> Result<Box<dyn Network>> {
        self.place.load(self.runtime, self.backend, info)
    }
}

fn wrong_role(info: &ModelInfo, wanted: &str) -> crate::Error {
    let reason = format!("the rule {:?} is not {wanted}'s", info.decode);
    ModelError::Shape { model: info.name.clone(), rule: "role", reason }.into()
}
