//! Capture: a hub's raw records as Avro files, a file for each window of each partition.
//!
//! The container format is Avro's, the schema that of Event Hubs' Capture, so that its consumers read it unchanged. A
//! window ends by the append times in the log, or by its size; so what is in a file depends on the log alone, and a file
//! that is made again after a crash, or late because the store was down, is the same file.

mod avro;
mod config;
mod file;
mod name;

pub use config::CaptureConfig;
pub use file::{CaptureFile, Captured, Property};
pub use name::file_name;
