//! Which nets are used.

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::path::PathBuf;
use tollgate_models::Decode;

/// Which nets are used.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// `"auto"`, a name from `tollgate models list`, or `{ path, decode, sha256 }`.
    pub detector: Choice,
    /// `"auto"`, a name from `tollgate models list`, or `{ path, decode, sha256 }`.
    pub reader: Choice,
    /// Whether a second reader is asked where the first is unsure of a character.
    pub second_opinion: bool,
    /// Where the nets run with `--backend gpu`.
    pub inference: Inference,
    /// What `inference = "wgpu"` stores values as.
    pub precision: Precision,
}

/// What our own executor stores values as; it sums 32-bit floats in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats, whose results are those of ONNX Runtime. The default until 16 bits have been measured on a GPU.
    #[default]
    F32,
    /// 16-bit floats, where the GPU has them.
    F16,
}

impl From<Precision> for tollgate_kernels::net::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
        }
    }
}

impl ModelsConfig {
    /// # Errors
    /// A precision that nothing here would have.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.precision == Precision::F16 && self.inference != Inference::Wgpu {
            return Err(
                "models.precision is \"f16\", which the nets have with models.inference = \"wgpu\" alone".into()
            );
        }
        Ok(())
    }
}

/// Where the nets run with `--backend gpu`; on the CPU it is ONNX Runtime in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inference {
    /// The quickest, measured for each net at the start; beside a software adapter ONNX Runtime on the CPU.
    #[default]
    Auto,
    /// ONNX Runtime's CPU provider; the GPU makes the nets' inputs alone.
    OnnxRuntime,
    /// Our own executor, on the GPU that makes the inputs.
    Wgpu,
    /// ONNX Runtime's WebGPU provider.
    WebGpu,
    /// ONNX Runtime's CUDA provider, where its library lies beside ONNX Runtime's.
    Cuda,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        let (detector, reader) = (Choice::Auto, Choice::Auto);
        let (inference, precision) = (Inference::Auto, Precision::F32);
        Self { detector, reader, second_opinion: true, inference, precision }
    }
}

/// How a model is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Choice {
    /// The best that can be had.
    #[default]
    Auto,
    /// A shipped one, by name.
    Named(String),
    /// A user's own.
    Own(OwnModel),
}

/// A user's own net.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnModel {
    /// The ONNX file.
    pub path: PathBuf,
    /// How its outputs are decoded.
    pub decode: Decode,
    /// The hash it must have, where the config pins it.
    pub sha256: Option<String>,
}

/// By hand and not `untagged`, which would hide the reason (and the line) of every error behind "no variant matched".
impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;
        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = Choice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", a model's name, or { path = \"…\", decode = \"…\" }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Choice, E> {
                Ok(if name == "auto" { Choice::Auto } else { Choice::Named(name.into()) })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice, A::Error> {
                OwnModel::deserialize(de::value::MapAccessDeserializer::new(map)).map(Choice::Own)
            }
        }
        deserializer.deserialize_any(ChoiceVisitor)
    }
}
