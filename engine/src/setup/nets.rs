//! Where the nets run, and the nets of one lane.

use super::places::Places;
use super::{Chosen, Opened};
use crate::Result;
use std::sync::Arc;
use tollgate_kernels::net::Precision;
use tollgate_models::detector::{Retina, Yolo};
use tollgate_models::network::{Network, OnnxRuntimeNet, WgpuNet};
use tollgate_models::pixels::{CpuPixels, SharedGpu};
use tollgate_models::reader::{CtcReader, SecondOpinion, SlotReader};
use tollgate_models::{Decode, Detector, Error as ModelError, ModelInfo, Provider, Reader, Runtime};

/// Where a net runs.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In ONNX Runtime.
    OnnxRuntime(Provider),
    /// In our own executor.
    Wgpu(Arc<SharedGpu>, Precision),
}

impl Place {
    /// On the cores, whatever else there is.
    pub(super) const CPU: Self = Self::OnnxRuntime(Provider::Cpu);

    /// Its name in the config; the CPU is `onnxruntime` there.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::OnnxRuntime(provider) => provider.name(),
            Self::Wgpu(..) => "wgpu",
        }
    }

    /// Whether it leaves the GPU alone.
    pub(super) fn is_cpu(&self) -> bool {
        matches!(self, Self::OnnxRuntime(Provider::Cpu))
    }

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

/// What a lane needs to load its nets.
pub(super) struct Loader<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) backend: &'a Opened,
    pub(super) places: &'a Places,
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

    pub(super) fn detector(&self, info: &ModelInfo) -> Result<Box<dyn Detector>> {
        match info.decode {
            Decode::Retina => Ok(Box::new(Retina::on(self.net(info)?, info.clone())?)),
            Decode::YoloV8 | Decode::EndToEnd => {
                Ok(Box::new(Yolo::load(self.runtime, info.clone(), self.backend.pixels())?))
            }
            Decode::Slots | Decode::Ctc => Err(wrong_role(info, "a detector")),
        }
    }

    pub(super) fn reader(&self, info: &ModelInfo) -> Result<Box<dyn Reader>> {
        match info.decode {
            Decode::Slots => Ok(Box::new(SlotReader::on(self.net(info)?, info.clone())?)),
            Decode::Ctc => Ok(Box::new(CtcReader::on(self.net(info)?, info.clone())?)),
            Decode::Retina | Decode::YoloV8 | Decode::EndToEnd => Err(wrong_role(info, "a reader")),
        }
    }

    fn net(&self, info: &ModelInfo) -> Result<Box<dyn Network>> {
        self.places.of(info).load(self.runtime, self.backend, info)
    }
}

fn wrong_role(info: &ModelInfo, wanted: &str) -> crate::Error {
    let reason = format!("the rule {:?} is not {wanted}'s", info.decode);
    ModelError::Shape { model: info.name.clone(), rule: "role", reason }.into()
}
