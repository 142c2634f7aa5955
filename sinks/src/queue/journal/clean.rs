//! Making room: the oldest segment is removed, and what is still needed of it appended anew.

use std::fs;

use super::super::book::Book;
use super::super::codec::Reader;
use super::super::record::{self, Target};
use super::super::slots::Place;
use super::frame::{self, HEADER, Seen};
use super::segment::{self, read_at};
use super::writer::Shared;
use super::{Journal, Pending};
use crate::{Error, Result};

/// Records' bytes that are carried over under one lock: callers wait that long at most.
const STEP_BYTES: usize = 32 << 10;
/// Beyond this many bytes in the open frame, carrying over waits for the disk.
const OPEN_BYTES: usize = 256 << 10;

impl Journal {
    /// Whether the oldest segment is to be removed: nothing in it is needed, or the dead outweigh the living.
    pub(super) fn wants_cleaning(&self) -> bool {
        let Some((number, oldest)) = self.segments.first_key_value() else { return false };
        if *number == self.segment || self.housework_failed {
            return false;
        }
        let (live, all) = self.bytes();
        oldest.live == 0 || all > 2 * live + 2 * u64::from(self.segment_bytes)
    }
}

/// Removes the oldest segment.
pub(super) fn oldest(shared: &Shared) -> Result<()> {
    let book = shared.lock();
    let Some((number, oldest)) = book.journal.segments.first_key_value() else { return Ok(()) };
    let (number, file, end) = (*number, oldest.file.clone(), oldest.end);
    let path = segment::path(&book.journal.folder, number);
    let needed = oldest.live > 0 || oldest.needed_until_ms > book.now_ms;
    drop(book);
    if needed {
        let mut bytes = vec![0; end as usize];
        read_at(&file, &mut bytes, 0).map_err(Error::io("read", &path))?;
        carry(shared, number, &bytes)?;
    }
    let commit = shared.lock().journal.commit();
    let book = shared.lock();
    let nothing = book.journal.is_empty();
    drop(book);
    if !nothing {
        shared.wake();
        Pending::new((), Some(commit)).wait()?;
    }
    shared.lock().journal.segments.remove(&number);
    fs::remove_file(&path).map_err(Error::io("remove", &path))
}

/// Appends what is still needed.
fn carry(shared: &Shared, number: u32, bytes: &[u8]) -> Result<()> {
    let mut at = 0;
    let mut step = Vec::new();
    let mut step_bytes = 0;
    while let Seen::Whole(_, records) = frame::look(&bytes[at..]) {
        for (offset, kind, content) in frame::records(records).flatten() {
            if matches!(kind, record::PUT | record::SEEN) {
                let len = content.len() as u32 + 5;
                step.push((Place { segment: number, at: (at + HEADER + offset) as u32, len }, kind, content));
                step_bytes += content.len();
            }
            if step_bytes > STEP_BYTES {
                flush(shared, &mut step)?;
                step_bytes = 0;
            }
        }
        at += HEADER + records.len();
    }
    flush(shared, &mut step)
}

fn flush(shared: &Shared, step: &mut Vec<(Place, u8, &[u8])>) -> Result<()> {
    let mut book = shared.lock();
    for (place, kind, content) in step.drain(..) {
        // What can be read back cannot be malformed: it was when the store was opened, or written since.
        _ = if kind == record::PUT { book.carry_message(place, content) } else { book.carry_seen(content) };
    }
    let (bytes, commit) = (book.journal.open_bytes(), book.journal.commit());
    drop(book);
    shared.wake();
    if bytes > OPEN_BYTES { Pending::new((), Some(commit)).wait() } else { Ok(()) }
}

impl Book {
    /// Writes a message anew for those that still hold it there.
    fn carry_message(&mut self, place: Place, content: &[u8]) -> Option<()> {
        let mut from = Reader(content);
        let targets = record::targets(&mut from)?;
        let living: Vec<Target> = targets.into_iter().filter_map(|target| self.living(&target, place)).collect();
        if !living.is_empty() {
            self.put_again(living, from.0, None);
        }
        Some(())
    }

    /// The target as it is now, if it still lies there.
    fn living(&self, target: &Target, place: Place) -> Option<Target> {
        let entity = self.shelf.entities.get(&target.entity)?;
        [false, true].into_iter().find_map(|dead| {
            let slot = *entity.lane(dead).get(target.sequence).filter(|slot| slot.place == place)?;
            let why = entity.lane(dead).why(target.sequence).cloned();
            Some(Target { dead, slot, why, ..target.clone() })
        })
    }

    /// Writes an id of a duplicate window anew, if it is still in it.
    fn carry_seen(&mut self, content: &[u8]) -> Option<()> {
        let mut from = Reader(content);
        let (entity, hash) = (from.u32()?, u128::from_le_bytes(from.take(16)?.try_into().ok()?));
        let until_ms = from.i64()?;
        let known = self.shelf.entities.get(&entity)?.seen.until(hash);
        if known == Some(until_ms) && until_ms > self.now_ms {
            self.remember(entity, hash, until_ms);
        }
        Some(())
    }
}
