//! Where results go: events, queues, Arrow and Parquet files, reports.
//!
//! A replay appends its results to a [`journal::Journal`], the only truth; every output is then made by streaming the
//! journal through [`sink::Sink`]s with [`sink::export`].

mod atomic;
pub mod error;
pub mod event;
mod finite;
pub mod journal;
pub mod sink;

pub use error::{Error, Result};
pub use event::Event;
pub use journal::Journal;
pub use sink::{Entry, Sink, export};
