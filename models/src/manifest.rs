//! `MODELS.toml`: what there is to fetch, from where, and the hash it must have.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// The list this program was built with.
const SHIPPED: &str = include_str!("../MODELS.toml");

/// What an artefact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The ONNX Runtime library.
    Runtime,
    /// Finds plates in a photo.
    Detector,
    /// Reads the text of a plate.
    Reader,
}

/// How a net's outputs are turned into boxes or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// Detector: RetinaFace priors with four-corner landmarks.
    Retina,
    /// Detector: YOLOv8 style, `[1, 4 + classes, n]`.
    YoloV8,
    /// Detector: rows of `batch, x0, y0, x1, y1, class, score`, suppressed inside the net.
    EndToEnd,
    /// Reader: a fixed number of slots over an alphabet with a padding character.
    Slots,
    /// Reader: CTC over time steps with blank 0.
    Ctc,
}

/// A place an artefact can be had from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Origin {
    /// A file served over HTTPS.
    Url {
        /// Its address.
        url: String,
    },
    /// A file inside a Python wheel, fetched with pip.
    Wheel {
        /// `name==version`.
        wheel: String,
        /// The file inside it.
        member: String,
        /// The platform tag where the wheel is not for any platform.
        tag: Option<String>,
    },
}

/// One file that is fetched and verified.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// The name used in configs and events.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// `os-arch` where the file is for one platform only.
    pub platform: Option<String>,
    /// Its file name in the cache and in a mirror folder.
    pub file: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// SPDX expression.
    pub licence: String,
    /// One line for people.
    pub about: String,
    /// Input tensors.
    pub input: Option<String>,
    /// Output tensors.
    pub output: Option<String>,
    /// How the outputs are decoded.
    pub decode: Option<Decode>,
    /// Among artefacts of one role the highest that can be had is taken by `auto`.
    #[serde(default)]
    pub preference: u32,
    /// Where it can be had, in the order they are tried.
    pub sources: Vec<Origin>,
}

/// All artefacts for this platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The artefacts, in the file's order.
    #[serde(rename = "artefact")]
    pub artefacts: Vec<Artefact>,
}

impl Manifest {
    /// The list shipped with this program, reduced to this platform.
    pub fn shipped() -> Result<Self> {
        let mut all: Self = toml::from_str(SHIPPED)?;
        let here = platform();
        all.artefacts.retain(|a| a.platform.as_deref().is_none_or(|p| p == here));
        Ok(all)
    }

    /// The artefact of that name.
    pub fn get(&self, name: &str) -> Result<&Artefact> {
        self.artefacts
            .iter()
            .find(|a| a.name == name)
            .ok_or_else(|| Error::UnknownArtefact { name: name.into(), platform: platform() })
    }

    /// The artefacts of a role, the most preferred first.
    pub fn by_preference(&self, role: Role) -> Vec<&Artefact> {
        let mut found: Vec<_> = self.artefacts.iter().filter(|a| a.role == role).collect();
        found.sort_by_key(|a| std::cmp::Reverse(a.preference));
        found
    }
}

/// This machine as `os-arch`.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_complete() {
        let all: Manifest = toml::from_str(SHIPPED).unwrap();
        for a in &all.artefacts {
            assert_eq!(a.sha256.len(), 64, "{}", a.name);
            assert!(!a.sources.is_empty(), "{}", a.name);
            assert_eq!(a.decode.is_some(), a.role != Role::Runtime, "{}", a.name);
        }
    }

    #[test]
    fn readers_come_in_order_of_preference() {
        let shipped = Manifest::shipped().unwrap();
        let names: Vec<_> = shipped.by_preference(Role::Reader).iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["cct_xs_v2_global", "PP-OCRv6_rec_small"]);
    }
}
