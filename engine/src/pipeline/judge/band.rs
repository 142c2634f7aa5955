//! Bands: what is trusted, what a person is asked about, what is only noted.

use tollgate_kernels::boxes::Detected;
use tollgate_kernels::iou;
use tollgate_models::Reading;

/// Where the bands begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The least sure character of a trusted reading, at least.
    pub read_min_confidence: f32,
    /// The detector's score of a trusted reading, at least.
    pub read_min_score: f32,
    /// A plate's characters, at least.
    pub min_chars: usize,
    /// A plate's characters, at most.
    pub max_chars: usize,
    /// A further sighting that is not trusted is asked about from this score on, and only noted below it.
    pub weak_score: f32,
    /// The lowest score that counts as a plate at all (the detector's own threshold).
    pub plate_score: f32,
}

/// What is done with a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// Trusted: billed without a person.
    Read,
    /// A person is asked, for this reason.
    Manual(Doubt),
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing on the photo looks enough like a plate; the best guess is given.
    NoPlate,
    /// Too few or too many characters for a plate.
    Format,
    /// A character is unsure.
    UnsureText,
    /// The text is sure, but what it stands on may be no plate.
    UnsurePlate,
}

impl Doubt {
    /// The stable code in events.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoPlate => "no-plate",
            Self::Format => "format",
            Self::UnsureText => "unsure-text",
            Self::UnsurePlate => "unsure-plate",
        }
    }
}

/// A plate that becomes an event.
#[derive(Debug)]
pub(super) struct Plate {
    /// Where it is.
    pub(super) detected: Detected,
    /// What was read.
    pub(super) reading: Reading,
    /// What is done with it.
    pub(super) band: Band,
}

/// A sighting that is noted in the photo's first event, with the reason why it is no event of its own.
#[derive(Debug)]
pub(super) struct Weak {
    /// Where it is.
    pub(super) detected: Detected,
    /// What was read.
    pub(super) reading: Reading,
    /// A stable code.
    pub(super) reason: &'static str,
}

/// All of a photo's sightings, parted.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Those that become events, the one most likely to be the vehicle's first.
    pub(super) kept: Vec<Plate>,
    /// Those that are noted.
    pub(super) weak: Vec<Weak>,
}

/// Two boxes of one text that share more than this are one plate seen twice.
const SAME_PLATE_OVERLAP: f32 = 0.1;

impl Rules {
    /// The band of one plate by itself.
    pub fn band(&self, score: f32, reading: &Reading) -> Band {
        let chars = reading.text.len();
        if score < self.plate_score {
            Band::Manual(Doubt::NoPlate)
        } else if chars < self.min_chars || chars > self.max_chars {
            Band::Manual(Doubt::Format)
        } else if reading.min_confidence() < self.read_min_confidence {
            Band::Manual(Doubt::UnsureText)
        } else if score < self.read_min_score {
            Band::Manual(Doubt::UnsurePlate)
        } else {
            Band::Read
        }
    }
}

/// Parts the sightings of a photo. The first is always kept, so that a person never gets an empty hand.
pub(super) fn judge(rules: &Rules, mut plates: Vec<(Detected, Reading)>) -> Verdict {
    plates.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let mut verdict = Verdict { kept: Vec::new(), weak: Vec::new() };
    for (detected, reading) in plates {
        let band = rules.band(detected.score, &reading);
        let repeat = verdict
            .kept
            .iter()
            .any(|k| k.reading.text == reading.text && iou(&k.detected.rect, &detected.rect) > SAME_PLATE_OVERLAP);
        if repeat {
            verdict.weak.push(Weak { detected, reading, reason: "repeat" });
        } else if band == Band::Read || verdict.kept.is_empty() || detected.score >= rules.weak_score {
            verdict.kept.push(Plate { detected, reading, band });
        } else {
            verdict.weak.push(Weak { detected, reading, reason: "weak" });
        }
    }
    verdict
}

/// How likely a sighting is the vehicle's plate: the detector's score and the reader's word together, since signs and
/// stickers are found as well, but seldom read as surely.
fn rank((detected, reading): &(Detected, Reading)) -> f32 {
    detected.score * reading.mean_confidence().max(0.05)
}
