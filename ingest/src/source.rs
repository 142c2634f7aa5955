//! The one trait of this crate: where batches of records come from.

use crate::Result;

/// Consecutive records, and the offset to commit once everything they produced is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<T> {
    /// The offset after the last record, which is the number of records consumed so far. Stages may drop or split
    /// items, but never change it: it is the commit point of the batch.
    pub end: u64,
    /// The records, in the order of the source.
    pub items: Vec<T>,
}

/// A sequence of records with a cursor. Replay and live traffic differ only in what stands behind this trait.
pub trait Source {
    /// What the source yields.
    type Item;

    /// The next batch; `None` when the source has come to its end. An empty batch says that there is nothing at
    /// present: commit what is done, and ask again.
    ///
    /// # Errors
    /// Only when the machine is broken: records that cannot be had are items of their own.
    fn next(&mut self) -> Result<Option<Batch<Self::Item>>>;

    /// Says that all that came of the records before `end` is durable, so that they need not be handed out again.
    ///
    /// # Errors
    /// When `end` lies beyond what was handed out or before an earlier commit, or the cursor cannot be stored.
    fn commit(&mut self, end: u64) -> Result<()>;
}
