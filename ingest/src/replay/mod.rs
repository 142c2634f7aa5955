//! Replay: photos that already lie in folders, archives and Parquet files, as one sequence of records.
//!
//! Every PATH is a *root* (`Root`) that first names its next record and reads its body only when asked, so that
//! finished records are skipped, and all of them counted, without touching a photo.

mod columns;
mod file;
mod folder;
mod image;
mod kind;
mod member;
mod options;
mod parquet;
mod root;
mod skipped;
mod source;
mod tar;

pub use options::{Limits, ReplayOptions};
pub use skipped::{SkipReason, Skipped};
pub use source::ReplaySource;
