//! What identifies a model in every event it had a part in.

use crate::manifest::{Artefact, Decode, Role};
use crate::{Error, Result, sha256_of};
use std::path::{Path, PathBuf};

/// A model's identity and how to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How its outputs are decoded.
    pub decode: Decode,
    /// SHA-256 of its file, lower-case hex.
    pub sha256: String,
    /// Its file.
    pub path: PathBuf,
}

impl ModelInfo {
    /// A shipped artefact at the place where the store keeps it; `None` for one that is not a net.
    pub fn shipped(artefact: &Artefact, path: PathBuf) -> Option<Self> {
        Some(Self {
            name: artefact.name.clone(),
            role: artefact.role,
            decode: artefact.decode?,
            sha256: artefact.sha256.clone(),
            path,
        })
    }

    /// A user's own file, named by its stem.
    pub fn own(path: &Path, role: Role, decode: Decode) -> Result<Self> {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, role, decode, sha256: sha256_of(path)?, path: path.into() })
    }

    pub(crate) fn misfit(&self, rule: &'static str, reason: impl Into<String>) -> Error {
        Error::Shape { model: self.name.clone(), rule, reason: reason.into() }
    }

    pub(crate) fn failed(&self, what: &'static str) -> impl Fn(ort::Error) -> Error + use<> {
        let model = self.name.clone();
        move |source| Error::Onnx { model: model.clone(), what, source }
    }
}
