//! How far a sink has come, as it is kept beside the messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::published::{Cursor, Place};

/// A partition's last send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    /// Where the send before it ended; what lies between that and `from` took no route.
    before: u64,
    /// The first offset that was sent.
    from: u64,
    /// The first offset that was not.
    next: u64,
}

/// The last send of each partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Progress(BTreeMap<u32, Step>);

impl Progress {
    /// What was kept; nothing where nothing was, or where it cannot be read.
    pub(super) fn read(kept: Option<&[u8]>) -> Self {
        kept.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Numbers alone: there is nothing in it that JSON cannot say.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes note of what is sent at once.
    pub(super) fn advance(&mut self, places: impl Iterator<Item = Place>) {
        let mut sent = BTreeMap::<u32, (u64, u64)>::new();
        for Place { partition, offset } in places {
            let (from, next) = sent.entry(partition).or_insert((offset, offset + 1));
            (*from, *next) = ((*from).min(offset), (*next).max(offset + 1));
        }
        for (partition, (from, next)) in sent {
            let before = self.0.get(&partition).map_or(0, |step| step.next).min(from);
            self.0.insert(partition, Step { before, from, next });
        }
    }

    /// Where to go on. A checkpoint from before the last send was not committed any more, and what it asks for was sent;
    /// any other was set by somebody who wants to have it again, or to leave something out.
    pub(super) fn resume(&self, mut committed: Cursor) -> Cursor {
        for (&partition, step) in &self.0 {
            let offset = committed.entry(partition).or_insert(step.before);
            if (step.before..=step.from).contains(offset) {
                *offset = step.next;
            }
        }
        committed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(partition: u32, offset: u64) -> Place {
        Place { partition, offset }
    }

    #[test]
    fn what_was_sent_and_not_committed_is_not_sent_again() {
        let mut progress = Progress::default();
        progress.advance([place(0, 3), place(0, 5), place(1, 0)].into_iter());
        progress.advance([place(0, 9)].into_iter());
        let progress = Progress::read(Some(&progress.to_bytes()));
        // Behind the second send; before it; rewound; set forward; never committed at all.
        for (committed, goes_on) in [(10, 10), (6, 10), (8, 10), (9, 10), (2, 2), (12, 12)] {
            assert_eq!(progress.resume(Cursor::from([(0, committed), (1, 1)])), Cursor::from([(0, goes_on), (1, 1)]));
        }
        assert_eq!(progress.resume(Cursor::new()), Cursor::from([(0, 10), (1, 1)]));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert_eq!(Progress::read(None), Progress::default());
        assert_eq!(Progress::read(Some(b"?")), Progress::default());
    }
}
