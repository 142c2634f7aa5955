//! Where results go: events, queues, Arrow and Parquet files, reports.
//!
//! A replay appends its results to a [`journal::Journal`], the only truth; every output is then made by streaming the
//! journal through [`sink::Sink`]s with [`sink::export`].

mod atomic;
mod columns;
pub mod csv;
pub mod error;
pub mod event;
mod finite;
pub mod ipc;
pub mod journal;
pub mod jsonl;
pub mod manual;
pub mod parquet;
pub mod queue;
pub mod rejected;
pub mod report;
pub mod schema;
pub mod sink;

pub use error::{Error, Result};
pub use event::Event;
pub use journal::Journal;
pub use manual::ManualQueue;
pub use sink::{Entry, Sink, export};
