//! The one error type of this crate.

use std::path::PathBuf;

/// What can go wrong with model files, ONNX Runtime and the nets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of artefacts could not be understood.
    #[error("MODELS.toml: {0}")]
    Manifest(#[from] toml::de::Error),
    /// No artefact has this name on this platform.
    #[error("no artefact is named `{name}` on {platform}; `tollgate models list` shows those there are")]
    UnknownArtefact {
        /// The name asked for.
        name: String,
        /// This machine, as `os-arch`.
        platform: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// A file has other bytes than it must have.
    #[error(
        "{} has sha256 {found}, but {expected} is expected: the file is damaged or not the one meant; \
         delete it and run `tollgate models fetch`", path.display()
    )]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// The hash it must have.
        expected: String,
        /// The hash it has.
        found: String,
    },
    /// A source delivered other bytes than it must deliver.
    #[error("{origin} delivered {file} with sha256 {found}, but {expected} is expected; nothing was kept of it")]
    WrongDelivery {
        /// The file asked for.
        file: String,
        /// Where it came from.
        origin: String,
        /// The hash it must have.
        expected: String,
        /// The hash it has.
        found: String,
    },
    /// A source does not have the file or is out of reach; the next one is tried.
    #[error("{origin}: {reason}")]
    SourceFailed {
        /// Which source.
        origin: String,
        /// What it said.
        reason: String,
    },
    /// None of the sources had the file.
    #[error(
        "{file} could not be fetched ({tried}). Without a network: put {file} (sha256 {sha256}) into {}, \
         or into a folder named by TOLLGATE_MODEL_MIRROR", cache.display()
    )]
    OutOfReach {
        /// The file's name.
        file: String,
        /// Its hash.
        sha256: String,
        /// The cache folder.
        cache: PathBuf,
        /// Every source with its failure.
        tried: String,
    },
    /// `libonnxruntime` could not be opened.
    #[error("cannot open ONNX Runtime at {}: {reason}; ORT_DYLIB_PATH names another one", path.display())]
    Runtime {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// ONNX Runtime refused a model or a run.
    #[error("{model}: {what} failed")]
    Onnx {
        /// The model's name.
        model: String,
        /// What was tried.
        what: &'static str,
        /// ONNX Runtime's word.
        source: ort::Error,
    },
    /// A model is not of the form its decode rule asks for.
    #[error("{model} does not fit the decode rule `{rule}`: {reason}")]
    Shape {
        /// The model's name.
        model: String,
        /// The decode rule.
        rule: &'static str,
        /// What differs.
        reason: String,
    },
    /// A kernel refused its input.
    #[error("an image kernel refused its input")]
    Kernel(#[from] tollgate_kernels::Error),
    /// A provider of ONNX Runtime that cannot be used here.
    #[error(
        "ONNX Runtime's {provider} provider ({}) cannot be used: {reason}; \
         set `inference = \"auto\"` under [models], or use `--backend cpu`", path.display()
    )]
    Provider {
        /// Which provider.
        provider: &'static str,
        /// Its library.
        path: PathBuf,
        /// What stands in its way, and what to do about it.
        reason: String,
        /// ONNX Runtime's word, if it said one.
        source: Option<ort::Error>,
    },
    /// A file that is no ONNX file.
    #[error("{} is no ONNX file, or damaged: fetch or export it again", path.display())]
    OnnxFile {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An operation that the wgpu executor does not have.
    #[error(
        "the wgpu executor does not know the operation {op} (node `{node}` of {model}): \
         set `inference = \"onnxruntime\"` under [models], or use `--backend cpu`"
    )]
    UnknownOp {
        /// The net.
        model: String,
        /// The operation, and which form of it is meant.
        op: String,
        /// The node.
        node: String,
    },
    /// A graph that contradicts itself or what it is given.
    #[error("{model} cannot be run by the wgpu executor: {part}: {reason}")]
    OnnxGraph {
        /// The net.
        model: String,
        /// Which part of it.
        part: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// Whether the GPU could do less at once.
    pub(crate) fn is_too_much(&self) -> bool {
        use tollgate_kernels::Error::{GpuLimit, OutOfMemory};
        matches!(self, Self::Kernel(GpuLimit { .. } | OutOfMemory { .. }))
    }
}

/// This crate's result.
pub type Result<T> = std::result::Result<T, Error>;
