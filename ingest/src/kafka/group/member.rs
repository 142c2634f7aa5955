//! A member of a group, and the memory that all of them may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// Bytes that members leave here, counted over all groups.
#[derive(Debug, Clone)]
pub(in crate::kafka) struct Budget {
    left: Arc<AtomicUsize>,
}

/// Some bytes of the budget; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(in crate::kafka) fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)) }
    }

    /// Takes some bytes, where they are left.
    pub(super) fn hold(&self, bytes: usize) -> Option<Held> {
        let taken = self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes));
        taken.ok().map(|_| Held { budget: self.clone(), bytes })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

/// A way of sharing partitions that a member offers, and what it says about itself for it.
pub(in crate::kafka) type Protocol = (String, Bytes);

/// What a member says of itself when it joins.
#[derive(Debug, Clone)]
pub(in crate::kafka) struct Joining {
    pub(in crate::kafka) instance: Option<String>,
    pub(in crate::kafka) client: String,
    pub(in crate::kafka) host: String,
    pub(in crate::kafka) session: Duration,
    pub(in crate::kafka) rebalance: Duration,
    pub(in crate::kafka) protocol_type: String,
    /// By preference.
    pub(in crate::kafka) protocols: Vec<Protocol>,
}

impl Joining {
    fn bytes(&self) -> usize {
        let protocols = self.protocols.iter().map(|(name, about)| name.len() + about.len() + 64);
        512 + self.client.len() + self.instance.as_ref().map_or(0, String::len) + protocols.sum::<usize>()
    }
}

/// A member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) about: Joining,
    pub(super) assignment: Bytes,
    /// It takes part in the rebalance that is going on.
    pub(super) joined: bool,
    /// Requests of its that are being held back: as long as there are any it is alive.
    pub(super) waiting: u32,
    pub(super) heard: Instant,
    _held: (Held, Option<Held>),
}

impl Member {
    /// A member, where there is memory for it.
    pub(super) fn new(about: Joining, now: Instant, budget: &Budget) -> Option<Self> {
        let held = budget.hold(about.bytes())?;
        Some(Self { about, assignment: Bytes::new(), joined: false, waiting: 0, heard: now, _held: (held, None) })
    }

    /// Takes what it says of itself anew.
    pub(super) fn renew(&mut self, about: Joining, budget: &Budget) -> Option<()> {
        let held = budget.hold(about.bytes())?;
        (self.about, self._held.0) = (about, held);
        Some(())
    }

    /// Takes what the leader gave it; nothing, where there is no memory for it.
    pub(super) fn assign(&mut self, assignment: Bytes, budget: &Budget) -> Option<()> {
        let held = budget.hold(assignment.len())?;
        (self.assignment, self._held.1) = (assignment, Some(held));
        Some(())
    }

    /// When it counts as gone unless it is heard of before; never, while it waits for an answer.
    pub(super) fn expires(&self) -> Option<Instant> {
        (self.waiting == 0).then(|| self.heard + self.about.session)
    }

    /// What it says about itself for a protocol.
    pub(super) fn about_protocol(&self, name: &str) -> Option<&Bytes> {
        self.about.protocols.iter().find(|(offered, _)| offered == name).map(|(_, about)| about)
    }
}
