//! The sparse index of a segment, over offsets, positions and append times at once: all three only grow.

/// Bytes of batches between two entries. An entry is 24 bytes: some 38 MB of memory for 100 GB of log.
const INTERVAL: u64 = 64 << 10;

/// Where a batch lies, what its first record's offset is, and when it was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) position: u64,
    pub(super) append_ms: i64,
}

/// Entries in the order of the segment; the first batch always has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    entries: Vec<Entry>,
}

impl Index {
    /// Takes note of a batch, where the last entry lies far enough behind.
    pub(super) fn note(&mut self, entry: Entry) {
        if self.entries.last().is_none_or(|last| entry.position >= last.position + INTERVAL) {
            self.entries.push(entry);
        }
    }

    /// A position at or before the batch that holds an offset.
    pub(super) fn position_of(&self, offset: u64) -> u64 {
        self.last_position(|entry| entry.offset <= offset)
    }

    /// A position at or before the first batch that was appended at a time or later.
    pub(super) fn position_at(&self, append_ms: i64) -> u64 {
        self.last_position(|entry| entry.append_ms < append_ms)
    }

    /// The last known start of a batch at or before a position.
    pub(super) fn boundary(&self, position: u64) -> u64 {
        self.last_position(|entry| entry.position <= position)
    }

    fn last_position(&self, before: impl Fn(&Entry) -> bool) -> u64 {
        let behind = self.entries.partition_point(before);
        behind.checked_sub(1).map_or(0, |last| self.entries[last].position)
    }

    /// The entries as numbers, for storing.
    pub(super) fn to_words(&self) -> impl Iterator<Item = u64> + '_ {
        self.entries.iter().flat_map(|entry| [entry.offset, entry.position, entry.append_ms as u64])
    }

    /// The index that [`Self::to_words`] gave.
    pub(super) fn from_words(words: &[u64]) -> Self {
        let entry = |word: &[u64]| Entry { offset: word[0], position: word[1], append_ms: word[2] as i64 };
        Self { entries: words.chunks_exact(3).map(entry).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_up_the_last_entry_before() {
        let mut index = Index::default();
        assert_eq!((index.position_of(5), index.position_at(5), index.boundary(5)), (0, 0, 0));
        for i in 0..10 {
            index.note(Entry { offset: 100 + i, position: i * INTERVAL / 2, append_ms: 1000 + i as i64 / 4 });
        }
        assert_eq!(index.entries.len(), 5);
        assert_eq!(
            (index.position_of(100), index.position_of(103), index.position_of(999)),
            (0, INTERVAL, 4 * INTERVAL)
        );
        // The batches 100..=103 share a time: the search for it must begin before the first of them.
        assert_eq!((index.position_at(1000), index.position_at(1001)), (0, INTERVAL));
        assert_eq!((index.boundary(INTERVAL - 1), index.boundary(INTERVAL)), (0, INTERVAL));
        let words: Vec<u64> = index.to_words().collect();
        assert_eq!(Index::from_words(&words), index);
    }
}
