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

    /// Counts a buffer that is about to be made, unless more would then be held than allowed.
    pub(super) fn takes(&self, bytes: u64, most: u64) -> bool {
        let more = |held: u64| held.checked_add(bytes).filter(|held| *held <= most);
        let before = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        let held = before.map(|held| held + bytes);
        self.peak.fetch_max(held.unwrap_or(0), Ordering::Relaxed);
        held.is_ok()
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
