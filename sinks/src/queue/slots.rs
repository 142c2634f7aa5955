//! Where each message of a queue lies and in which phase: the index in memory, 40 bytes a message.
//!
//! Slots lie in chunks of 64 by sequence number, with a bit for each that is taken and each that is ready. A chunk is
//! freed with its last message, so that one message that stays does not hold the room of those that came after it.

use std::collections::{BTreeMap, BTreeSet};

use super::message::Phase;

/// Where a message was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the segment.
    pub(super) segment: u32,
    /// Byte offset of the record.
    pub(super) at: u32,
    /// Its bytes.
    pub(super) len: u32,
}

/// A message as the index knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) place: Place,
    pub(super) deliveries: u32,
    /// Changes with each receive: what a token is derived from.
    pub(super) stamp: u32,
    pub(super) phase: Phase,
    /// It is asked for by its number alone, also when a lock on it has ended.
    pub(super) deferred: bool,
    /// End of the lock, or when it becomes visible; 0 where neither is the case.
    pub(super) until_ms: i64,
    /// `i64::MAX`: never.
    pub(super) expires_ms: i64,
}

/// Expiry of what never expires.
pub(super) const NEVER: i64 = i64::MAX;

#[derive(Debug)]
struct Chunk {
    slots: [Slot; 64],
    taken: u64,
    ready: u64,
    /// No message here expires before.
    expires_ms: i64,
}

/// The slots of a queue.
#[derive(Debug, Default)]
pub(super) struct Slots {
    chunks: BTreeMap<u64, Box<Chunk>>,
    /// Chunks with something ready.
    ready: BTreeSet<u64>,
    /// Chunks with something that expires, by when at the earliest.
    expiring: BTreeSet<(i64, u64)>,
    /// Slots by phase, as [`Phase`] counts them.
    counts: [u64; 4],
}

fn split(sequence: u64) -> (u64, usize) {
    (sequence >> 6, (sequence & 63) as usize)
}

impl Slots {
    pub(super) fn get(&self, sequence: u64) -> Option<&Slot> {
        let (number, i) = split(sequence);
        let chunk = self.chunks.get(&number)?;
        (chunk.taken >> i & 1 == 1).then(|| &chunk.slots[i])
    }

    /// Puts a slot in, in place of the one of that number if there is one.
    pub(super) fn set(&mut self, sequence: u64, slot: Slot) {
        let (number, i) = split(sequence);
        let empty = || Box::new(Chunk { slots: [Slot::default(); 64], taken: 0, ready: 0, expires_ms: NEVER });
        let chunk = self.chunks.entry(number).or_insert_with(empty);
        let bit = 1 << i;
        if chunk.taken & bit != 0 {
            self.counts[chunk.slots[i].phase as usize] -= 1;
        }
        self.counts[slot.phase as usize] += 1;
        chunk.taken |= bit;
        chunk.slots[i] = slot;
        let was_ready = chunk.ready != 0;
        chunk.ready = if slot.phase == Phase::Ready { chunk.ready | bit } else { chunk.ready & !bit };
        match (was_ready, chunk.ready != 0) {
            (false, true) => _ = self.ready.insert(number),
            (true, false) => _ = self.ready.remove(&number),
            _ => {}
        }
        if slot.expires_ms < chunk.expires_ms {
            self.expiring.remove(&(chunk.expires_ms, number));
            chunk.expires_ms = slot.expires_ms;
            self.expiring.insert((chunk.expires_ms, number));
        }
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Slot> {
        let slot = *self.get(sequence)?;
        let (number, i) = split(sequence);
        let chunk = self.chunks.get_mut(&number)?;
        self.counts[slot.phase as usize] -= 1;
        chunk.taken &= !(1 << i);
        chunk.ready &= !(1 << i);
        if chunk.ready == 0 {
            self.ready.remove(&number);
        }
        if chunk.taken == 0 {
            self.expiring.remove(&(chunk.expires_ms, number));
            self.chunks.remove(&number);
        }
        Some(slot)
    }

    /// The first message that can be received.
    pub(super) fn first_ready(&self) -> Option<u64> {
        let number = *self.ready.first()?;
        let chunk = self.chunks.get(&number)?;
        Some((number << 6) + u64::from(chunk.ready.trailing_zeros()))
    }

    /// The messages from a number on, in order.
    pub(super) fn from(&self, sequence: u64) -> impl Iterator<Item = (u64, &Slot)> {
        let taken = self.chunks.range(sequence >> 6..).map(|(number, chunk)| (number << 6, chunk.taken));
        let within = |(base, taken): (u64, u64)| (0..64).filter(move |i| taken >> i & 1 == 1).map(move |i| base + i);
        let numbers = taken.flat_map(within).filter(move |number| *number >= sequence);
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Up to `max` messages that have expired, unless somebody has them. What is looked at is looked at again only
    /// when it may have changed: when something in its chunk expires.
    pub(super) fn expired(&mut self, now_ms: i64, max: usize) -> Vec<u64> {
        let mut found = Vec::new();
        while found.len() < max
            && let Some(&(at, number)) = self.expiring.first()
            && at <= now_ms
        {
            self.expiring.pop_first();
            let Some(chunk) = self.chunks.get_mut(&number) else { continue };
            let taken = (0..64).filter(|i| chunk.taken >> i & 1 == 1);
            let mut next = NEVER;
            for i in taken {
                let slot = &chunk.slots[i];
                match slot.expires_ms {
                    at if at > now_ms => next = next.min(at),
                    // Whoever has it may finish it: it is looked at again when the lock has ended.
                    _ if slot.phase == Phase::Locked => next = next.min(slot.until_ms.max(now_ms + 1)),
                    _ => found.push((number << 6) + i as u64),
                }
            }
            chunk.expires_ms = next;
            if next != NEVER {
                self.expiring.insert((next, number));
            }
        }
        found
    }

    /// When the next message may expire.
    pub(super) fn next_expiry(&self) -> Option<i64> {
        self.expiring.first().map(|(at, _)| *at)
    }

    /// Messages in a phase.
    pub(super) fn count(&self, phase: Phase) -> u64 {
        self.counts[phase as usize]
    }

    /// Messages in all.
    pub(super) fn len(&self) -> u64 {
        self.counts.iter().sum()
    }
}
