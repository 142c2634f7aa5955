//! The manual-check queue: plates a person must confirm, durable in one redb file, handed out by peek-lock.
//!
//! An item is known by its event's id. Putting it again changes nothing, also after it was completed: a second replay
//! asks nobody twice. The clock is always passed in. Every change is one durable transaction.

mod item;
mod sink;
mod store;

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use redb::{Database, ReadableDatabase};
use uuid::Uuid;

pub use item::{Answer, Completed, Counts, Item, Locked, Step};
pub use sink::ManualSink;

use crate::database::{self, Failure};
use crate::error::{Error, Result};
use store::{Tables, View};

/// The queue's usual file name.
pub const FILE: &str = "manual-queue.redb";
/// Bytes of the file kept in memory, at most; the rest is the operating system's to keep.
const CACHE_BYTES: usize = 16 << 20;

/// The queue, open. Its methods may be called from several threads at once.
#[derive(Debug)]
pub struct ManualQueue {
    database: Database,
    path: PathBuf,
}

impl ManualQueue {
    /// Opens the queue at `path`, making it if there is none.
    ///
    /// # Errors
    /// [`Error::Queue`] when the file is damaged, no queue, or open elsewhere; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let opened = database::open(path, CACHE_BYTES, |transaction| Tables::open(transaction).map(drop));
        let database = opened.map_err(|failure| error("open", path, failure))?;
        Ok(Self { database, path: path.to_path_buf() })
    }

    /// Puts an item, unless it is or was there. True when it is new.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn put(&self, item: &Item) -> Result<bool> {
        self.put_all(std::slice::from_ref(item)).map(|new| new == 1)
    }

    /// Puts items in one transaction. Returns how many are new.
    ///
    /// # Errors
    /// [`Error::Queue`]; then none of them was put.
    pub fn put_all(&self, items: &[Item]) -> Result<u64> {
        self.change("put items into", |tables| {
            let mut new = 0;
            for item in items {
                new += u64::from(tables.put(item)?);
            }
            Ok(new)
        })
    }

    /// Hands out the item that waits longest and locks it until `now + lock_for`; none when all are locked or done.
    /// An item whose lock has ended waits again, in its old place.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn receive(&self, now: DateTime<Utc>, lock_for: TimeDelta) -> Result<Option<Locked>> {
        let until = now.checked_add_signed(lock_for).unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.change("receive from", |tables| {
            tables.release_ended(now)?;
            tables.lock_next(until)
        })
    }

    /// Answers an item for good. It never comes back.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`] when `token` is not that of a lock running at `now`,
    /// [`Error::Queue`].
    pub fn complete(&self, id: Uuid, token: Uuid, answer: &Answer, now: DateTime<Utc>) -> Result<()> {
        self.change("complete an item of", |tables| tables.complete(id, token, answer, now))
    }

    /// Takes what was asked and answered elsewhere, in one transaction: manual checks to put, and answers that stand
    /// already in the results hub. An item that is answered is handed out no more, whoever has it locked, and also where
    /// it is put later.
    ///
    /// # Errors
    /// [`Error::Queue`]; then nothing was changed.
    pub fn follow(&self, steps: &[Step]) -> Result<()> {
        self.change("write to", |tables| {
            for step in steps {
                match step {
                    Step::Put(item) => {
                        tables.put(item)?;
                    }
                    Step::Settle(completed) => tables.settle(completed)?,
                }
            }
            Ok(())
        })
    }

    /// Lengthens a lock that still runs to `now + lock_for`.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`], [`Error::Queue`].
    pub fn renew(&self, id: Uuid, token: Uuid, now: DateTime<Utc>, lock_for: TimeDelta) -> Result<Locked> {
        let until = now.checked_add_signed(lock_for).unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.change("renew a lock of", |tables| tables.renew(id, token, now, until))
    }

    /// Gives an item back before its lock ends; it waits again in its old place.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`], [`Error::Queue`].
    pub fn abandon(&self, id: Uuid, token: Uuid) -> Result<()> {
        self.change("abandon an item of", |tables| tables.abandon(id, token))
    }

    /// The first `n` waiting items, in order, without locking any.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn peek(&self, n: usize) -> Result<Vec<Item>> {
        self.look("peek into", |view| view.peek(n))
    }

    /// How a completed item was answered; none while it is not.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn completed(&self, id: Uuid) -> Result<Option<Completed>> {
        self.look("look up an answer in", |view| view.completed(id))
    }

    /// How many items wait, are locked and are completed.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn counts(&self) -> Result<Counts> {
        self.look("count", View::counts)
    }

    fn change<T>(&self, action: &'static str, run: impl FnOnce(&mut Tables<'_>) -> Result<T, Failure>) -> Result<T> {
        let attempt = || {
            let transaction = self.database.begin_write()?;
            let done = run(&mut Tables::open(&transaction)?)?;
            transaction.commit()?;
            Ok(done)
        };
        attempt().map_err(|failure| error(action, &self.path, failure))
    }

    fn look<T>(&self, action: &'static str, run: impl FnOnce(&View) -> Result<T, Failure>) -> Result<T> {
        let attempt = || run(&View::open(&self.database.begin_read()?)?);
        attempt().map_err(|failure| error(action, &self.path, failure))
    }
}

fn error(action: &'static str, path: &Path, failure: Failure) -> Error {
    match failure {
        Failure::Database(source) => Error::Queue { action, path: path.to_path_buf(), source },
        Failure::Ours(error) => error,
    }
}
