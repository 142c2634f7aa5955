//! Plate datasets: ground truth found beside photos ([`labels`]), the scoring of what was read against it ([`score`]), and the
//! rendered sample set.
//!
//! The crate knows nothing of models or of the flow: it takes boxes and text and says how good they are.

pub mod error;
pub mod labels;
pub mod sample;
pub mod score;

pub use error::{Error, Result};
pub use labels::{Label, LabelStore, Labels};
pub use score::{Scorer, Scores, Verdict};
