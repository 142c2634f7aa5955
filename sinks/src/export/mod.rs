//! Scheduled export: a CSV of the plates that no export has taken yet, to a folder or an object store.
//!
//! The store ([`crate::store`]) claims the rows under the file's name before the file appears and marks them after it. A
//! crash between any two steps leaves the claim open: the next run makes the same file with the same rows again, in place
//! of what may be there, and marks it. So no plate is in two files, and none in no file.

mod config;
mod file;
mod notice;
mod run;
mod schedule;

pub use config::{ExportConfig, MailConfig, NoticeConfig};
pub use notice::{Notice, Notifier};
pub use run::{Exported, Exporter};
pub use schedule::Schedule;
