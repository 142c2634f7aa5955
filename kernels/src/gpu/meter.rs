//! What a device was given, gave back and holds.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a device since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Written to it.
    pub to_device_bytes: u64,
    /// Read back from it.
    pub from_device_bytes: u64,
    /// Of its buffers, at the same time at most, those kept to be used again among them.
    pub peak_bytes: u64,
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Meter {
    to_device: AtomicU64,
    from_device: AtomicU64,
    held: AtomicU64,
    peak: AtomicU64,
}

impl Meter {
    pub(super) fn wrote(&self, bytes: u64) {
        self.to_device.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.from_device.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn took(&self, bytes: u64) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(held, Ordering::Relaxed);
    }

    pub(super) fn freed(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            to_device_bytes: self.to_device.load(Ordering::Relaxed),
            from_device_bytes: self.from_device.load(Ordering::Relaxed),
            peak_bytes: self.peak.load(Ordering::Relaxed),
        }
    }
}
