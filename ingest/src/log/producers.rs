//! What a partition remembers of idempotent producers: enough to recognise a repeat and to see a gap.
//!
//! The rules are Kafka's: each producer numbers its records in each partition (31 bits, then from 0 again) and has at
//! most five batches on their way, so that a repeat is one of its last five. A producer that is not known (any more)
//! may begin with any number.

use std::collections::{BTreeMap, VecDeque};

use super::batch::ProducerMark;
use crate::{Error, Result};

/// Batches remembered of each producer: as many as Kafka's clients have on their way at most.
const REMEMBERED: usize = 5;
/// Producers remembered; beyond them the one that was silent longest is forgotten. Some 200 bytes each.
const MAX_PRODUCERS: usize = 10_000;

/// One appended batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    first: i32,
    records: u32,
    pub(super) base_offset: u64,
    pub(super) append_ms: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Producer {
    epoch: i16,
    recent: VecDeque<Sent>,
}

/// The producers of a partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Producers {
    by_id: BTreeMap<i64, Producer>,
}

impl Producers {
    /// The batch that this one repeats, or `None` when it is the producer's next.
    ///
    /// # Errors
    /// [`Error::Fenced`] and [`Error::OutOfSequence`].
    pub(super) fn judge(&self, mark: ProducerMark, records: u32) -> Result<Option<Sent>> {
        let Some(known) = self.by_id.get(&mark.id) else { return Ok(None) };
        if mark.epoch < known.epoch {
            return Err(Error::Fenced { producer: mark.id, epoch: mark.epoch, current: known.epoch });
        }
        let expected = match known.recent.back() {
            Some(last) if mark.epoch == known.epoch => after(last.first, last.records),
            _ => 0,
        };
        if mark.base_sequence == expected {
            return Ok(None);
        }
        let repeats = |sent: &&Sent| sent.first == mark.base_sequence && sent.records == records;
        match known.recent.iter().find(repeats) {
            Some(sent) if mark.epoch == known.epoch => Ok(Some(*sent)),
            _ => Err(Error::OutOfSequence { producer: mark.id, expected, found: mark.base_sequence }),
        }
    }

    /// Remembers an appended batch.
    pub(super) fn note(&mut self, mark: ProducerMark, records: u32, base_offset: u64, append_ms: i64) {
        if !self.by_id.contains_key(&mark.id) && self.by_id.len() >= MAX_PRODUCERS {
            let last_heard = |producer: &Producer| producer.recent.back().map(|sent| sent.append_ms);
            let silent = self.by_id.iter().min_by_key(|(_, producer)| last_heard(producer)).map(|(&id, _)| id);
            silent.and_then(|id| self.by_id.remove(&id));
        }
        let producer = self.by_id.entry(mark.id).or_default();
        if producer.epoch != mark.epoch {
            *producer = Producer { epoch: mark.epoch, recent: VecDeque::new() };
        }
        if producer.recent.len() == REMEMBERED {
            producer.recent.pop_front();
        }
        producer.recent.push_back(Sent { first: mark.base_sequence, records, base_offset, append_ms });
    }

    /// All of it as numbers, for storing.
    pub(super) fn to_words(&self) -> impl Iterator<Item = u64> + '_ {
        self.by_id.iter().flat_map(|(&id, producer)| {
            producer.recent.iter().flat_map(move |sent| {
                let (epoch, first) = (producer.epoch as u64, sent.first as u64);
                [id as u64, epoch, first, sent.records.into(), sent.base_offset, sent.append_ms as u64]
            })
        })
    }

    /// The producers that [`Self::to_words`] gave.
    pub(super) fn from_words(words: &[u64]) -> Self {
        let mut producers = Self::default();
        for word in words.chunks_exact(6) {
            let mark = ProducerMark { id: word[0] as i64, epoch: word[1] as i16, base_sequence: word[2] as i32 };
            producers.note(mark, word[3] as u32, word[4], word[5] as i64);
        }
        producers
    }
}

/// The sequence number behind a batch.
fn after(first: i32, records: u32) -> i32 {
    ((i64::from(first) + i64::from(records)) & i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(epoch: i16, base_sequence: i32) -> ProducerMark {
        ProducerMark { id: 7, epoch, base_sequence }
    }

    #[test]
    fn repeats_are_recognised_and_gaps_refused() {
        let mut producers = Producers::default();
        for i in 0..7 {
            assert_eq!(producers.judge(mark(0, i * 10), 10).unwrap(), None);
            producers.note(mark(0, i * 10), 10, 100 + i as u64 * 10, 5);
        }
        for i in 2..7 {
            let sent = producers.judge(mark(0, i * 10), 10).unwrap().unwrap();
            assert_eq!(sent.base_offset, 100 + i as u64 * 10);
        }
        // Too old, of another length, and after a gap.
        for (sequence, records) in [(10, 10), (60, 9), (80, 10)] {
            let error = producers.judge(mark(0, sequence), records).unwrap_err();
            assert!(matches!(error, Error::OutOfSequence { expected: 70, .. }), "{error}");
        }
        let words: Vec<u64> = producers.to_words().collect();
        assert_eq!(Producers::from_words(&words), producers);
    }

    #[test]
    fn a_new_incarnation_begins_at_0_and_fences_the_old_one() {
        let mut producers = Producers::default();
        producers.note(mark(3, 50), 10, 0, 5);
        assert!(matches!(producers.judge(mark(4, 60), 1), Err(Error::OutOfSequence { expected: 0, .. })));
        assert_eq!(producers.judge(mark(4, 0), 1).unwrap(), None);
        producers.note(mark(4, 0), 1, 10, 6);
        assert!(matches!(producers.judge(mark(3, 60), 1), Err(Error::Fenced { epoch: 3, current: 4, .. })));
    }

    #[test]
    fn sequences_wrap() {
        assert_eq!(after(i32::MAX - 1, 2), 0);
        assert_eq!(after(i32::MAX, 3), 2);
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut producers = Producers::default();
        for id in 0..MAX_PRODUCERS as i64 + 5 {
            producers.note(ProducerMark { id, epoch: 0, base_sequence: 0 }, 1, id as u64, id);
        }
        assert_eq!(producers.by_id.len(), MAX_PRODUCERS);
        assert_eq!(producers.by_id.keys().next(), Some(&5));
    }
}
