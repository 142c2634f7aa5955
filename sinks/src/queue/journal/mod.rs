//! The journal: segments of frames, a frame a group commit, one `fdatasync` a frame.
//!
//! Callers change the state in memory under one lock and append what they did to the frame that is open. A thread
//! writes and syncs the frame while the next one fills; then all whose work was in it are answered. The segments are
//! the state: there are no checkpoints beside them. The oldest segment is removed when nothing in it is needed any
//! more, and what still is needed of it is appended anew when the dead outweigh the living.
//!
//! Since segments leave only from the old end, a removal or a change never needs to be kept: what it is about lies in
//! front of it, and is gone or was written anew by then. What is small (entities, sessions, notes) is repeated at the
//! head of each segment.

mod clean;
mod commit;
mod frame;
mod recover;
mod segment;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use commit::Commit;
pub use commit::Pending;
pub(super) use frame::{HEADER, record};
pub(super) use recover::{Found, recover};
pub(super) use segment::{Segment, lock_folder, read_at};
pub(super) use writer::{Shared, Threads};

use super::slots::Place;
use crate::Result;

/// The journal as callers see it, under the store's lock.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) folder: PathBuf,
    /// The frame that is open; its header is still blank.
    open: Vec<u8>,
    /// Where the open frame will lie.
    segment: u32,
    base: u32,
    /// Who waits for the open frame.
    commit: Arc<Commit>,
    /// All up to here is durable.
    durable: (u32, u32),
    pub(super) segments: BTreeMap<u32, Segment>,
    /// The next segment, made ahead of need.
    spare: Option<Segment>,
    segment_bytes: u32,
    max_pending: usize,
    /// Number of the open frame.
    number: u64,
    /// The disk refused once: nothing is certain any more.
    broken: Option<String>,
    /// Making room failed; it is tried again with the next segment.
    housework_failed: bool,
}

impl Journal {
    /// Goes on behind what was found, in a new segment.
    pub(super) fn start(folder: &Path, found: Found, segment_bytes: u32, max_pending: usize) -> Result<Self> {
        let Found { mut segments, next_segment, next_frame, .. } = found;
        let segment = Segment::create(folder, next_segment, segment_bytes)?;
        segments.insert(next_segment, segment);
        Ok(Self {
            folder: folder.into(),
            open: vec![0; HEADER],
            segment: next_segment,
            base: 0,
            commit: Arc::default(),
            durable: (next_segment, 0),
            segments,
            spare: None,
            segment_bytes,
            max_pending,
            number: next_frame,
            broken: None,
            housework_failed: false,
        })
    }

    /// Whether callers must wait: too much is on its way to the disk.
    pub(super) fn is_busy(&self) -> bool {
        self.open.len() > self.max_pending || u64::from(self.base) > 2 * u64::from(self.segment_bytes) + (1 << 30)
    }

    /// The disk's refusal, if there was one.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Appends a record; returns where it will lie.
    pub(super) fn append(&mut self, kind: u8, write: impl FnOnce(&mut Vec<u8>)) -> Place {
        let start = self.open.len();
        self.open.extend_from_slice(&[0; 4]);
        self.open.push(kind);
        write(&mut self.open);
        let len = (self.open.len() - start) as u32;
        self.open[start..start + 4].copy_from_slice(&len.to_le_bytes());
        Place { segment: self.segment, at: self.base + start as u32, len }
    }

    /// Whether nothing was appended since the last frame.
    pub(super) fn is_empty(&self) -> bool {
        self.open.len() == HEADER
    }

    /// Bytes in the open frame.
    pub(super) fn open_bytes(&self) -> usize {
        self.open.len()
    }

    /// What to wait for until all that was appended is durable.
    pub(super) fn commit(&self) -> Arc<Commit> {
        Arc::clone(&self.commit)
    }

    /// Whether a record is durable.
    pub(super) fn is_durable(&self, place: Place) -> bool {
        (place.segment, place.at) < self.durable
    }

    /// Takes note that a message refers to a record.
    pub(super) fn refer(&mut self, place: Place) {
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live += u64::from(place.len);
        }
    }

    /// Takes note that a message no longer does.
    pub(super) fn release(&mut self, place: Place) {
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live = segment.live.saturating_sub(u64::from(place.len));
        }
    }

    /// The segment written to needs a duplicate's record until then.
    pub(super) fn remember_until(&mut self, at_ms: i64) {
        if let Some(segment) = self.segments.get_mut(&self.segment) {
            segment.needed_until_ms = segment.needed_until_ms.max(at_ms);
        }
    }

    /// Bytes that messages refer to, and bytes of all segments.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let mut sums = (0, 0);
        for (number, segment) in &self.segments {
            let end = if *number == self.segment { u64::from(self.base) } else { segment.end };
            sums = (sums.0 + segment.live, sums.1 + end);
        }
        sums
    }

    /// Whether the next segment is to be made.
    fn wants_spare(&self) -> bool {
        self.spare.is_none() && !self.housework_failed
    }

    /// Whether the segment that is written to is full.
    fn is_full(&self) -> bool {
        self.base >= self.segment_bytes
    }

    /// Goes on in the next segment once the present one is full; the open frame must be empty. Says whether it did:
    /// then the head of a segment is to be appended first.
    pub(super) fn roll(&mut self) -> bool {
        if !self.is_full() {
            return false;
        }
        // Where the disk refused to make it, that is tried again.
        self.housework_failed = false;
        let Some(next) = self.spare.take() else { return false };
        if let Some(full) = self.segments.get_mut(&self.segment) {
            full.end = u64::from(self.base);
        }
        self.segment = next.number;
        self.base = 0;
        self.segments.insert(next.number, next);
        true
    }
}
