//! Reading the text of a plate.

mod crops;
mod ctc;
mod pair;
mod regions;
mod slots;

pub use crops::CropNet;
pub use ctc::CtcReader;
pub use pair::SecondOpinion;
pub use slots::SlotReader;

use crate::{ModelInfo, Result};
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::{Photo, Rect};

/// What a reader made of one plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The plate's characters, `A–Z0–9` only.
    pub text: String,
    /// What the net said before anything was taken away from it.
    pub raw_text: String,
    /// How sure each character of `text` is, 0 to 1.
    pub confidences: Vec<f32>,
    /// Up to five readings with their probabilities, the likeliest first.
    pub candidates: Vec<(String, f32)>,
    /// The plate's country or region with its probability, where the reader tells.
    pub region: Option<(&'static str, f32)>,
    /// The name of the reader that said so.
    pub reader: Arc<str>,
}

impl Reading {
    /// Of a plate that nobody was asked to read.
    pub fn none() -> Self {
        let (text, raw_text) = (String::new(), String::new());
        Self { text, raw_text, confidences: Vec::new(), candidates: Vec::new(), region: None, reader: "".into() }
    }

    /// The least sure character; 0 when nothing was read.
    pub fn min_confidence(&self) -> f32 {
        self.confidences.iter().copied().reduce(f32::min).unwrap_or(0.0)
    }

    /// The mean over the characters; 0 when nothing was read.
    pub fn mean_confidence(&self) -> f32 {
        let n = self.confidences.len().max(1);
        self.confidences.iter().sum::<f32>() / n as f32
    }
}

/// Reads plates. Not shared between threads: each worker has its own, with its own buffers.
pub trait Reader: Send {
    /// One reading a plate of each photo, in the same order; `plates` are what the detector found on each, the surest
    /// first.
    fn read(&mut self, photos: &mut [&mut Photo], plates: &[&[Detected]]) -> Result<Vec<Vec<Reading>>>;

    /// So many plates are best given at once.
    fn at_once(&self) -> usize;

    /// The models behind it, the leading one first.
    fn infos(&self) -> Vec<&ModelInfo>;
}

/// A reader of one crop a plate.
pub trait CropReader: Reader {
    /// Its net.
    fn crops(&mut self) -> &mut CropNet;

    /// What of a photo is read for a plate in `plate`.
    fn around(&self, plate: Rect) -> Rect;
}
