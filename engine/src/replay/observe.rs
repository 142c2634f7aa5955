//! What a replay tells whoever watches it.

use crate::setup::Setup;
use tollgate_models::Progress;

/// How far a replay is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progressing {
    /// Records done, those of earlier runs into the same folder included.
    pub done: u64,
    /// Photos whose best plate is trusted.
    pub reads: u64,
    /// Photos a person is asked about.
    pub manual: u64,
    /// Photos that could not be used.
    pub rejected: u64,
}

/// Watches a replay; also told of model transfers.
pub trait Observer: Progress {
    /// The models are there.
    fn prepared(&self, setup: &Setup);
    /// Photos begin to flow; `total` where it can be known cheaply, `done` from an earlier run.
    fn started(&self, total: Option<u64>, done: u64);
    /// A batch is in the journal.
    fn advanced(&self, now: Progressing);
    /// A photo was rejected, for this reason.
    fn rejected(&self, file: &str, reason: &str);
    /// The outputs are being written.
    fn writing(&self);
}
