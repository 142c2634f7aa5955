//! Where results go: events, queues, Arrow and Parquet files, reports.
//!
//! A replay appends its results to a [`journal::Journal`], the only truth; every output is then made by streaming the
//! journal through [`sink::Sink`]s with [`sink::export`].
//!
//! What a server reads lies in its results hub. There each sink is a cursor of its own: it takes [`Published`] events, and
//! the follower that drives it (in `engine`) commits how far it has come only after [`Sink::sync`].

mod atomic;
pub mod bridge;
pub mod capture;
mod columns;
pub mod csv;
mod database;
mod deadletter;
pub mod depot;
pub mod error;
pub mod event;
pub mod export;
pub mod failpoint;
mod finite;
pub mod ipc;
pub mod ipc_stream;
pub mod journal;
pub mod jsonl;
pub mod lake;
pub mod manual;
pub mod parquet;
pub mod published;
pub mod push;
pub mod queue;
mod refusal;
pub mod rejected;
pub mod report;
pub mod review;
pub mod route;
pub mod schema;
mod secret;
pub mod sink;
pub mod store;

pub use deadletter::{DeadLetter, DeadLetters};
pub use error::{Error, Result};
pub use event::Event;
pub use journal::Journal;
pub use manual::ManualQueue;
pub use published::{CloudEvent, Cursor, Place, Published};
pub use secret::Secret;
pub use sink::{Entry, Sink, export};
