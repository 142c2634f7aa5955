//! CTC: from a reader's scores to text, with a confidence a character and the next best readings.
//!
//! Two decode rules: greedy connectionist temporal classification over `[T, C]` ([`decode_ctc`]) and fixed slots
//! `[slots, C]` ([`decode_slots`]). In both the class is chosen among all classes, and only then is it asked whether
//! its character is kept ([`Charset`]): masking first would turn a sure comma into an unsure letter.
//!
//! Tolerance between twins: the same classes at the same steps; probabilities within 10⁻⁵.

mod candidates;
mod charset;
mod cpu;
pub mod gpu;

pub use candidates::MAX_CANDIDATES;
pub use charset::Charset;
pub use cpu::{decode_ctc, decode_slots, spell};
pub use gpu::{GpuCtc, Text};

/// How a reader's rows become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Greedy CTC with class 0 as the blank, as [`decode_ctc`].
    Ctc,
    /// One character or padding a row, as [`decode_slots`].
    Slots,
}

/// What the scores of a net are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Probabilities: each row adds up to 1.
    Probabilities,
    /// Logits: a softmax over each row is still to be taken.
    Logits,
}

/// A reading. Reuse one value for many crops: its buffers are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The greedy reading.
    pub text: String,
    /// The probability of each character of `text`.
    pub confidences: Vec<f32>,
    /// Distinct readings with the product of their characters' probabilities, the best first; the first is `text`.
    pub candidates: Vec<(String, f32)>,
}

impl Decoded {
    /// Empties the reading, keeping its buffers.
    pub fn clear(&mut self) {
        self.text.clear();
        self.confidences.clear();
        self.candidates.clear();
    }

    /// The mean of the characters' confidences; 0 for an empty reading.
    pub fn mean_confidence(&self) -> f32 {
        let sum: f32 = self.confidences.iter().sum();
        if self.confidences.is_empty() { 0.0 } else { sum / self.confidences.len() as f32 }
    }

    /// The least sure character's confidence; 0 for an empty reading.
    pub fn min_confidence(&self) -> f32 {
        let low = self.confidences.iter().copied().fold(f32::INFINITY, f32::min);
        if low.is_finite() { low } else { 0.0 }
    }
}
