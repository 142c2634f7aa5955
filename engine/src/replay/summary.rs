//! What a finished replay comes to.

use crate::pipeline::Decoding;
use serde::Serialize;
use tollgate_datasets::Scores;

/// Totals, and accuracy where there are labels. Percentages are rounded to a tenth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Photos, those rejected included.
    pub images: u64,
    /// Photos whose best plate is trusted.
    pub reads: u64,
    /// Photos a person is asked about.
    pub manual: u64,
    /// Photos that could not be used.
    pub rejected: u64,
    /// Plates that became events.
    pub plates: u64,
    /// From the first photo to the last result, in this process.
    pub seconds: f64,
    /// Photos of this process by its seconds.
    pub images_per_s: f64,
    /// With `--backend gpu`: where the photos of this process were decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<Decoding>,
    /// Photos with labels.
    pub labelled: usize,
    /// Accuracy over all labelled photos; absent without labels.
    #[serde(flatten)]
    pub scores: Option<Accuracy>,
    /// The same by folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FolderScores>,
}

/// Accuracy over labelled photos, in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// Some box has an IoU of at least 0.5 with the label's.
    pub recall: f64,
    /// The best plate's text is the label's.
    pub exact: f64,
    /// The same with O = 0 and I = 1.
    pub exact_folded: f64,
    /// 1 − edit distance by length.
    pub chars: f64,
    /// The same with O = 0 and I = 1.
    pub chars_folded: f64,
    /// Share of photos read without a person.
    pub read_share: f64,
    /// `exact` over those alone.
    pub read_exact: f64,
    /// `exact_folded` over those alone.
    pub read_folded: f64,
}

/// Accuracy of one folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FolderScores {
    /// The folder.
    pub folder: String,
    /// Photos with labels in it.
    pub labelled: usize,
    /// Its accuracy.
    #[serde(flatten)]
    pub scores: Accuracy,
}

impl From<Scores> for Accuracy {
    fn from(scores: Scores) -> Self {
        let s = scores.rounded();
        Self {
            recall: s.recall,
            exact: s.exact,
            exact_folded: s.exact_folded,
            chars: s.chars,
            chars_folded: s.chars_folded,
            read_share: s.read_share,
            read_exact: s.read_exact,
            read_folded: s.read_folded,
        }
    }
}
