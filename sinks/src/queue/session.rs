//! Sessions of a queue: messages of one id in their order, to one receiver at a time, with a state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::message::Phase;

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    ready: BTreeSet<u64>,
    /// Messages that are locked.
    held: BTreeSet<u64>,
    /// Messages of it in any phase.
    messages: usize,
    /// End of the lock; 0: nobody has it.
    pub(super) until_ms: i64,
    /// Changes with each accept.
    pub(super) stamp: u32,
    pub(super) state: Option<Vec<u8>>,
}

/// The sessions of a queue.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: BTreeMap<Arc<str>, Session>,
    /// The session of each message.
    of: HashMap<u64, Arc<str>>,
    /// Sessions with something ready, by the first of it.
    first: BTreeMap<u64, Arc<str>>,
}

impl Sessions {
    pub(super) fn get(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// The ids and sessions.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Session)> {
        self.by_id.iter()
    }

    /// Takes note that a message belongs to a session.
    pub(super) fn add(&mut self, sequence: u64, id: &str) {
        let id = self.by_id.get_key_value(id).map_or_else(|| Arc::from(id), |(id, _)| Arc::clone(id));
        if self.of.insert(sequence, Arc::clone(&id)).is_none() {
            self.by_id.entry(id).or_default().messages += 1;
        }
    }

    /// Takes note of a message's phase; `None`: it is gone.
    pub(super) fn set_phase(&mut self, sequence: u64, phase: Option<Phase>) {
        let Some(id) = self.of.get(&sequence) else { return };
        let Some(session) = self.by_id.get_mut(id) else { return };
        let before = session.ready.first().copied();
        session.ready.remove(&sequence);
        session.held.remove(&sequence);
        match phase {
            Some(Phase::Ready) => _ = session.ready.insert(sequence),
            Some(Phase::Locked) => _ = session.held.insert(sequence),
            _ => {}
        }
        let after = session.ready.first().copied();
        if before != after {
            before.map(|first| self.first.remove(&first));
            after.map(|first| self.first.insert(first, Arc::clone(id)));
        }
    }

    /// Takes note that a message is gone.
    pub(super) fn forget(&mut self, sequence: u64) {
        self.set_phase(sequence, None);
        if let Some(id) = self.of.remove(&sequence) {
            if let Some(session) = self.by_id.get_mut(&id) {
                session.messages -= 1;
            }
            self.tidy(&id);
        }
    }

    /// The messages of a session that are locked.
    pub(super) fn held(&self, id: &str) -> Vec<u64> {
        self.by_id.get(id).map(|session| session.held.iter().copied().collect()).unwrap_or_default()
    }

    /// The first message of a session that can be received.
    pub(super) fn first_ready(&self, id: &str) -> Option<u64> {
        self.by_id.get(id)?.ready.first().copied()
    }

    /// The free session whose first message came first.
    pub(super) fn next_free(&self, now_ms: i64) -> Option<Arc<str>> {
        let free = |id: &&Arc<str>| self.by_id.get(*id).is_some_and(|session| session.until_ms <= now_ms);
        self.first.values().find(free).cloned()
    }

    /// Sets the lock and state of a session, which is made if need be.
    pub(super) fn set(&mut self, id: &str, until_ms: i64, stamp: u32, state: Option<Vec<u8>>) {
        let session = self.by_id.entry(Arc::from(id)).or_default();
        (session.until_ms, session.stamp, session.state) = (until_ms, stamp, state);
        self.tidy(id);
    }

    /// The earliest end of a lock on a session with something ready.
    pub(super) fn next_due(&self) -> Option<i64> {
        let locked = self.first.values().filter_map(|id| self.by_id.get(id)).filter(|session| session.until_ms > 0);
        locked.map(|session| session.until_ms).min()
    }

    /// A session without messages, lock and state is forgotten.
    fn tidy(&mut self, id: &str) {
        let empty = |session: &Session| session.messages == 0 && session.until_ms == 0 && session.state.is_none();
        if self.by_id.get(id).is_some_and(empty) {
            self.by_id.remove(id);
        }
    }
}
