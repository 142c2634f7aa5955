//! Durable queues in this process: the enterprise queue's behaviour, and the task queue's, over the same messages.
//!
//! [`Queues`] is the store: queues, topics and subscriptions, messages that are locked, completed, abandoned, deferred,
//! scheduled, expire, go to dead-letter queues, belong to sessions. A call is decided at once under one lock, with the
//! time it is told, and answered by a [`Pending`]: `wait()` with a thread, or `durable().await` without one, gives its
//! value once a group commit has made it durable. What is bad in a call is [`Error::Refused`](crate::Error::Refused)
//! with a [`Refusal`], and then nothing has changed.
//!
//! State is the [journal](journal) by itself; in memory is an index of 40 bytes a waiting message, and about 60 more for
//! each that is locked or scheduled. A queue's dead letters are a queue: `NAME/$deadletterqueue`.

pub mod azure;
mod book;
mod calls;
mod codec;
mod entity;
pub mod filter;
mod journal;
mod lane;
mod message;
mod name;
mod ops;
mod record;
mod refusal;
pub mod rest;
mod room;
mod session;
mod settings;
mod shelf;
mod sink;
mod slots;
mod store;

pub use calls::Receiving;
pub use journal::Pending;
pub use message::{Ask, Counts, DeadLetter, Delivery, Message, Phase, Receipt, Sent, System, Value};
pub use name::{DEAD_LETTERS, check as check_name, subscription};
pub use refusal::Refusal;
pub use settings::{DEFAULT_DUPLICATE_WINDOW_MS, DUPLICATE_WINDOW_MS, Description, Kind, LOCK_MS, Settings};
pub use sink::QueueSink;
pub use store::{Opened, Queues, QueuesOptions};

use uuid::Uuid;

/// Whether an entity was made or was there with the same settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    New,
    /// It was there, with the same settings and metadata.
    WasThere,
}

/// A session that a receiver holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLock {
    /// The session id.
    pub id: String,
    /// Shows that it is held.
    pub token: Uuid,
    /// Until when, in milliseconds since the epoch.
    pub until_ms: i64,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The new token; the one before is good no more.
    pub token: Uuid,
    /// When the message becomes visible again, in milliseconds since the epoch.
    pub visible_ms: i64,
}
