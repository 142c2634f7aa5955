//! One line of messages: a queue's own, or its dead letters.

use std::collections::{BTreeMap, BTreeSet};

use super::message::{DeadLetter, Phase};
use super::slots::{Slot, Slots};

/// What one call sees to of what became due, at most: a million messages that expire at once do not make one caller
/// wait for all of them.
pub(super) const DUE_AT_ONCE: usize = 1024;

/// Messages with what is due when.
#[derive(Debug, Default)]
pub(super) struct Lane {
    slots: Slots,
    /// Ends of locks, and when messages become visible.
    due: BTreeSet<(i64, u64)>,
    /// Why messages are here, where this is a dead-letter queue.
    why: BTreeMap<u64, DeadLetter>,
}

impl Lane {
    pub(super) fn get(&self, sequence: u64) -> Option<&Slot> {
        self.slots.get(sequence)
    }

    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Puts a message in, or changes the one of that number.
    pub(super) fn set(&mut self, sequence: u64, slot: Slot) {
        if let Some(old) = self.slots.get(sequence).copied() {
            self.not_due(sequence, &old);
        }
        if matches!(slot.phase, Phase::Locked | Phase::Scheduled) {
            self.due.insert((slot.until_ms, sequence));
        }
        self.slots.set(sequence, slot);
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Slot> {
        let slot = self.slots.remove(sequence)?;
        self.not_due(sequence, &slot);
        self.why.remove(&sequence);
        Some(slot)
    }

    fn not_due(&mut self, sequence: u64, slot: &Slot) {
        if matches!(slot.phase, Phase::Locked | Phase::Scheduled) {
            self.due.remove(&(slot.until_ms, sequence));
        }
    }

    /// Says why a message is here.
    pub(super) fn explain(&mut self, sequence: u64, why: DeadLetter) {
        self.why.insert(sequence, why);
    }

    /// Why a message is here.
    pub(super) fn why(&self, sequence: u64) -> Option<&DeadLetter> {
        self.why.get(&sequence)
    }

    /// Messages whose lock ended or whose time has come, the earliest first; [`DUE_AT_ONCE`] at most.
    pub(super) fn due(&self, now_ms: i64) -> Vec<u64> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now_ms);
        due.map(|(_, sequence)| *sequence).take(DUE_AT_ONCE).collect()
    }

    /// The messages that somebody has, with the stamps of their locks; first those whose lock ends first.
    pub(super) fn locked(&self) -> impl Iterator<Item = (u64, u32)> {
        let slots = self.due.iter().filter_map(|(_, sequence)| Some((*sequence, self.slots.get(*sequence)?)));
        slots.filter(|(_, slot)| slot.phase == Phase::Locked).map(|(sequence, slot)| (sequence, slot.stamp))
    }

    /// Messages that have expired; [`DUE_AT_ONCE`] and a chunk at most.
    pub(super) fn expired(&mut self, now_ms: i64) -> Vec<u64> {
        self.slots.expired(now_ms, DUE_AT_ONCE)
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<i64> {
        let due = self.due.first().map(|(at, _)| *at);
        due.into_iter().chain(self.slots.next_expiry()).min()
    }
}
