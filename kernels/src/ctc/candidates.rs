//! The readings next to the best one: a best-first search over one choice a position.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The most candidates that are ever given.
pub const MAX_CANDIDATES: usize = 5;

/// Combinations looked at before the search gives up on finding another distinct text. Only positions that may stay
/// empty can spell one text twice, so this is a bound for odd inputs, not one that plates reach.
const MAX_VISITS: usize = 64;

/// One character or nothing, with its probability.
pub(super) type Choice = (Option<char>, f32);

/// What may stand at one position, the likeliest first. Never empty, no character twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Position {
    choices: [Choice; MAX_CANDIDATES],
    len: usize,
}

impl Position {
    /// A position with its greedy choice.
    pub(super) fn new(best: Choice) -> Self {
        let mut choices = [(None, 0.0); MAX_CANDIDATES];
        choices[0] = best;
        Self { choices, len: 1 }
    }

    /// The choices, the greedy one first and the others by falling probability.
    pub(super) fn choices(&self) -> &[Choice] {
        &self.choices[..self.len]
    }

    /// Whether an alternative of this probability is a number and would not be the least of a full house.
    pub(super) fn would_take(&self, probability: f32) -> bool {
        let bar = if self.len < MAX_CANDIDATES { f32::NEG_INFINITY } else { self.choices[self.len - 1].1 };
        probability > bar
    }

    /// Changes every probability by a function that keeps their order.
    pub(super) fn map(&mut self, change: impl Fn(f32) -> f32) {
        self.choices[..self.len].iter_mut().for_each(|choice| choice.1 = change(choice.1));
    }

    /// Offers an alternative; of what is written twice the likelier stays, of what is equally likely the first.
    pub(super) fn offer(&mut self, (written, probability): Choice) {
        if !self.would_take(probability) {
            return;
        }
        if let Some(same) = self.choices().iter().position(|choice| choice.0 == written) {
            if same == 0 || self.choices[same].1 >= probability {
                return;
            }
            self.choices.copy_within(same + 1..self.len, same);
            self.len -= 1;
        } else if self.len == MAX_CANDIDATES {
            self.len -= 1;
        }
        let rank = (1..self.len).find(|rank| self.choices[*rank].1 < probability).unwrap_or(self.len);
        self.choices.copy_within(rank..self.len, rank + 1);
        self.choices[rank] = (written, probability);
        self.len += 1;
    }
}

/// A combination of choices, waiting to be written.
struct State {
    probability: f32,
    picks: Vec<u8>,
    /// The last position that was changed; only this one and later ones are changed further, so that every
    /// combination comes up once.
    changed: usize,
}

impl Ord for State {
    /// The likelier first; among equals the one that leaves earlier positions alone.
    fn cmp(&self, other: &Self) -> Ordering {
        self.probability.total_cmp(&other.probability).then_with(|| other.picks.cmp(&self.picks))
    }
}

impl PartialOrd for State {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for State {}

/// Writes up to `limit` (at most [`MAX_CANDIDATES`]) distinct texts into `out`, by falling product of probabilities.
pub(super) fn search(positions: &[Position], limit: usize, out: &mut Vec<(String, f32)>) {
    let limit = limit.min(MAX_CANDIDATES);
    let mut heap = BinaryHeap::new();
    heap.push(state(positions, vec![0; positions.len()], 0));
    for _ in 0..MAX_VISITS {
        if out.len() >= limit {
            return;
        }
        let Some(best) = heap.pop() else { return };
        let chosen = best.picks.iter().zip(positions).filter_map(|(pick, position)| position.choices[*pick as usize].0);
        let text: String = chosen.collect();
        if out.iter().all(|(known, _)| *known != text) {
            out.push((text, best.probability));
        }
        for index in best.changed..positions.len() {
            if usize::from(best.picks[index]) + 1 < positions[index].len {
                let mut picks = best.picks.clone();
                picks[index] += 1;
                heap.push(state(positions, picks, index));
            }
        }
    }
}

fn state(positions: &[Position], picks: Vec<u8>, changed: usize) -> State {
    let probability = picks.iter().zip(positions).map(|(pick, position)| position.choices[*pick as usize].1).product();
    State { probability, picks, changed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(choices: &[Choice]) -> Position {
        let mut position = Position::new(choices[0]);
        choices[1..].iter().for_each(|choice| position.offer(*choice));
        position
    }

    fn found(positions: &[Position], limit: usize) -> Vec<(String, f32)> {
        let mut out = Vec::new();
        search(positions, limit, &mut out);
        out
    }

    #[test]
    fn offers_stay_sorted_and_distinct() {
        let mut one = position(&[(Some('A'), 0.4), (Some('B'), 0.1), (Some('C'), 0.2), (Some('A'), 0.3)]);
        assert_eq!(one.choices(), [(Some('A'), 0.4), (Some('C'), 0.2), (Some('B'), 0.1)]);
        one.offer((Some('B'), 0.25));
        assert_eq!(one.choices(), [(Some('A'), 0.4), (Some('B'), 0.25), (Some('C'), 0.2)]);
        ["D", "E", "F", "G"].iter().for_each(|c| one.offer((c.chars().next(), 0.01)));
        assert_eq!(one.choices().len(), MAX_CANDIDATES);
        one.offer((Some('Z'), 0.3));
        assert_eq!(one.choices()[1], (Some('Z'), 0.3));
        assert_eq!(one.choices()[4], (Some('D'), 0.01));
    }

    #[test]
    fn readings_by_hand() {
        let positions =
            [position(&[(Some('0'), 0.6), (Some('O'), 0.4)]), position(&[(Some('1'), 0.5), (Some('I'), 0.4)])];
        let found = found(&positions, 9);
        let texts: Vec<_> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["01", "0I", "O1", "OI"]);
        assert_eq!(found[0].1, 0.6 * 0.5);
        assert_eq!(found[3].1, 0.4 * 0.4);
    }

    #[test]
    fn equals_come_in_a_fixed_order_and_repeats_fall_away() {
        let same = || position(&[(Some('A'), 0.5), (None, 0.5)]);
        let texts: Vec<_> = found(&[same(), same()], 5).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["AA", "A", ""]);
        assert_eq!(found(&[], 5), [(String::new(), 1.0)]);
        assert_eq!(found(&[same()], 0), []);
    }

    #[test]
    fn the_search_agrees_with_looking_at_everything() {
        let mut seed = 7u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1u32 << 24) as f32
        };
        for _ in 0..50 {
            let positions: Vec<_> = (0..4)
                .map(|_| {
                    let mut p = [next(), next(), next()];
                    p.sort_by(|a, b| b.total_cmp(a));
                    position(&[(Some('A'), p[0]), (Some('B'), p[1]), (Some('C'), p[2])])
                })
                .collect();
            let mut all: Vec<f32> = (0..81)
                .map(|code| (0..4).map(|i| positions[i].choices()[code / 3usize.pow(i as u32) % 3].1).product())
                .collect();
            all.sort_by(|a, b| b.total_cmp(a));
            for ((_, probability), expected) in found(&positions, 5).iter().zip(&all) {
                assert!((probability - expected).abs() < 1e-6);
            }
        }
    }
}
