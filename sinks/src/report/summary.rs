//! What the page says about a run beyond its events: plain numbers, handed over at the end.

use crate::event::ModelRef;

/// What a labelled plate should have been read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The label's text.
    pub expected: String,
    /// Whether it was read so.
    pub hit: bool,
}

/// How a run was set up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Version of the program.
    pub version: String,
    /// What was replayed.
    pub source: String,
    /// What the nets ran on, like `cpu` or an adapter's name.
    pub backend: String,
    /// Worker threads.
    pub workers: usize,
    /// The reader chosen.
    pub reader: String,
    /// Why it was chosen, as a sentence.
    pub reader_reason: String,
    /// Models in use.
    pub models: Vec<ModelRef>,
}

/// Accuracy of a labelled folder, or of all. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccuracyRow {
    /// The folder, or `all`.
    pub name: String,
    /// Labelled plates.
    pub plates: u64,
    /// Plates found: a box with an overlap (IoU) of at least 0.5.
    pub recall: f64,
    /// Plates read exactly.
    pub exact: f64,
    /// The same with O counted as 0 and I as 1.
    pub exact_folded: f64,
    /// Characters right (1 − edit distance / length).
    pub chars: f64,
    /// The same folded.
    pub chars_folded: f64,
    /// Of the plates in the band `read`, the share read exactly; none when the band is empty.
    pub read_precision: Option<f64>,
}

/// Speed at a moment of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThroughputPoint {
    /// Seconds since the start.
    pub at_s: f64,
    /// Images a second around then.
    pub images_per_s: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Heading of the page.
    pub title: String,
    /// How the run was set up.
    pub run: Run,
    /// Seconds the run took.
    pub seconds: f64,
    /// Images a second over the whole run (of a resumed run: of its last part).
    pub images_per_s: f64,
    /// A row a folder, that of all last; empty without labels.
    pub accuracy: Vec<AccuracyRow>,
    /// Speed over time, in order.
    pub throughput: Vec<ThroughputPoint>,
}
