//! Group commit: one thread that makes the writes of all partitions durable, round after round.
//!
//! Whoever appended waits for the round that began after the write. While one round is on its way to the disk the
//! writes of everybody else gather for the next: the more writers, the fewer syncs for each.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use event_listener::Event;

use crate::{Error, Result};

/// The offset behind the last durable record of a partition, which is what readers may see; and who waits for more.
pub(super) struct Watermark {
    end: AtomicU64,
    /// Shared by the partitions of a hub: who reads a hub waits for any of them.
    grown: Arc<Event>,
}

impl Watermark {
    pub(super) fn new(end: u64, grown: Arc<Event>) -> Self {
        Self { end: AtomicU64::new(end), grown }
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Shows readers what lies before `end`, and wakes those who wait.
    pub(super) fn raise(&self, end: u64) {
        self.end.fetch_max(end, Ordering::Release);
        self.grown.notify(usize::MAX);
    }
}

/// A write that is to be made durable.
struct Pending {
    file: Arc<File>,
    watermark: Arc<Watermark>,
    end: u64,
}

#[derive(Default)]
struct State {
    pending: Vec<Pending>,
    /// Bytes written and not yet durable, in this round and the one on its way.
    bytes: u64,
    /// The round that is gathering.
    round: u64,
    /// All rounds before this one are durable.
    durable: u64,
    /// A sync failed: nothing is certain any more, and nothing is acknowledged from then on.
    failed: Option<String>,
    stopping: bool,
}

struct Shared {
    state: Mutex<State>,
    max_bytes: u64,
    work: Condvar,
    done: Condvar,
    /// For those who wait without a thread.
    done_async: Event,
}

impl Shared {
    /// A round has ended, or the last one.
    fn tell_done(&self) {
        self.done.notify_all();
        self.done_async.notify(usize::MAX);
    }

    fn is_full(&self, state: &State) -> bool {
        state.bytes > self.max_bytes && state.failed.is_none()
    }

    /// Waits without a thread until `answer` has one.
    async fn when<T>(&self, answer: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let told = self.done_async.listen();
            if let Some(answer) = answer(&self.lock()) {
                return answer;
            }
            told.await;
        }
    }

    // The state is whole between any two statements: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, and what it is told through.
pub(super) struct Committer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// The data folder's lock: held until the last write is durable.
    _claim: File,
}

impl Committer {
    /// Starts the thread. At most `max_bytes` are written ahead of the disk: then appending waits.
    pub(super) fn start(max_bytes: u64, claim: File) -> io::Result<Self> {
        let (work, done) = (Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { state: Mutex::default(), max_bytes, work, done, done_async: Event::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("log-commit".into()).spawn(move || run(&theirs))?;
        Ok(Self { shared, thread: Some(thread), _claim: claim })
    }

    /// Waits until there is room for more bytes; to be called before a partition is locked.
    pub(super) fn admit(&self) -> Result<()> {
        let full = |state: &mut State| self.shared.is_full(state);
        let state = self.shared.done.wait_while(self.shared.lock(), full).unwrap_or_else(PoisonError::into_inner);
        health(&state)
    }

    /// [`Committer::admit`] without a thread.
    pub(super) async fn admitted(&self) -> Result<()> {
        self.shared.when(|state| (!self.shared.is_full(state)).then(|| health(state))).await
    }

    /// Bytes written and not yet durable.
    pub(super) fn unsynced_bytes(&self) -> u64 {
        self.shared.lock().bytes
    }

    /// Ends all acknowledgements, because the disk failed in a way that leaves what is on it uncertain.
    pub(super) fn fail(&self, error: &Error) {
        self.shared.lock().failed.get_or_insert_with(|| error.to_string());
        self.shared.tell_done();
    }

    /// Hands over a write; to be called in the order of the partition.
    pub(super) fn submit(&self, file: &Arc<File>, watermark: &Arc<Watermark>, end: u64, bytes: u64) -> Ack {
        let mut state = self.shared.lock();
        state.bytes += bytes;
        let pending = Pending { file: Arc::clone(file), watermark: Arc::clone(watermark), end };
        match state.pending.iter_mut().find(|other| Arc::ptr_eq(&other.file, file)) {
            Some(other) => *other = pending,
            None => state.pending.push(pending),
        }
        self.shared.work.notify_one();
        Ack(Some((Arc::clone(&self.shared), state.round)))
    }
}

impl Drop for Committer {
    /// Makes durable what is pending, and ends the thread.
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends by itself; had it panicked, there would be nobody left to tell.
            thread.join().ok();
        }
    }
}

/// A write on its way to the disk.
#[must_use = "an append is durable only when its Ack says so"]
pub struct Ack(Option<(Arc<Shared>, u64)>);

impl Ack {
    /// The acknowledgement of a hub that does not wait for the disk.
    pub(super) fn at_once() -> Self {
        Self(None)
    }

    /// Blocks until the write is durable.
    ///
    /// # Errors
    /// [`Error::CommitFailed`] when the disk refused; from then on the store takes no more writes.
    pub fn wait(&self) -> Result<()> {
        let Some((shared, round)) = &self.0 else { return Ok(()) };
        let open = |state: &mut State| outcome(state, *round).is_none();
        let state = shared.done.wait_while(shared.lock(), open).unwrap_or_else(PoisonError::into_inner);
        outcome(&state, *round).unwrap_or(Ok(()))
    }

    /// [`Ack::wait`] without a thread.
    ///
    /// # Errors
    /// As [`Ack::wait`].
    pub async fn durable(&self) -> Result<()> {
        let Some((shared, round)) = &self.0 else { return Ok(()) };
        shared.when(|state| outcome(state, *round)).await
    }
}

/// What became of a round; nothing while it is on its way.
fn outcome(state: &State, round: u64) -> Option<Result<()>> {
    if state.durable > round { Some(Ok(())) } else { health(state).err().map(Err) }
}

/// The disk's refusal, if there was one.
fn health(state: &State) -> Result<()> {
    state.failed.clone().map_or(Ok(()), |detail| Err(Error::CommitFailed { detail }))
}

fn run(shared: &Shared) {
    loop {
        let idle = |state: &mut State| state.pending.is_empty() && !state.stopping;
        let mut state = shared.work.wait_while(shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.pending.is_empty() {
            return;
        }
        let (pending, bytes) = (std::mem::take(&mut state.pending), state.bytes);
        state.round += 1;
        let round = state.round;
        drop(state);
        let synced = pending.iter().try_for_each(|write| write.file.sync_data());
        let mut state = shared.lock();
        match synced {
            Ok(()) if state.failed.is_none() => {
                pending.iter().for_each(|write| write.watermark.raise(write.end));
                state.durable = round;
            }
            Ok(()) => {}
            Err(error) => _ = state.failed.get_or_insert_with(|| error.to_string()),
        }
        state.bytes -= bytes;
        drop(state);
        shared.tell_done();
    }
}
