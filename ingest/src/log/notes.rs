//! Notes of how far each partition of a hub is durable.
//!
//! After a loss of power, what was written behind the last sync may be on the disk in part and in any order: damage
//! there is the end of the log, whatever lies behind it. Before it, damage is damage. The notes tell the two apart. They
//! are a lower bound, taken now and then beside the appends: behind a note of a second ago lies at most what was
//! appended within that second.
//!
//! A file of 16 bytes a partition: the offset behind its last durable record, its CRC32C with the partition's number,
//! and 4 zeros. What does not fit its checksum is no note, and then all is taken to be durable.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::commit::Shared;
use super::disk::{failed, read_at, sync_folder, write_at};
use super::hub::MAX_PARTITIONS;
use super::lane::Lane;
use crate::Result;

const FILE: &str = "durable";
const SLOT_BYTES: usize = 16;

/// What the notes of a hub said when it was opened.
pub(super) struct Noted([u8; SLOT_BYTES * MAX_PARTITIONS as usize]);

impl Noted {
    /// Reads them; where there are none, nothing is known.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let mut noted = Self([0; _]);
        match File::open(&path).and_then(|file| read_at(&file, &mut noted.0, 0)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("read", &path)(error)),
            _ => Ok(noted),
        }
    }

    /// The offset before which all records of a partition are durable.
    pub(super) fn of(&self, partition: u32) -> Option<u64> {
        let slot = self.0.chunks_exact(SLOT_BYTES).nth(partition as usize)?;
        let offset = u64::from_be_bytes(slot.first_chunk().copied()?);
        (*slot == encode(partition, offset)).then_some(offset)
    }
}

fn encode(partition: u32, offset: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..8].copy_from_slice(&offset.to_be_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&partition.to_be_bytes()), &slot[..8]);
    slot[8..12].copy_from_slice(&sum.to_be_bytes());
    slot
}

/// The notes of an open hub.
pub(super) struct Notes {
    path: PathBuf,
    file: File,
    /// The partitions by their number, each with what was noted of it last.
    partitions: Mutex<Vec<(Arc<Lane>, Option<u64>)>>,
}

impl Notes {
    /// Opens the notes of a hub in its folder.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let is_new = !path.exists();
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(failed("open", &path))?;
        if is_new {
            sync_folder(folder).map_err(failed("make durable the names in", folder))?;
        }
        Ok(Self { path, file, partitions: Mutex::default() })
    }

    /// Takes in the hub's next partition, of which this is noted.
    pub(super) fn follow(&self, lane: Arc<Lane>, noted: Option<u64>) {
        self.lock().push((lane, noted));
    }

    /// Notes how far the partitions have come. After an error nothing more is certain about this disk.
    pub(super) fn take(&self) -> Result<()> {
        let mut partitions = self.lock();
        let mut changed = false;
        for (number, (lane, noted)) in (0..).zip(partitions.iter_mut()) {
            let durable = lane.durable_end();
            if *noted != Some(durable) {
                let position = u64::from(number) * SLOT_BYTES as u64;
                write_at(&self.file, &encode(number, durable), position).map_err(failed("write", &self.path))?;
                (*noted, changed) = (Some(durable), true);
            }
        }
        if changed { self.file.sync_data().map_err(failed("make durable", &self.path)) } else { Ok(()) }
    }

    // A note that could not be written is not believed to be there: see `take`.
    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<Lane>, Option<u64>)>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    hubs: Vec<Arc<Notes>>,
    stopping: bool,
}

/// Takes the notes of all hubs now and then, and at the end.
#[derive(Default)]
pub(super) struct Noter {
    state: Mutex<State>,
    woken: Condvar,
}

impl Noter {
    pub(super) fn add(&self, notes: Arc<Notes>) {
        self.lock().hubs.push(notes);
    }

    pub(super) fn remove(&self, notes: &Arc<Notes>) {
        self.lock().hubs.retain(|one| !Arc::ptr_eq(one, notes));
    }

    /// Takes notes until it is told to stop, or until the disk has failed.
    pub(super) fn run(&self, shared: &Shared, every: Duration) {
        loop {
            let waiting = self.woken.wait_timeout_while(self.lock(), every, |state| !state.stopping);
            let (state, _) = waiting.unwrap_or_else(PoisonError::into_inner);
            if state.stopping || shared.health().is_err() {
                return;
            }
            let hubs = state.hubs.clone();
            drop(state);
            if let Err(error) = hubs.iter().try_for_each(|notes| notes.take()) {
                shared.fail(error.to_string());
            }
        }
    }

    /// Ends [`Noter::run`].
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.woken.notify_all();
    }

    /// Lets go of all hubs.
    pub(super) fn release(&self) -> Vec<Arc<Notes>> {
        std::mem::take(&mut self.lock().hubs)
    }

    // The state is whole between any two statements: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_was_written_in_part_or_for_another_partition_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(Noted::read(folder.path()).unwrap().of(0), None, "no file");
        let slots = [encode(0, 7), encode(1, 1 << 40), encode(1, 9)].concat();
        std::fs::write(&path, &slots).unwrap();
        let noted = Noted::read(folder.path()).unwrap();
        assert_eq!([0, 1, 2, 3].map(|partition| noted.of(partition)), [Some(7), Some(1 << 40), None, None]);
        std::fs::write(&path, &slots[..24]).unwrap();
        let noted = Noted::read(folder.path()).unwrap();
        assert_eq!([0, 1].map(|partition| noted.of(partition)), [Some(7), None]);
    }
}
