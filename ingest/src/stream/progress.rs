//! From the ends of batches to the offsets of partitions.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a partition was read: the offset behind the last record of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The batch's end, as the flow knows it.
    pub end: u64,
    /// The partition.
    pub partition: u32,
    /// The offset to go on from.
    pub offset: u64,
}

/// The batches that a source handed out and that are not done with; shared by the source and whoever commits. It holds
/// as many as the flow has in flight, which the flow's channels bound.
#[derive(Debug, Default)]
pub struct Progress {
    handed_out: Mutex<VecDeque<Reached>>,
    overtaken: AtomicU64,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Reached>> {
        self.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hand_out(&self, reached: Reached) {
        self.lock().push_back(reached);
    }

    pub(super) fn note_overtaken(&self, records: u64) {
        self.overtaken.fetch_add(records, Ordering::Relaxed);
    }

    /// Records that retention removed before they were read.
    #[must_use]
    pub fn overtaken(&self) -> u64 {
        self.overtaken.load(Ordering::Relaxed)
    }

    /// Takes all batches up to `end`, in their order: what they produced is durable.
    #[must_use]
    pub fn take_until(&self, end: u64) -> Vec<Reached> {
        let mut handed_out = self.lock();
        let done = handed_out.partition_point(|reached| reached.end <= end);
        handed_out.drain(..done).collect()
    }

    /// The end of the first batch in flight.
    #[must_use]
    pub fn first_in_flight(&self) -> Option<u64> {
        self.lock().front().map(|reached| reached.end)
    }

    /// How many batches are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_taken_once_and_in_order() {
        let progress = Progress::default();
        let reached = |end, partition, offset| Reached { end, partition, offset };
        for one in [reached(2, 0, 12), reached(3, 1, 7), reached(9, 0, 18)] {
            progress.hand_out(one);
        }
        assert_eq!(progress.take_until(1), []);
        assert_eq!(progress.take_until(8), [reached(2, 0, 12), reached(3, 1, 7)]);
        assert_eq!(progress.in_flight(), 1);
        assert_eq!(progress.take_until(9), [reached(9, 0, 18)]);
        assert_eq!(progress.take_until(9), []);
    }
}
