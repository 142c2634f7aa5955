//! What a replay may be told.

use crate::{Error, Result};

/// The bounds of a batch. Together they bound the memory of a source: one batch, plus one record that waits for the
/// next one; for a Parquet file also one decoded slice of at most `batch_bytes` (or one row) and the file's own pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records in a batch, at most.
    pub batch_records: usize,
    /// Bytes of payload in a batch, at most; a single larger record makes a batch of its own.
    pub batch_bytes: u64,
    /// Bytes in a record, at most; a larger one is refused unread.
    pub max_record_bytes: u64,
}

impl Default for Limits {
    /// 64 records, 32 MiB a batch, 64 MiB a record.
    fn default() -> Self {
        Self { batch_records: 64, batch_bytes: 32 << 20, max_record_bytes: 64 << 20 }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<()> {
        for (name, zero) in [
            ("batch_records", self.batch_records == 0),
            ("batch_bytes", self.batch_bytes == 0),
            ("max_record_bytes", self.max_record_bytes == 0),
        ] {
            if zero {
                return Err(Error::ZeroLimit { name });
            }
        }
        Ok(())
    }
}

/// What a replay may be told beside its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayOptions {
    /// The bounds of a batch.
    pub limits: Limits,
    /// The logical base of all positions: `tollgate:NAME/…` relative to the deepest folder that holds all PATHs (a
    /// folder that is the only PATH: that folder; a file that is the only PATH: the folder it lies in), so that data
    /// may be moved and keeps its ids. `None`: absolute `file://` positions.
    pub source: Option<String>,
}
