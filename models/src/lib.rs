//! Fetching and verifying model files; ONNX Runtime sessions; plate detectors and plate readers.
//!
//! A net is a file with a name, a hash and a decode rule ([`Decode`]). [`Store`] brings the file, [`Runtime`] runs it,
//! [`Detector`] and [`Reader`] give it the shape the pipeline uses.

mod error;
mod fetch;
mod info;
mod manifest;
mod runtime;
mod store;

pub mod detector;
pub mod net;
pub mod network;
pub mod pixels;
pub mod reader;

pub use detector::Detector;
pub use error::{Error, Result};
pub use fetch::{Progress, Quiet};
pub use info::ModelInfo;
pub use manifest::{Artefact, Decode, Manifest, Origin, Role, platform};
pub use network::Network;
pub use pixels::Pixels;
pub use reader::{Reader, Reading};
pub use runtime::{Provider, Runtime};
pub use store::{Store, sha256_of};
