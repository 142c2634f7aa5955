//! How good reads are against labels.
//!
//! Text is upper-cased and only `[A-Z0-9]` kept. *Exact*: the best plate's text equals the photo's first label. *Folded*: the same
//! with O as 0 and I as 1, since plates and labels mix them. *Recall*: some box has an intersection over union of at least
//! [`MIN_IOU`] with the first label's box. *Chars*: 1 − Σ edit distance / Σ label length. Only labelled photos count.

use crate::Label;
use std::collections::BTreeMap;

/// Intersection over union from which a box counts as found (PASCAL VOC's convention).
pub const MIN_IOU: f64 = 0.5;

/// One photo's result against its first label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Some box lies on the labelled plate.
    pub hit: bool,
    /// The text is the label's.
    pub exact: bool,
    /// The text is the label's, O counted as 0 and I as 1.
    pub folded: bool,
    /// The label's text, normalised; empty where the photo has no label.
    pub expected: String,
}

/// Percentages over a number of labelled photos; unrounded, see [`Scores::rounded`].
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Scores {
    /// Labelled photos.
    pub labelled: usize,
    /// Plates found.
    pub recall: f64,
    /// Texts equal.
    pub exact: f64,
    /// Texts equal with O=0 and I=1.
    pub exact_folded: f64,
    /// Character accuracy.
    pub chars: f64,
    /// Character accuracy with O=0 and I=1.
    pub chars_folded: f64,
    /// Labelled photos that were read without a person.
    pub read_share: f64,
    /// Of those read without a person: texts equal; 0 where none was.
    pub read_exact: f64,
    /// Of those read without a person: texts equal with O=0 and I=1; 0 where none was.
    pub read_folded: f64,
}

impl Scores {
    /// The percentages to one decimal, as reports show them.
    #[must_use]
    pub fn rounded(&self) -> Self {
        Self {
            labelled: self.labelled,
            recall: tenth(self.recall),
            exact: tenth(self.exact),
            exact_folded: tenth(self.exact_folded),
            chars: tenth(self.chars),
            chars_folded: tenth(self.chars_folded),
            read_share: tenth(self.read_share),
            read_exact: tenth(self.read_exact),
            read_folded: tenth(self.read_folded),
        }
    }
}

/// Rounds the exact binary value, ties to even, as the decimal formatter does and as Python's `round(v, 1)`.
fn tenth(value: f64) -> f64 {
    format!("{value:.1}").parse().unwrap_or(value)
}

/// Collects the results of a replay, folder by folder.
#[derive(Clone, Debug, Default)]
pub struct Scorer {
    folders: BTreeMap<String, Tally>,
}

impl Scorer {
    /// An empty scorer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Scores one photo: every box found as `[x, y, w, h]` in pixels, the best plate's text (empty where none was read), and
    /// whether it was read without a person. A photo without labels is not counted.
    pub fn add(&mut self, folder: &str, labels: &[Label], boxes: &[[f32; 4]], text: &str, auto_read: bool) -> Verdict {
        let Some(label) = labels.first() else { return Verdict::default() };
        let (read, expected) = (normalise(text), normalise(&label.plate));
        let (read_folded, expected_folded) = (fold(&read), fold(&expected));
        let verdict = Verdict {
            hit: boxes.iter().any(|b| iou(b, &label.rect) >= MIN_IOU),
            exact: read == expected,
            folded: read_folded == expected_folded,
            expected,
        };
        if !self.folders.contains_key(folder) {
            self.folders.insert(folder.to_owned(), Tally::default());
        }
        if let Some(tally) = self.folders.get_mut(folder) {
            let edits = edit_distance(&read, &verdict.expected);
            tally.add(&verdict, edits, edit_distance(&read_folded, &expected_folded), auto_read);
        }
        verdict
    }

    /// One row a folder, sorted by its name.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, Scores)> {
        self.folders.iter().map(|(folder, tally)| (folder.clone(), tally.scores())).collect()
    }

    /// All folders together.
    #[must_use]
    pub fn total(&self) -> Scores {
        self.folders.values().fold(Tally::default(), Tally::plus).scores()
    }
}

/// Counts, from which [`Scores`] are computed once at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    labelled: usize,
    hits: usize,
    exact: usize,
    folded: usize,
    letters: usize,
    edits: usize,
    edits_folded: usize,
    read: usize,
    read_exact: usize,
    read_folded: usize,
}

impl Tally {
    fn add(&mut self, verdict: &Verdict, edits: usize, edits_folded: usize, auto_read: bool) {
        self.labelled += 1;
        self.hits += usize::from(verdict.hit);
        self.exact += usize::from(verdict.exact);
        self.folded += usize::from(verdict.folded);
        self.letters += verdict.expected.len();
        self.edits += edits;
        self.edits_folded += edits_folded;
        self.read += usize::from(auto_read);
        self.read_exact += usize::from(auto_read && verdict.exact);
        self.read_folded += usize::from(auto_read && verdict.folded);
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            labelled: self.labelled + other.labelled,
            hits: self.hits + other.hits,
            exact: self.exact + other.exact,
            folded: self.folded + other.folded,
            letters: self.letters + other.letters,
            edits: self.edits + other.edits,
            edits_folded: self.edits_folded + other.edits_folded,
            read: self.read + other.read,
            read_exact: self.read_exact + other.read_exact,
            read_folded: self.read_folded + other.read_folded,
        }
    }

    fn scores(&self) -> Scores {
        Scores {
            labelled: self.labelled,
            recall: percent(self.hits, self.labelled),
            exact: percent(self.exact, self.labelled),
            exact_folded: percent(self.folded, self.labelled),
            chars: 100.0 * (1.0 - ratio(self.edits, self.letters)),
            chars_folded: 100.0 * (1.0 - ratio(self.edits_folded, self.letters)),
            read_share: percent(self.read, self.labelled),
            read_exact: percent(self.read_exact, self.read),
            read_folded: percent(self.read_folded, self.read),
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Upper-cases and keeps `[A-Z0-9]`, the only characters that are scored.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit()).collect()
}

/// O as 0 and I as 1, of normalised text.
#[must_use]
pub fn fold(text: &str) -> String {
    text.replace('O', "0").replace('I', "1")
}

/// Intersection over union of two boxes `[x, y, w, h]`; 0 where they do not meet.
#[must_use]
pub fn iou(a: &[f32; 4], b: &[f32; 4]) -> f64 {
    let (a, b) = (a.map(f64::from), b.map(f64::from));
    let side = |i: usize| ((a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i])).max(0.0);
    let shared = side(0) * side(1);
    if shared > 0.0 { shared / (a[2] * a[3] + b[2] * b[3] - shared) } else { 0.0 }
}

/// Levenshtein distance of two ASCII texts: insertions, deletions and replacements, each 1.
#[must_use]
pub fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let best = (row[j + 1] + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
