//! Reading a journal from its beginning.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::slots::Place;
use super::frame::{self, HEADER, MAGIC, Seen};
use super::segment::{self, Segment};
use crate::{Error, Result};

/// What a folder holds.
#[derive(Debug)]
pub(in super::super) struct Found {
    pub(super) segments: BTreeMap<u32, Segment>,
    pub(super) next_segment: u32,
    pub(super) next_frame: u64,
    /// Bytes of a frame that was not written to its end, and so never acknowledged; they are cut off.
    pub(in super::super) torn_bytes: u64,
}

/// Hands over all records in their order, `apply(place, kind, content)`; it says `None` of one that makes no sense.
pub(in super::super) fn recover(folder: &Path, mut apply: impl FnMut(Place, u8, &[u8]) -> Option<()>) -> Result<Found> {
    let files = files(folder)?;
    let next_segment = files.last_key_value().map_or(1, |(number, _)| number + 1);
    let mut found = Found { segments: BTreeMap::new(), next_segment, next_frame: 0, torn_bytes: 0 };
    let mut bytes = Vec::new();
    let mut torn: Option<(PathBuf, u64)> = None;
    for (number, path) in files {
        let mut file = File::options().read(true).write(true).open(&path).map_err(Error::io("open", &path))?;
        bytes.clear();
        file.read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        let damaged = |offset: usize| Error::QueuesDamaged { path: path.clone(), offset: offset as u64 };
        let (mut at, mut last) = (0, Seen::Blank);
        while at < bytes.len() {
            last = frame::look(&bytes[at..]);
            let Seen::Whole(frame_number, records) = last else { break };
            // A frame behind a torn one, or out of turn: what was durable is gone.
            if let Some((path, offset)) = torn.take() {
                return Err(Error::QueuesDamaged { path, offset });
            }
            if found.next_frame != 0 && frame_number != found.next_frame {
                return Err(damaged(at));
            }
            found.next_frame = frame_number + 1;
            for record in frame::records(records) {
                let (offset, kind, content) = record.ok_or_else(|| damaged(at))?;
                let place = Place { segment: number, at: (at + HEADER + offset) as u32, len: content.len() as u32 + 5 };
                apply(place, kind, content).ok_or_else(|| damaged(at))?;
            }
            at += HEADER + records.len();
        }
        if last == Seen::Torn {
            if later(&bytes[at..]) {
                return Err(damaged(at));
            }
            torn = Some((path.clone(), at as u64));
            found.torn_bytes = (bytes.len() - at) as u64;
        }
        if at == 0 {
            // Set aside and never written to.
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            continue;
        }
        if at < bytes.len() {
            file.set_len(at as u64).map_err(Error::io("cut", &path))?;
            file.sync_all().map_err(Error::io("sync", &path))?;
        }
        let mut segment = Segment::of(number, file);
        segment.end = at as u64;
        found.segments.insert(number, segment);
    }
    Ok(found)
}

/// The segments by number; what else lies there is left alone.
fn files(folder: &Path) -> Result<BTreeMap<u32, PathBuf>> {
    let failed = || Error::io("list", folder);
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if let Some(number) = segment::number(&path) {
            files.insert(number, path);
        }
    }
    Ok(files)
}

/// Whether a whole frame lies behind a bad one.
fn later(bytes: &[u8]) -> bool {
    let starts = bytes.windows(MAGIC.len()).enumerate().skip(1).filter(|(_, window)| *window == MAGIC);
    starts.into_iter().any(|(at, _)| matches!(frame::look(&bytes[at..]), Seen::Whole(..)))
}
