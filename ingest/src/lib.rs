//! Where records come from: photo folders, archives, Parquet files; the stream log.
//!
//! A [`Source`] hands out [`Batch`]es of records in one fixed order. [`ReplaySource`] is the source of a replay: photos
//! that already lie somewhere. [`log`] is the stream log that live traffic goes through. Bad input is data here: a record that cannot be had is a [`Record`] whose payload is
//! [`Payload::Refused`], and only a broken machine (or a wrong command line) is an [`Error`].

pub mod access;
pub mod capture;
mod clock;
mod digest;
mod error;
pub mod kafka;
pub mod log;
pub mod metrics;
pub mod photo;
mod position;
mod record;
pub mod replay;
mod source;

pub use clock::{Clock, system_clock};
pub use error::{Error, Result};
pub use record::{Payload, Record, Refusal, RefusalCode};
pub use replay::{Limits, ReplayOptions, ReplaySource, SkipReason, Skipped};
pub use source::{Batch, Source};
