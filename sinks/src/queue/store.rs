//! The store: opened, and its entities.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use event_listener::EventListener;
use uuid::Uuid;

use super::book::{Book, LaneId, Shelf};
use super::journal::{self, Journal, Pending, Shared, Threads};
use super::{Counts, Created, Description, Kind, Refusal, Settings};
use crate::{Error, Result};

/// Bounds of a store, and what its tokens are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuesOptions {
    /// What tokens are derived from in a new store; must be hard to guess. A store that is there keeps its own.
    pub secret: Uuid,
    /// Bytes of a message with its properties, at most.
    pub max_message_bytes: usize,
    /// Bytes of a message's properties, at most; with more it goes to the dead-letter queue.
    pub max_header_bytes: usize,
    /// Bytes of waiting messages, at most.
    pub max_bytes: u64,
    /// Queues, topics and subscriptions, at most.
    pub max_entities: usize,
    /// Message ids in a duplicate window, at most (about 80 bytes of memory each).
    pub max_duplicate_ids: usize,
    /// Bytes on their way to the disk; beyond, calls are refused with [`Refusal::Busy`].
    pub max_pending_bytes: usize,
    /// Bytes of a segment of the journal.
    pub segment_bytes: u32,
}

impl Default for QueuesOptions {
    fn default() -> Self {
        Self {
            secret: Uuid::nil(),
            max_message_bytes: 1 << 20,
            max_header_bytes: 64 << 10,
            max_bytes: 64 << 30,
            max_entities: 10_000,
            max_duplicate_ids: 10_000_000,
            max_pending_bytes: 64 << 20,
            segment_bytes: 64 << 20,
        }
    }
}

/// What opening found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of a group commit that was not written to its end, and so never acknowledged; they were cut off.
    pub torn_bytes: u64,
    /// Messages that wait, dead letters included.
    pub messages: u64,
}

/// The queues. Clones are the same store; with the last one it is closed, and what is on its way is made durable.
#[derive(Clone, Debug)]
pub struct Queues {
    pub(super) shared: Arc<Shared>,
    /// Dropped with the last clone.
    _threads: Arc<Threads>,
}

impl Queues {
    /// Opens the store in a folder, which is made if need be.
    ///
    /// # Errors
    /// Another process has it open, it is damaged, or the disk refuses.
    pub fn open(folder: &Path, options: QueuesOptions) -> Result<(Self, Opened)> {
        let claim = journal::lock_folder(folder)?;
        let mut shelf = Shelf { secret: options.secret, ..Shelf::default() };
        let found = journal::recover(folder, |place, kind, content| shelf.apply(place, kind, content))?;
        let mut opened = Opened { torn_bytes: found.torn_bytes, messages: 0 };
        shelf.epoch = (shelf.epoch + 1) & 0xffff;
        let mut journal = Journal::start(folder, found, options.segment_bytes, options.max_pending_bytes)?;
        for place in shelf.places() {
            opened.messages += 1;
            journal.refer(place);
        }
        let mut book = Book { shelf, journal, options, stopping: false, now_ms: 0 };
        book.write_head();
        let commit = book.journal.commit();
        let shared = Arc::new(Shared::new(book));
        let threads = Arc::new(Threads::start(&shared, claim)?);
        let queues = Self { shared, _threads: threads };
        queues.shared.wake();
        Pending::new((), Some(commit)).wait()?;
        Ok((queues, opened))
    }

    /// Does something under the lock. `Pending` waits for what it wrote and all before it.
    pub(super) fn call<T>(&self, f: impl FnOnce(&mut Book) -> Result<T, Refusal>) -> Result<Pending<T>> {
        let mut book = self.shared.lock();
        if let Some(detail) = book.journal.broken() {
            return Err(Error::QueuesBroken { detail: detail.into() });
        }
        if book.journal.is_busy() {
            return Err(Refusal::Busy.into());
        }
        let value = f(&mut book);
        // Also a call that is refused may have done what was due.
        let commit = (!book.journal.is_empty()).then(|| book.journal.commit());
        drop(book);
        if commit.is_some() {
            self.shared.wake();
        }
        Ok(Pending::new(value?, commit))
    }

    /// The same with a lane that is named.
    pub(super) fn on<T>(
        &self,
        name: &str,
        f: impl FnOnce(&mut Book, LaneId) -> Result<T, Refusal>,
    ) -> Result<Pending<T>> {
        self.call(|book| {
            let lane = book.find(name)?;
            f(book, lane)
        })
    }

    /// Makes a queue, topic or subscription.
    ///
    /// # Errors
    /// The name or a setting is bad, there is one with other settings or metadata, or there are too many.
    pub fn create(&self, name: &str, kind: Kind, settings: Settings, now_ms: i64) -> Result<Pending<Created>> {
        self.create_with(name, kind, settings, BTreeMap::new(), now_ms)
    }

    /// The same, with the user's metadata.
    ///
    /// # Errors
    /// As [`Queues::create`].
    pub fn create_with(
        &self,
        name: &str,
        kind: Kind,
        settings: Settings,
        metadata: BTreeMap<String, String>,
        now_ms: i64,
    ) -> Result<Pending<Created>> {
        let (name, face) = (name.to_owned(), String::new());
        let description = Description { name, kind, settings, metadata, face, created_ms: now_ms };
        self.call(|book| book.create(description))
    }

    /// Changes an entity's settings, metadata or face's text; its name and kind stay.
    ///
    /// # Errors
    /// There is none of that name, or a setting is out of its bounds.
    pub fn configure(&self, name: &str, change: impl FnOnce(&mut Description)) -> Result<Pending<()>> {
        self.call(|book| book.configure(name, change))
    }

    /// Removes an entity with its messages; a topic with its subscriptions.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn delete(&self, name: &str) -> Result<Pending<()>> {
        self.call(|book| book.delete(name))
    }

    /// Describes an entity.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn describe(&self, name: &str) -> Result<Description> {
        let mut book = self.shared.lock();
        let lane = book.find(name)?;
        Ok(book.entity(lane.entity)?.description.clone())
    }

    /// Describes the entities whose name begins with `prefix`, in the order of their names in lower case, from the one
    /// behind `after` on.
    #[must_use]
    pub fn list(&self, prefix: &str, after: &str, max: usize) -> Vec<Description> {
        self.shared.lock().list(prefix, after, max)
    }

    /// Messages of an entity by how they lie there.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn counts(&self, name: &str, now_ms: i64) -> Result<Counts> {
        let mut book = self.shared.lock();
        let lane = book.find(name)?;
        Ok(book.counts(lane, now_ms)?)
    }

    /// Takes all messages out of a queue, subscription or dead-letter queue.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn clear(&self, name: &str) -> Result<Pending<()>> {
        self.on(name, Book::clear)
    }

    /// Tells of the next message that can be received there. Listen first, then look, then wait.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn arrivals(&self, name: &str) -> Result<EventListener> {
        let mut book = self.shared.lock();
        let lane = book.find(name)?;
        Ok(book.entity(lane.entity)?.arrivals.of(lane.dead).listen())
    }

    /// When the next lock ends there, the next message becomes visible or expires; `None`: nothing is to come.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn next_due(&self, name: &str) -> Result<Option<i64>> {
        let mut book = self.shared.lock();
        let lane = book.find(name)?;
        let entity = book.entity(lane.entity)?;
        let sessions = entity.sessions.as_ref().and_then(super::session::Sessions::next_due);
        Ok(entity.lane(lane.dead).next_due().into_iter().chain(sessions).min())
    }

    /// A small text that a face keeps under a key.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<Vec<u8>> {
        self.shared.lock().shelf.notes.get(key).cloned()
    }

    /// Keeps a text of at most 64 KiB under a key, or takes it away.
    ///
    /// # Errors
    /// It is too large, or there are too many.
    pub fn set_note(&self, key: &str, value: Option<Vec<u8>>) -> Result<Pending<()>> {
        self.call(|book| book.set_note(key, value))
    }

    /// Bytes of waiting messages, and of the journal on the disk.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        self.shared.lock().journal.bytes()
    }

    /// Bytes of a message with its properties, at most.
    #[must_use]
    pub fn max_message_bytes(&self) -> usize {
        self.shared.lock().options.max_message_bytes
    }
}
