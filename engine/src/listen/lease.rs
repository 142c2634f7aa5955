//! The lease on the message in hand.

use std::time::{Duration, Instant};

use tollgate_sinks::queue::azure::client::Got;

use super::wire::{Meaning, Trouble, Wire};

/// How long to wait until a renewal that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// A lease that is renewed when a third of it is over.
pub(super) struct Lease<'a> {
    wire: &'a Wire<'a>,
    id: &'a str,
    receipt: String,
    lock_s: u32,
    renew_at: Instant,
    ends_at: Instant,
}

impl<'a> Lease<'a> {
    pub(super) fn new(wire: &'a Wire<'a>, got: &'a Got, lock_s: u32) -> Self {
        let now = Instant::now();
        let mut lease =
            Self { wire, id: &got.id, receipt: got.pop_receipt.clone(), lock_s, renew_at: now, ends_at: now };
        lease.begins_at(now);
        lease
    }

    fn begins_at(&mut self, now: Instant) {
        let whole = Duration::from_secs(self.lock_s.into());
        (self.renew_at, self.ends_at) = (now + whole / 3, now + whole);
    }

    /// What shows that the message is ours.
    pub(super) fn receipt(&self) -> &str {
        &self.receipt
    }

    /// Renews the lease if it is time; false when it is lost.
    pub(super) fn keep(&mut self) -> bool {
        let now = Instant::now();
        if now < self.renew_at {
            return true;
        }
        match self.wire.hide(self.id, &self.receipt, self.lock_s) {
            Ok(receipt) => {
                self.receipt = receipt;
                self.begins_at(now);
                true
            }
            Err(Trouble { meaning: Meaning::Lost | Meaning::NoQueue, .. }) => false,
            Err(Trouble { error, .. }) => {
                tracing::warn!(id = self.id, %error, "the lease could not be renewed");
                self.renew_at = Instant::now() + RETRY;
                self.renew_at < self.ends_at
            }
        }
    }
}
