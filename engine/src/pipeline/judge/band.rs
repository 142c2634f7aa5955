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
        let repeated = verdict
            .kept
            .iter_mut()
            .find(|k| k.reading.text == reading.text && iou(&k.detected.rect, &detected.rect) > SAME_PLATE_OVERLAP);
        if let Some(first) = repeated {
            let mut plate = Plate { detected, reading, band };
            // Of one plate seen twice the trusted sighting stands, so that nobody is asked what is known.
            if band == Band::Read && first.band != Band::Read {
                std::mem::swap(first, &mut plate);
            }
            verdict.weak.push(Weak { detected: plate.detected, reading: plate.reading, reason: "repeat" });
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

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_kernels::Rect;

    const RULES: Rules = Rules {
        read_min_confidence: 0.8,
        read_min_score: 0.4,
        min_chars: 4,
        max_chars: 8,
        weak_score: 0.6,
        plate_score: 0.2,
    };

    fn reading(text: &str, confidence: f32) -> Reading {
        Reading {
            text: text.into(),
            raw_text: text.into(),
            confidences: vec![confidence; text.len()],
            candidates: Vec::new(),
            region: None,
            reader: "test".into(),
        }
    }

    /// A sighting 100 pixels wide at `x`.
    fn seen(x: f32, score: f32, text: &str, confidence: f32) -> (Detected, Reading) {
        let rect = Rect { x, y: 0.0, w: 100.0, h: 25.0 };
        (Detected { rect, score, class: 0, corners: rect.corners() }, reading(text, confidence))
    }

    fn kept(verdict: &Verdict) -> Vec<(&str, Band)> {
        verdict.kept.iter().map(|p| (p.reading.text.as_str(), p.band)).collect()
    }

    fn weak(verdict: &Verdict) -> Vec<(&str, &str)> {
        verdict.weak.iter().map(|w| (w.reading.text.as_str(), w.reason)).collect()
    }

    #[test]
    fn the_band_of_one_plate() {
        for (score, text, confidence, band) in [
            (0.9, "ABC123", 0.9, Band::Read),
            // Every bound belongs to the better side.
            (0.4, "AB12", 0.8, Band::Read),
            (0.4, "ABCD1234", 0.8, Band::Read),
            (0.39, "ABC123", 0.9, Band::Manual(Doubt::UnsurePlate)),
            (0.2, "ABC123", 0.9, Band::Manual(Doubt::UnsurePlate)),
            (0.19, "ABC123", 0.9, Band::Manual(Doubt::NoPlate)),
            (0.9, "ABC123", 0.79, Band::Manual(Doubt::UnsureText)),
            (0.9, "AB1", 0.99, Band::Manual(Doubt::Format)),
            (0.9, "ABCD12345", 0.99, Band::Manual(Doubt::Format)),
            (0.9, "", 0.99, Band::Manual(Doubt::Format)),
            // Of several doubts the most fundamental is named.
            (0.3, "AB1", 0.1, Band::Manual(Doubt::Format)),
            (0.3, "ABC123", 0.1, Band::Manual(Doubt::UnsureText)),
            (0.1, "AB1", 0.1, Band::Manual(Doubt::NoPlate)),
        ] {
            assert_eq!(RULES.band(score, &reading(text, confidence)), band, "{score} {text} {confidence}");
        }
    }

    #[test]
    fn one_unsure_character_is_enough() {
        let mut one = reading("ABC123", 0.99);
        one.confidences[3] = 0.5;
        assert_eq!(RULES.band(0.9, &one), Band::Manual(Doubt::UnsureText));
    }

    #[test]
    fn the_plate_is_the_one_that_is_both_found_and_read() {
        // A sign that is found more surely, and read less surely, than the plate.
        let verdict = judge(&RULES, vec![seen(0.0, 0.9, "EXIT", 0.5), seen(300.0, 0.7, "ABC123", 0.95)]);
        assert_eq!(kept(&verdict), [("ABC123", Band::Read), ("EXIT", Band::Manual(Doubt::UnsureText))]);
        // Without a text it is the detector's word alone.
        let verdict = judge(&RULES, vec![seen(0.0, 0.7, "", 0.0), seen(300.0, 0.9, "", 0.0)]);
        assert_eq!(verdict.kept[0].detected.score, 0.9);
    }

    #[test]
    fn the_first_is_always_kept() {
        let verdict = judge(&RULES, vec![seen(0.0, 0.01, "", 0.0)]);
        assert_eq!(kept(&verdict), [("", Band::Manual(Doubt::NoPlate))]);
        let verdict = judge(&RULES, Vec::new());
        assert!(verdict.kept.is_empty() && verdict.weak.is_empty());
    }

    #[test]
    fn a_further_sighting_is_trusted_asked_about_or_noted() {
        let verdict = judge(
            &RULES,
            vec![
                seen(0.0, 0.95, "ABC123", 0.95),
                seen(200.0, 0.5, "XYZ789", 0.9),
                seen(400.0, 0.6, "SIGN", 0.5),
                seen(600.0, 0.59, "POST", 0.5),
            ],
        );
        let asked = Band::Manual(Doubt::UnsureText);
        assert_eq!(kept(&verdict), [("ABC123", Band::Read), ("XYZ789", Band::Read), ("SIGN", asked)]);
        assert_eq!(weak(&verdict), [("POST", "weak")]);
    }

    #[test]
    fn one_plate_seen_twice_is_a_repeat() {
        let twice = |x: f32, text: &str| judge(&RULES, vec![seen(0.0, 0.9, "ABC123", 0.9), seen(x, 0.8, text, 0.9)]);
        assert_eq!(weak(&twice(20.0, "ABC123")), [("ABC123", "repeat")]);
        // 82 of 100 pixels apart the boxes share 18 / 182, just under a tenth.
        assert_eq!(kept(&twice(82.0, "ABC123")), [("ABC123", Band::Read), ("ABC123", Band::Read)]);
        assert_eq!(weak(&twice(81.0, "ABC123")), [("ABC123", "repeat")]);
        // Another text in the same place is another reading, and a person may have to choose.
        assert_eq!(kept(&twice(20.0, "ABC128")), [("ABC123", Band::Read), ("ABC128", Band::Read)]);
    }

    /// Whatever comes in goes out once: as an event of its own or as a note.
    #[test]
    fn no_sighting_is_lost() {
        let mut state = 7_u32;
        let mut roll = |sides: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % sides
        };
        let id = |d: &Detected, r: &Reading| (d.rect.y.to_bits(), d.score.to_bits(), r.text.clone());
        for round in 0..200 {
            let plates: Vec<_> = (0..roll(9))
                .map(|i| {
                    let text = ["ABC123", "ABC128", "", "X"][roll(4) as usize];
                    let mut plate = seen(roll(150) as f32, roll(100) as f32 / 100.0, text, roll(100) as f32 / 100.0);
                    plate.0.rect.y = i as f32 / 10.0;
                    plate
                })
                .collect();
            let mut before: Vec<_> = plates.iter().map(|(d, r)| id(d, r)).collect();
            let verdict = judge(&RULES, plates);
            let mut after: Vec<_> = verdict.kept.iter().map(|p| id(&p.detected, &p.reading)).collect();
            after.extend(verdict.weak.iter().map(|w| id(&w.detected, &w.reading)));
            before.sort();
            after.sort();
            assert_eq!(before, after, "round {round}");
            assert_eq!(verdict.kept.is_empty(), before.is_empty(), "round {round}");
        }
    }
}
