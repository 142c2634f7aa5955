//! The threads of a journal: one that makes frames durable, one that makes room.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::super::book::Book;
use super::segment::{Segment, write_at};
use super::{Commit, HEADER, Journal, clean, frame};
use crate::{Error, Result};

/// What callers and threads share.
#[derive(Debug)]
pub(in super::super) struct Shared {
    book: Mutex<Book>,
    work: Condvar,
    housework: Condvar,
}

impl Shared {
    pub(in super::super) fn new(book: Book) -> Self {
        Self { book: Mutex::new(book), work: Condvar::new(), housework: Condvar::new() }
    }

    // The book is whole between any two calls: a panic elsewhere does not spoil it.
    pub(in super::super) fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the writer that something was appended.
    pub(in super::super) fn wake(&self) {
        self.work.notify_one();
    }
}

/// The running threads; dropping them makes durable what is open, then ends them.
#[derive(Debug)]
pub(in super::super) struct Threads {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    steward: Option<JoinHandle<()>>,
    /// The folder's lock: held until the last write is durable.
    _claim: File,
}

impl Threads {
    pub(in super::super) fn start(shared: &Arc<Shared>, claim: File) -> Result<Self> {
        let mut threads = Self { shared: Arc::clone(shared), writer: None, steward: None, _claim: claim };
        let folder = shared.lock().journal.folder.clone();
        let spawn = |name: &str, run: fn(&Shared)| {
            let shared = Arc::clone(shared);
            let thread = std::thread::Builder::new().name(name.into()).spawn(move || run(&shared));
            thread.map_err(Error::io("start a thread for", &folder))
        };
        threads.writer = Some(spawn("queue-writer", write)?);
        threads.steward = Some(spawn("queue-steward", keep_house)?);
        Ok(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.housework.notify_all();
        self.shared.work.notify_all();
        for thread in [self.steward.take(), self.writer.take()].into_iter().flatten() {
            // It ends by itself; had it panicked, there would be nobody left to tell.
            thread.join().ok();
        }
    }
}

/// A frame that is to be written.
struct Work {
    frame: Vec<u8>,
    number: u64,
    file: Arc<File>,
    position: u32,
    end: (u32, u32),
    commit: Arc<Commit>,
}

impl Journal {
    /// Closes the open frame and opens the next, in the given buffer.
    fn close(&mut self, mut buffer: Vec<u8>) -> Option<Work> {
        let file = Arc::clone(&self.segments.get(&self.segment)?.file);
        buffer.clear();
        buffer.resize(HEADER, 0);
        let frame = std::mem::replace(&mut self.open, buffer);
        let (number, position) = (self.number, self.base);
        self.number += 1;
        self.base += frame.len() as u32;
        let commit = std::mem::take(&mut self.commit);
        Some(Work { frame, number, file, position, end: (self.segment, self.base), commit })
    }
}

fn write(shared: &Shared) {
    let mut buffer = Vec::new();
    loop {
        let idle = |book: &mut Book| book.journal.is_empty() && !book.stopping;
        let mut book = shared.work.wait_while(shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if book.journal.is_empty() {
            return;
        }
        let Some(mut work) = book.journal.close(buffer) else { return };
        if book.journal.is_full() {
            if book.journal.roll() {
                book.write_head();
            }
            shared.housework.notify_one();
        }
        let mut refused = book.journal.broken().map(str::to_owned);
        drop(book);
        if refused.is_none() {
            frame::seal(&mut work.frame, work.number);
            let written = write_at(&work.file, &work.frame, u64::from(work.position));
            refused = written.and_then(|()| work.file.sync_data()).err().map(|error| error.to_string());
        }
        let mut book = shared.lock();
        match &refused {
            None => book.journal.durable = work.end,
            Some(detail) => book.journal.broken = Some(detail.clone()),
        }
        drop(book);
        work.commit.finish(refused);
        buffer = work.frame;
        // A burst's buffer is not kept for ever.
        if buffer.capacity() > KEPT_BYTES {
            buffer = Vec::new();
        }
    }
}

/// The largest buffer that is used again.
const KEPT_BYTES: usize = 8 << 20;

/// Keeps a segment ready ahead of need, and the old ones few.
fn keep_house(shared: &Shared) {
    loop {
        let idle = |book: &mut Book| !(book.stopping || book.journal.wants_spare() || book.journal.wants_cleaning());
        let book = shared.housework.wait_while(shared.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if book.stopping || book.journal.broken().is_some() {
            return;
        }
        let done = if book.journal.wants_spare() {
            let (folder, number, bytes) =
                (book.journal.folder.clone(), book.journal.segment + 1, book.journal.segment_bytes);
            drop(book);
            Segment::create(&folder, number, bytes).map(|spare| shared.lock().journal.spare = Some(spare))
        } else {
            drop(book);
            clean::oldest(shared)
        };
        if let Err(error) = done {
            // The segment that is written to grows meanwhile; the next one is tried again with the next frame.
            tracing::error!(%error, "the queues' journal cannot make room");
            let mut book = shared.lock();
            book.journal.housework_failed = true;
        }
    }
}
