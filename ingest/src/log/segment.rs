//! A segment: one file of batches, with its index.
//!
//! `00000000000000001234.log` begins with offset 1234. When a segment is full it is sealed, and a side file
//! (`….index`) takes its index and what the partition knew of its producers, so that a restart reads only the last
//! segment. The side file may be lost: it is then made anew from the batches.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::{BatchHeader, ValidBatch};
use super::disk::{failed, let_go, replace, reserve, sync_folder, write_at, write_zeros};
use super::index::{Entry, Index};
use super::producers::Producers;
use super::scan::{self, Tail};
use crate::{Error, Result};

/// How much of a segment is set aside at once.
const RESERVE: u64 = 8 << 20;

/// How much is written with zeros at once, where that pays. The next sync has to write them too and is that much longer:
/// with a whole MiB at once the longest of a lone writer's syncs took several times as long as without zeros.
const ZEROED: u64 = 256 << 10;

/// How much the system's memory lets go of at once behind the writer.
const LET_GO: u64 = 4 << 20;

/// The first word of a side file: its format.
const SIDE_FORMAT: u64 = u64::from_be_bytes(*b"tollgix1");

/// What is known of a segment before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It was full and is durable as a whole.
    Sealed,
    /// It is the last of its partition, all of whose records before an offset are durable, where that is known.
    Active { durable: Option<u64> },
}

/// One file of a partition.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: u64,
    /// The offset behind the last record.
    pub(super) next: u64,
    /// The position behind the last batch.
    pub(super) position: u64,
    /// The append time of the last batch.
    pub(super) append_ms: i64,
    pub(super) index: Index,
    pub(super) file: Arc<File>,
    path: PathBuf,
    /// Blocks are set aside up to here.
    reserved: u64,
    /// Up to here they were written before, or it was found that this does not pay.
    ahead: u64,
    /// Up to here the system's memory was told to let go.
    gone: u64,
}

impl Segment {
    /// Begins a segment, in a new file or in a recycled one.
    pub(super) fn create(folder: &Path, base: u64, spare: Option<&Path>) -> Result<Self> {
        let path = log_path(folder, base);
        if let Some(spare) = spare {
            fs::rename(spare, &path).map_err(failed("reuse a segment as", &path))?;
        }
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(failed("create the segment", &path))?;
        sync_folder(folder).map_err(failed("make durable the names in", folder))?;
        let mut segment = Self::over(file, path, base)?;
        // What is recycled was cut behind its last batch: all of it was written before.
        segment.ahead = segment.reserved;
        Ok(segment)
    }

    /// A segment without batches over a file.
    fn over(file: File, path: PathBuf, base: u64) -> Result<Self> {
        let reserved = file.metadata().map_err(failed("look at the segment", &path))?.len();
        let (index, file) = (Index::default(), Arc::new(file));
        Ok(Self { base, next: base, position: 0, append_ms: i64::MIN, index, file, path, reserved, ahead: 0, gone: 0 })
    }

    /// Opens a segment after a restart. Sealed ones are believed if they have a side file; all others are read from
    /// end to end, and what is found is noted in `producers`. The second value is how many torn bytes were cut off.
    pub(super) fn open(folder: &Path, base: u64, kept: Kept, producers: &mut Producers) -> Result<(Self, u64)> {
        let path = log_path(folder, base);
        let file = File::options().read(true).write(true).open(&path).map_err(failed("open the segment", &path))?;
        let mut segment = Self::over(file, path, base)?;
        if kept == Kept::Sealed && segment.load_side(producers) {
            return Ok((segment, 0));
        }
        let scanned = scan::batches(&Arc::clone(&segment.file), 0, base, |position, header| {
            segment.note(position, header);
            if let Some(mark) = header.producer {
                producers.note(mark, header.records, header.base_offset, header.max_timestamp_ms);
            }
        });
        let scan = scanned.map_err(failed("read the segment", &segment.path))?;
        if let Kept::Active { durable } = kept {
            segment.has_all_before(durable)?;
        }
        let cut = match (scan.tail, kept) {
            (Tail::Clean, _) => 0,
            // Behind what is durable, a loss of power leaves batches on the disk in any order.
            (Tail::Torn(bytes), _) | (Tail::Damaged { bytes, .. }, Kept::Active { durable: Some(_) }) => {
                segment.cut().map(|()| bytes)?
            }
            (Tail::Damaged { .. }, _) => return Err(segment.damaged("damaged bytes lie between whole batches")),
        };
        if kept == Kept::Sealed {
            segment.store_side(producers)?;
        }
        Ok((segment, cut))
    }

    /// Fails where a record before an offset is not there.
    pub(super) fn has_all_before(&self, durable: Option<u64>) -> Result<()> {
        match durable.filter(|&durable| durable > self.next) {
            Some(durable) => {
                Err(self.damaged(&format!("records up to offset {durable} were durable, and are damaged or missing")))
            }
            None => Ok(()),
        }
    }

    /// The error that names where the segment cannot be read any more.
    pub(super) fn damaged(&self, detail: &str) -> Error {
        let (segment, detail) = (self.path.clone(), detail.to_owned());
        Error::CorruptLog { segment, offset: self.next, position: self.position, detail }
    }

    /// Removes what lies behind the last batch.
    fn cut(&mut self) -> Result<()> {
        let end = self.position;
        let cut = self.file.set_len(end).and_then(|()| self.file.sync_all());
        cut.map_err(failed("cut the torn end off the segment", &self.path))?;
        (self.reserved, self.ahead) = (end, end);
        Ok(())
    }

    /// Whether a batch finds room below the limit of a segment. An empty segment takes any.
    pub(super) fn has_room(&self, bytes: usize, max_bytes: u64) -> bool {
        self.position == 0 || self.position + bytes as u64 <= max_bytes
    }

    /// Writes a stamped batch at the end. After an error the segment ends where it ended before. `zeros_pay` is asked
    /// now and then.
    pub(super) fn append(
        &mut self,
        batch: &ValidBatch<'_>,
        max_bytes: u64,
        zeros_pay: impl FnOnce() -> bool,
    ) -> Result<()> {
        let end = self.position + batch.bytes().len() as u64;
        if end > self.reserved {
            let reserved = end.max(max_bytes.min(self.reserved + RESERVE));
            reserve(&self.file, self.reserved, reserved)
                .map_err(failed("set aside space for the segment", &self.path))?;
            self.reserved = reserved;
        }
        if end > self.ahead {
            let ahead = self.reserved.min(end + ZEROED);
            if zeros_pay() {
                write_zeros(&self.file, end, ahead).map_err(failed("prepare the segment", &self.path))?;
            }
            self.ahead = ahead;
        }
        write_at(&self.file, batch.bytes(), self.position).map_err(failed("append to the segment", &self.path))?;
        self.note(self.position, batch.header());
        Ok(())
    }

    /// Lets the system's memory go of all but the newest bytes. It would keep them until it is full, and ever more new
    /// pages cost the writer several times what those cost that it has just given back.
    pub(super) fn let_go_behind(&mut self, kept_bytes: u64) {
        while self.position.saturating_sub(self.gone) >= kept_bytes.saturating_add(LET_GO) {
            // Twice: what was not on the disk at the first time is at the second.
            let_go(&self.file, self.gone.saturating_sub(LET_GO), self.gone + LET_GO);
            self.gone += LET_GO;
        }
    }

    fn note(&mut self, position: u64, header: &BatchHeader) {
        let (offset, append_ms) = (header.base_offset, header.max_timestamp_ms);
        self.index.note(Entry { offset, position, append_ms });
        (self.position, self.next, self.append_ms) = (position + header.length as u64, header.end_offset(), append_ms);
    }

    /// Makes the segment durable.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(failed("make durable the segment", &self.path))
    }

    /// Gives back the space that was set aside and writes the side file: no batch will follow.
    pub(super) fn seal(&mut self, producers: &Producers) -> Result<()> {
        self.file.set_len(self.position).map_err(failed("give back the space of the segment", &self.path))?;
        self.reserved = self.position;
        let_go(&self.file, self.gone.saturating_sub(LET_GO), self.position);
        self.store_side(producers)
    }

    /// What is in the segment now.
    pub(super) fn extent(&self) -> Extent {
        let Self { base, next, position, .. } = *self;
        Extent { base, next, position, file: Arc::clone(&self.file), path: self.path.clone() }
    }

    /// Removes the segment; its file becomes `spare` where nobody reads it and none lies there yet.
    pub(super) fn remove(self, spare: &Path) -> Result<()> {
        let side = self.path.with_extension("index");
        if let Err(error) = fs::remove_file(&side)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(failed("remove", &side)(error));
        }
        let unread = Arc::strong_count(&self.file) == 1;
        if unread && !spare.exists() {
            return fs::rename(&self.path, spare).map_err(failed("recycle the segment", &self.path));
        }
        fs::remove_file(&self.path).map_err(failed("remove the segment", &self.path))
    }

    fn store_side(&self, producers: &Producers) -> Result<()> {
        let index: Vec<u64> = self.index.to_words().collect();
        let head = [SIDE_FORMAT, self.base, self.next, self.position, self.append_ms as u64, index.len() as u64];
        let words = head.into_iter().chain(index).chain(producers.to_words());
        let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        bytes.extend(u64::from(crc32c::crc32c(&bytes)).to_le_bytes());
        let side = self.path.with_extension("index");
        replace(&side, &bytes).map_err(failed("write", &side))
    }

    /// Takes over what a side file says; `false` if there is none, or none that can be believed.
    fn load_side(&mut self, producers: &mut Producers) -> bool {
        let Ok(bytes) = fs::read(self.path.with_extension("index")) else { return false };
        let words: Vec<u64> =
            bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default())).collect();
        let [SIDE_FORMAT, base, next, position, append_ms, entries, rest @ .., checksum] = words.as_slice() else {
            return false;
        };
        let content = bytes.len() / 8 * 8 - 8;
        let fits = u64::from(crc32c::crc32c(&bytes[..content])) == *checksum && *base == self.base;
        if !fits || *position > self.reserved {
            return false;
        }
        let Some((index, sent)) = usize::try_from(*entries).ok().and_then(|count| rest.split_at_checked(count)) else {
            return false;
        };
        (self.index, *producers) = (Index::from_words(index), Producers::from_words(sent));
        (self.next, self.position, self.append_ms) = (*next, *position, *append_ms as i64);
        true
    }
}

/// What was in a segment at some time: it may grow on, or go, and stays readable.
pub(super) struct Extent {
    base: u64,
    next: u64,
    position: u64,
    file: Arc<File>,
    path: PathBuf,
}

impl Extent {
    /// Checks every batch again.
    pub(super) fn verify(&self) -> Result<()> {
        let scanned = scan::whole_batches(&self.file, 0, self.position, self.base, |_, _| {});
        let (position, offset) = scanned.map_err(failed("read the segment", &self.path))?;
        if (position, offset) == (self.position, self.next) {
            return Ok(());
        }
        let (segment, detail) = (self.path.clone(), "a batch does not fit its checksum or its place".to_owned());
        Err(Error::CorruptLog { segment, offset, position, detail })
    }
}

pub(super) fn log_path(folder: &Path, base: u64) -> PathBuf {
    folder.join(format!("{base:020}.log"))
}

/// The base offsets of the segments in a folder, in their order.
pub(super) fn list(folder: &Path) -> Result<Vec<u64>> {
    let names = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
    let names: Vec<std::ffi::OsString> = names.map_err(failed("list the partition", folder))?;
    let base = |name: &std::ffi::OsString| name.to_str()?.strip_suffix(".log")?.parse().ok();
    let mut bases: Vec<u64> = names.iter().filter_map(base).collect();
    bases.sort_unstable();
    Ok(bases)
}
