//! A bound on memory that all connections share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that one unit of the semaphore stands for.
const UNIT: usize = 1024;

/// Room for a number of bytes; who wants some waits, in turn, until there is as much.
#[derive(Debug)]
pub(super) struct Room {
    units: Arc<Semaphore>,
    most: u32,
}

/// Some of the room; given back when dropped.
#[derive(Debug)]
pub(super) struct Taken {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        let most = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).clamp(1, Semaphore::MAX_PERMITS as u32);
        Self { units: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Takes room for some bytes; all there is where they are more.
    pub(super) async fn take(&self, bytes: usize) -> Taken {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.most);
        // The semaphore is never closed.
        Taken { _permit: Arc::clone(&self.units).acquire_many_owned(units).await.ok() }
    }
}
