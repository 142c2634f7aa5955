//! Greedy decoding of both rules.

use super::candidates::{Position, search};
use super::{Charset, Decoded, Rule, Scores};
use crate::error::{Error, Result, check_len};

/// The class that CTC drops.
const BLANK: usize = 0;

/// Decodes `[T, C]` scores by greedy CTC: the best class of each step, repeats collapsed, blanks (class 0) dropped,
/// then the classes that the charset does not write dropped as well.
///
/// A character's confidence is its probability at the first step of its run. Candidates replace characters by the
/// runners-up of that step; up to `limit` are given. `C` is the charset's length.
pub fn decode_ctc(values: &[f32], charset: &Charset, scores: Scores, limit: usize, out: &mut Decoded) -> Result<()> {
    let mut positions = Vec::new();
    let mut last = BLANK;
    out.clear();
    for (step, row) in rows("the reader output", values, charset)?.enumerate() {
        let class = argmax(row).ok_or(Error::NotFinite { what: "the reader output", row: step })?;
        if class != last && class != BLANK && charset.written(class).is_some() {
            // Leaving the blank out: a run is there, the question is only what it says.
            positions.push(position(row, class, scores, charset, |class| charset.written(class).is_some()));
        }
        last = class;
    }
    finish(&positions, limit, out);
    Ok(())
}

/// Decodes `[slots, C]` scores, one character or padding a slot.
///
/// Candidates may also put a character into an empty slot or empty a slot, so their probabilities are products over
/// all slots. `C` is the charset's length.
pub fn decode_slots(values: &[f32], charset: &Charset, scores: Scores, limit: usize, out: &mut Decoded) -> Result<()> {
    let mut positions = Vec::new();
    out.clear();
    for (slot, row) in rows("the reader output", values, charset)?.enumerate() {
        let class = argmax(row).ok_or(Error::NotFinite { what: "the reader output", row: slot })?;
        positions.push(position(row, class, scores, charset, |_| true));
    }
    finish(&positions, limit, out);
    Ok(())
}

/// The text of greedy classes, one a step, by another charset than they were chosen with.
pub fn spell(rule: Rule, classes: &[usize], charset: &Charset) -> String {
    let before = std::iter::once(&BLANK).chain(classes);
    let is_new = |(before, class): (&usize, &usize)| match rule {
        Rule::Slots => Some(*class),
        Rule::Ctc => (class != before && *class != BLANK).then_some(*class),
    };
    before.zip(classes).filter_map(is_new).filter_map(|class| charset.written(class)).collect()
}

fn rows<'v>(what: &'static str, values: &'v [f32], charset: &Charset) -> Result<std::slice::ChunksExact<'v, f32>> {
    if charset.is_empty() {
        return Err(Error::Spec { kernel: "ctc", reason: "the charset has no classes" });
    }
    check_len(what, values.len(), values.len() / charset.len() * charset.len())?;
    Ok(values.chunks_exact(charset.len()))
}

pub(super) fn finish(positions: &[Position], limit: usize, out: &mut Decoded) {
    for (written, probability) in positions.iter().map(|position| position.choices()[0]) {
        if let Some(character) = written {
            out.text.push(character);
            out.confidences.push(probability);
        }
    }
    search(positions, limit, &mut out.candidates);
}

/// The choices at one step: the greedy class and the best of the others that `offered` lets through.
fn position(row: &[f32], best: usize, scores: Scores, charset: &Charset, offered: impl Fn(usize) -> bool) -> Position {
    let mut position = Position::new((charset.written(best), row[best]));
    for (class, value) in row.iter().enumerate() {
        if position.would_take(*value) && class != best && offered(class) {
            position.offer((charset.written(class), *value));
        }
    }
    if scores == Scores::Logits {
        let total: f32 = row.iter().map(|value| (value - row[best]).exp()).sum();
        position.map(|value| (value - row[best]).exp() / total);
    }
    position
}

/// The first class with the highest score; `None` where none is finite.
fn argmax(row: &[f32]) -> Option<usize> {
    const LANES: usize = 16;
    // Independent lanes, so that the maximum of thousands of classes vectorises; NaN never wins a comparison.
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let best = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    row.iter().position(|value| *value == best).filter(|_| best.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a step: the given class has the given probability, the rest is shared evenly.
    fn steps(classes: usize, best: &[(usize, f32)]) -> Vec<f32> {
        let row = |(class, p): &(usize, f32)| {
            let mut row = vec![(1.0 - p) / (classes - 1) as f32; classes];
            row[*class] = *p;
            row
        };
        best.iter().flat_map(row).collect()
    }

    #[test]
    fn ctc_collapses_and_drops() {
        let set = Charset::with_blank("AB-c".chars()).plates_only();
        let values =
            steps(5, &[(0, 0.9), (1, 0.8), (1, 0.9), (0, 0.9), (1, 0.7), (3, 0.9), (2, 0.6), (4, 0.5), (0, 0.9)]);
        let mut out = Decoded::default();
        decode_ctc(&values, &set, Scores::Probabilities, 5, &mut out).unwrap();
        assert_eq!(out.text, "AABC");
        assert_eq!(out.confidences, [0.8, 0.7, 0.6, 0.5]);
        assert_eq!(out.candidates.len(), 5);
        assert_eq!(out.candidates[0], ("AABC".to_owned(), 0.8 * 0.7 * 0.6 * 0.5));
        // The least sure character goes first.
        assert_eq!(out.candidates[1].0, "AABA");
        assert_eq!((out.min_confidence(), out.mean_confidence()), (0.5, 0.65));
    }

    #[test]
    fn a_dropped_class_parts_two_runs_and_wins_over_kept_ones() {
        let set = Charset::with_blank("A-".chars()).plates_only();
        let mut out = Decoded::default();
        let values = steps(3, &[(1, 0.9), (2, 0.5), (1, 0.9)]);
        decode_ctc(&values, &set, Scores::Probabilities, 5, &mut out).unwrap();
        assert_eq!(out.text, "AA");
        assert_eq!(out.candidates.len(), 1);
    }

    #[test]
    fn logits_are_softmaxed() {
        let set = Charset::with_blank("AB".chars());
        let mut out = Decoded::default();
        decode_ctc(&[1000.0, 1000.0 + 2f32.ln(), 1000.0], &set, Scores::Logits, 5, &mut out).unwrap();
        assert_eq!(out.text, "A");
        assert!((out.confidences[0] - 0.5).abs() < 1e-4);
        assert_eq!(out.candidates[1].0, "B");
        assert!((out.candidates[1].1 - 0.25).abs() < 1e-4);
    }

    #[test]
    fn slots_drop_padding() {
        let set = Charset::with_pad("AB_", '_');
        let values = [[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.0, 0.2, 0.8]];
        let mut out = Decoded::default();
        decode_slots(values.as_flattened(), &set, Scores::Probabilities, 3, &mut out).unwrap();
        assert_eq!((out.text.as_str(), out.confidences.as_slice()), ("AB", [0.9, 0.6].as_slice()));
        let texts: Vec<_> = out.candidates.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["AB", "AA", "ABB"]);
        assert_eq!(out.candidates[0].1, 0.9 * 0.6 * 0.8);
    }

    #[test]
    fn nothing_to_read_and_nothing_sound() {
        let set = Charset::with_blank("A".chars());
        let mut out = Decoded { text: "old".to_owned(), ..Decoded::default() };
        decode_ctc(&[0.9, 0.1], &set, Scores::Probabilities, 5, &mut out).unwrap();
        assert_eq!((out.text.as_str(), out.min_confidence(), out.mean_confidence()), ("", 0.0, 0.0));
        decode_ctc(&[], &set, Scores::Probabilities, 5, &mut out).unwrap();
        assert!(decode_ctc(&[0.0; 3], &set, Scores::Probabilities, 5, &mut out).is_err());
        assert!(decode_ctc(&[f32::NAN; 2], &set, Scores::Probabilities, 5, &mut out).is_err());
        assert!(decode_slots(&[0.0], &Charset::new([]), Scores::Logits, 5, &mut out).is_err());
    }

    #[test]
    fn classes_spell_what_decoding_gives() {
        let set = Charset::with_blank("AB-c".chars());
        let classes = [0, 1, 1, 0, 1, 3, 2, 4, 0];
        let values = steps(5, &classes.map(|class| (class, 0.9)));
        let mut out = Decoded::default();
        decode_ctc(&values, &set, Scores::Probabilities, 0, &mut out).unwrap();
        assert_eq!((spell(Rule::Ctc, &classes, &set), "AA-Bc"), (out.text.clone(), out.text.as_str()));
        decode_slots(&values, &set, Scores::Probabilities, 0, &mut out).unwrap();
        assert_eq!(spell(Rule::Slots, &classes, &set), out.text);
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        let mut row = vec![0.0; 40];
        (row[17], row[33], row[39]) = (1.0, 1.0, 1.0);
        row[3] = f32::NAN;
        assert_eq!(argmax(&row), Some(17));
        assert_eq!(argmax(&[f32::NEG_INFINITY]), None);
        assert_eq!(argmax(&[]), None);
    }
}
