//! Group commit of one partition: syncs go round after round, and whoever appended waits for the round that began
//! after the write. While one round is on its way to the disk the writes of everybody else gather for the next: the
//! more writers, the fewer syncs for each.
//!
//! Who waits with a thread leads the round with that thread where nobody else does: a lone writer is told as soon as
//! its own call returns, without two switches of threads. For those who wait without a thread, and for those who do
//! not wait, the threads of [`super::commit`] lead.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use event_listener::Event;

use super::commit::Shared;
use crate::Result;

/// Bytes that gather before a round is begun for somebody who does not wait yet.
const AHEAD_BYTES: u64 = 64 << 10;

/// Writes that are to be made durable: all that lie before `end`.
struct Pending {
    file: Arc<File>,
    end: u64,
    bytes: u64,
}

#[derive(Default)]
struct State {
    /// What the gathering round will sync. Who takes part in it stands in the queue of the threads, or leads.
    pending: Option<Pending>,
    /// The round that is gathering.
    round: u64,
    /// All rounds before this one are durable.
    durable: u64,
    /// The round before the gathering one is on its way.
    syncing: bool,
    /// A thread waits that belongs to the gathering round, and will lead it when it is told.
    heir: bool,
}

/// Who waits for every second round: those of the round on its way are told apart from those of the gathering one.
#[derive(Default)]
struct Turn {
    blocked: Condvar,
    polled: Event,
}

impl Turn {
    fn tell_all(&self) {
        self.blocked.notify_all();
        self.polled.notify(usize::MAX);
    }
}

/// The syncs of a partition, and the offset behind the last record that readers may see.
pub(super) struct Lane {
    shared: Arc<Shared>,
    end: AtomicU64,
    /// All records before it were synced; `end` goes ahead of it where readers do not wait for that.
    durable_end: AtomicU64,
    /// Shared by the partitions of a hub: who reads a hub waits for any of them.
    grown: Arc<Event>,
    state: Mutex<State>,
    turns: [Turn; 2],
    /// It stands in the queue of the threads; changed only while that is locked.
    pub(super) queued: AtomicBool,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, end: u64, grown: Arc<Event>) -> Self {
        let (state, turns, queued) = (Mutex::default(), Default::default(), AtomicBool::new(false));
        let (end, durable_end) = (AtomicU64::new(end), AtomicU64::new(end));
        Self { shared, end, durable_end, grown, state, turns, queued }
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The offset before which a sync has made everything durable.
    pub(super) fn durable_end(&self) -> u64 {
        self.durable_end.load(Ordering::Acquire)
    }

    /// Shows readers what lies before `end`, and wakes those who wait.
    pub(super) fn raise(&self, end: u64) {
        self.end.fetch_max(end, Ordering::Release);
        self.grown.notify(usize::MAX);
    }

    /// The rounds that were led so far.
    pub(super) fn rounds(&self) -> u64 {
        self.lock().round
    }

    /// Hands over a write; to be called in the order of the partition. What lies in another file than this one must be
    /// durable already.
    pub(super) fn submit(self: &Arc<Self>, file: &Arc<File>, end: u64, bytes: u64) -> Ack {
        let mut state = self.lock();
        let gathered = bytes + state.pending.as_ref().map_or(0, |pending| pending.bytes);
        state.pending = Some(Pending { file: Arc::clone(file), end, bytes: gathered });
        let urgent = gathered >= AHEAD_BYTES && !state.syncing;
        self.shared.enqueue(self, bytes, urgent);
        Ack(Some((Arc::clone(self), state.round)))
    }

    /// Makes durable what is pending; for the threads of the store.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        while state.syncing && state.pending.is_some() {
            state.heir = true;
            state = self.turn(state.round).blocked.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(self.lead(state, true));
    }

    /// Syncs what is pending, and tells those who wait.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>, of_store: bool) -> MutexGuard<'a, State> {
        let Some(pending) = state.pending.take() else { return state };
        let turn = self.turn(state.round);
        (state.syncing, state.heir) = (true, false);
        state.round += 1;
        drop(state);
        let synced = self.shared.sync(&pending.file);
        if synced {
            self.durable_end.fetch_max(pending.end, Ordering::Release);
            self.raise(pending.end);
        }
        let mut state = self.lock();
        state.syncing = false;
        turn.tell_all();
        if synced {
            state.durable = state.round;
            match state.pending {
                Some(_) if state.heir => self.turn(state.round).blocked.notify_one(),
                Some(_) => self.shared.urge(of_store),
                None => {}
            }
        } else {
            self.turn(state.round).tell_all();
        }
        self.shared.settle(pending.bytes);
        state
    }

    fn wait(&self, round: u64) -> Result<()> {
        let mut state = self.lock();
        loop {
            if let Some(outcome) = self.outcome(&state, round) {
                return outcome;
            }
            if state.syncing {
                state.heir |= round == state.round;
                state = self.turn(round).blocked.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                state = self.lead(state, false);
            }
        }
    }

    async fn durable(&self, round: u64) -> Result<()> {
        loop {
            let told = self.turn(round).polled.listen();
            if let Some(outcome) = self.urged(round) {
                return outcome;
            }
            told.await;
        }
    }

    /// What became of a round. Where nobody is about to see to it, the threads are told to.
    fn urged(&self, round: u64) -> Option<Result<()>> {
        let state = self.lock();
        let outcome = self.outcome(&state, round);
        if outcome.is_none() && !state.syncing {
            self.shared.urge(false);
        }
        outcome
    }

    /// What became of a round; nothing while it gathers or is on its way.
    fn outcome(&self, state: &State, round: u64) -> Option<Result<()>> {
        if state.durable > round { Some(Ok(())) } else { self.shared.health().err().map(Err) }
    }

    fn turn(&self, round: u64) -> &Turn {
        &self.turns[(round % 2) as usize]
    }

    // The state is whole between any two statements: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write on its way to the disk. It gets there whether it is waited for or not; who drops this has asked for it too.
#[must_use = "an append is durable only when its Ack says so"]
pub struct Ack(Option<(Arc<Lane>, u64)>);

impl Ack {
    /// The acknowledgement of a hub that does not wait for the disk.
    pub(super) fn at_once() -> Self {
        Self(None)
    }

    /// Blocks until the write is durable; it may be this thread that syncs it, with those of others.
    ///
    /// # Errors
    /// [`crate::Error::CommitFailed`] when the disk refused; from then on the store takes no more writes.
    pub fn wait(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |(lane, round)| lane.wait(*round))
    }

    /// [`Ack::wait`] without a thread.
    ///
    /// # Errors
    /// As [`Ack::wait`].
    pub async fn durable(&self) -> Result<()> {
        match &self.0 {
            Some((lane, round)) => lane.durable(*round).await,
            None => Ok(()),
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some((lane, round)) = &self.0 {
            lane.urged(*round);
        }
    }
}
