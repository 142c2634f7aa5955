//! What the group commits of all partitions share: the bound on what is written ahead of the disk, the end of all
//! acknowledgements after a failed sync, and threads that lead the rounds nobody else leads.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use event_listener::Event;

use super::lane::Lane;
use super::notes::{Noter, Notes};
use super::store::StoreOptions;
use crate::{Error, Result};

#[derive(Default)]
struct State {
    /// Partitions with something pending, and some without: each once.
    queue: VecDeque<Arc<Lane>>,
    /// Somebody waits for the queue.
    urgent: bool,
    /// Bytes written and not yet durable.
    bytes: u64,
    stopping: bool,
}

/// What partitions and threads speak to one another through. Locked after a lane, never before one.
pub(super) struct Shared {
    state: Mutex<State>,
    max_bytes: u64,
    work: Condvar,
    room: Condvar,
    room_async: Event,
    /// A sync failed: nothing is certain any more, and nothing is acknowledged from then on.
    failed: OnceLock<String>,
}

impl Shared {
    /// Takes note of bytes that a partition wrote; `urgent` ones are seen to at once, the others when they are asked
    /// for.
    pub(super) fn enqueue(&self, lane: &Arc<Lane>, bytes: u64, urgent: bool) {
        let mut state = self.lock();
        state.bytes += bytes;
        if !lane.queued.swap(true, Ordering::Relaxed) {
            state.queue.push_back(Arc::clone(lane));
        }
        // Whoever waits for room waits for those too that are not asked for.
        if urgent || state.bytes > self.max_bytes {
            state.urgent = true;
            self.work.notify_one();
        }
    }

    /// Tells the threads to see to the queue; one `of_store` does so itself, and needs help only with several.
    pub(super) fn urge(&self, of_store: bool) {
        let mut state = self.lock();
        state.urgent = true;
        if !of_store || state.queue.len() > 1 {
            self.work.notify_one();
        }
    }

    /// Takes note of bytes that are durable, or never will be.
    pub(super) fn settle(&self, bytes: u64) {
        let mut state = self.lock();
        let was_full = state.bytes > self.max_bytes;
        state.bytes -= bytes;
        if was_full {
            self.tell_room();
        }
    }

    fn tell_room(&self) {
        self.room.notify_all();
        self.room_async.notify(usize::MAX);
    }

    /// Makes a file durable; `false` when that, or an earlier one, failed.
    pub(super) fn sync(&self, file: &File) -> bool {
        if self.failed.get().is_none()
            && let Err(error) = file.sync_data()
        {
            self.fail(error.to_string());
        }
        self.failed.get().is_none()
    }

    pub(super) fn fail(&self, detail: String) {
        self.failed.get_or_init(|| detail);
        // Under the lock, so that nobody falls asleep between looking and waiting.
        let _state = self.lock();
        self.tell_room();
    }

    /// The disk's refusal, if there was one.
    pub(super) fn health(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |detail| Err(Error::CommitFailed { detail: detail.clone() }))
    }

    fn is_full(&self, state: &State, max_bytes: u64) -> bool {
        state.bytes > max_bytes && self.failed.get().is_none()
    }

    // The state is whole between any two statements: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads, and what they share with the partitions.
pub(super) struct Committer {
    shared: Arc<Shared>,
    /// None where notes are taken only when somebody asks for them.
    noter: Option<Arc<Noter>>,
    threads: Vec<JoinHandle<()>>,
    cached_tail_bytes: u64,
    /// The data folder's lock: held until the last write is durable.
    _claim: File,
}

impl Committer {
    /// Starts the threads.
    pub(super) fn start(options: StoreOptions, claim: File) -> io::Result<Self> {
        let StoreOptions { max_unsynced_bytes: max_bytes, commit_threads, cached_tail_bytes, notes_every } = options;
        let (work, room, room_async) = (Condvar::new(), Condvar::new(), Event::new());
        let failed = OnceLock::new();
        let shared = Arc::new(Shared { state: Mutex::default(), max_bytes, work, room, room_async, failed });
        let mut committer = Self { shared, noter: None, threads: Vec::new(), cached_tail_bytes, _claim: claim };
        for number in 0..commit_threads.max(1) {
            let shared = Arc::clone(&committer.shared);
            let thread = std::thread::Builder::new().name(format!("log-commit-{number}"));
            committer.threads.push(thread.spawn(move || run(&shared))?);
        }
        if let Some(every) = notes_every {
            let noter = Arc::clone(committer.noter.insert(Arc::default()));
            let shared = Arc::clone(&committer.shared);
            let thread = std::thread::Builder::new().name("log-notes".into());
            committer.threads.push(thread.spawn(move || noter.run(&shared, every))?);
        }
        Ok(committer)
    }

    /// What the partitions need.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Waits until there is room for more bytes; to be called before a partition is locked. Twice the bound is let
    /// pass here: those who were admitted without a thread are not made to wait with one.
    pub(super) fn admit(&self) -> Result<()> {
        let full = |state: &mut State| self.shared.is_full(state, self.shared.max_bytes.saturating_mul(2));
        let state = self.shared.room.wait_while(self.shared.lock(), full).unwrap_or_else(PoisonError::into_inner);
        drop(state);
        self.shared.health()
    }

    /// Waits, without a thread, until fewer bytes than the bound are ahead of the disk.
    pub(super) async fn admitted(&self) -> Result<()> {
        loop {
            let told = self.shared.room_async.listen();
            if !self.shared.is_full(&self.shared.lock(), self.shared.max_bytes) {
                return self.shared.health();
            }
            told.await;
        }
    }

    /// Takes the notes of a hub from now on.
    pub(super) fn note(&self, notes: &Arc<Notes>) {
        if let Some(noter) = &self.noter {
            noter.add(Arc::clone(notes));
        }
    }

    /// Takes the notes of a hub no more.
    pub(super) fn forget(&self, notes: &Arc<Notes>) {
        if let Some(noter) = &self.noter {
            noter.remove(notes);
        }
    }

    /// Bytes at the end of each partition that the system's memory is left to keep.
    pub(super) fn cached_tail_bytes(&self) -> u64 {
        self.cached_tail_bytes
    }

    /// Bytes written and not yet durable.
    pub(super) fn unsynced_bytes(&self) -> u64 {
        self.shared.lock().bytes
    }

    /// Ends all acknowledgements, because the disk failed in a way that leaves what is on it uncertain.
    pub(super) fn fail(&self, error: &Error) {
        self.shared.fail(error.to_string());
    }
}

impl Drop for Committer {
    /// Makes durable what is pending, ends the threads, and notes that.
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.work.notify_all();
        if let Some(noter) = &self.noter {
            noter.stop();
        }
        for thread in self.threads.drain(..) {
            // It ends by itself; had it panicked, there would be nobody left to tell.
            thread.join().ok();
        }
        for notes in self.noter.iter().flat_map(|noter| noter.release()) {
            // Without this note the one before holds.
            notes.take().ok();
        }
    }
}

fn run(shared: &Shared) {
    loop {
        let idle = |state: &mut State| !(state.urgent || state.stopping);
        let mut state = shared.work.wait_while(shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let Some(lane) = state.queue.pop_front() else {
            state.urgent = false;
            if state.stopping {
                return;
            }
            continue;
        };
        lane.queued.store(false, Ordering::Relaxed);
        drop(state);
        lane.flush();
    }
}
