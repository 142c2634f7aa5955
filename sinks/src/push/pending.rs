//! An event on its way.

use std::sync::Arc;

use super::outcome::{Outcome, Reason};
use crate::deadletter::GivenUp;
use crate::published::{Place, Published};

/// Where an event is kept: partition and offset in the results hub, or [`REQUEUED`] and a number of our own.
pub(super) type Key = (u32, u64);

/// The partition of events that came back from the dead letters; no hub has so many.
pub(super) const REQUEUED: u32 = u32::MAX;

/// An event that is not delivered yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    pub(super) key: Key,
    /// The event as it lies in the hub.
    pub(super) json: Arc<[u8]>,
    pub(super) state: State,
}

/// How far the delivery of an event has come. Times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Attempts with an outcome.
    pub(super) attempts: u32,
    /// When the subscription took it.
    pub(super) taken_ms: i64,
    /// When it was appended to the hub.
    pub(super) published_ms: i64,
    /// When it is to be tried.
    pub(super) due_ms: i64,
    /// The last attempt; 0 before the first.
    pub(super) last_ms: i64,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Why it was given up; then it waits for its place among the dead letters.
    pub(super) dead: Option<Reason>,
}

impl Pending {
    /// An event that was just taken.
    pub(super) fn new(published: &Published, now_ms: i64) -> Self {
        let Place { partition, offset } = published.place;
        let state = State::new(published.appended_ms, now_ms);
        Self { key: (partition, offset), json: Arc::clone(&published.json), state }
    }

    /// The event as a dead letter.
    pub(super) fn given_up(&self) -> GivenUp<'_> {
        let state = &self.state;
        GivenUp {
            json: &self.json,
            at_ms: state.ended_ms(),
            reason: state.dead.map(|reason| reason.to_string()),
            attempts: state.attempts,
            outcome: state.outcome.to_string(),
            published_ms: state.published_ms,
            last_ms: (state.last_ms != 0).then_some(state.last_ms),
        }
    }

    /// The event, given up.
    pub(super) fn dead(mut self, reason: Reason) -> Self {
        self.state.dead = Some(reason);
        // The first to be found.
        self.state.due_ms = i64::MIN;
        self
    }
}

impl State {
    /// Its last attempt, or when it was taken where there was none.
    fn ended_ms(&self) -> i64 {
        if self.last_ms == 0 { self.taken_ms } else { self.last_ms }
    }

    pub(super) fn new(published_ms: i64, now_ms: i64) -> Self {
        Self {
            attempts: 0,
            taken_ms: now_ms,
            published_ms,
            due_ms: now_ms,
            last_ms: 0,
            outcome: Outcome::NotAttempted,
            dead: None,
        }
    }
}
