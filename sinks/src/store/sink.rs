//! The store as a sink of the results hub.

use std::sync::Arc;

use super::Store;
use crate::error::Result;
use crate::published::{Cursor, Published};
use crate::sink::Sink;

/// Writes events into the store: buffered until [`Sink::sync`], then in one transaction with the cursor. The buffer is
/// as large as what the follower hands over between two syncs.
#[derive(Debug)]
pub struct StoreSink {
    store: Arc<Store>,
    buffer: Vec<Published>,
}

impl StoreSink {
    /// A sink into `store`.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, buffer: Vec::new() }
    }
}

impl Sink<Published> for StoreSink {
    fn name(&self) -> &'static str {
        "store"
    }

    /// The store's own cursor wins: it was written together with the documents.
    fn resume(&mut self, committed: Cursor) -> Result<Cursor> {
        let mut cursor = committed;
        cursor.extend(self.store.cursor()?);
        Ok(cursor)
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        self.buffer.extend_from_slice(items);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.store.apply(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
