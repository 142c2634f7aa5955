//! A partition: an ordered sequence of records, in segments.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;

use super::batch::{BatchHeader, ValidBatch};
use super::commit::Committer;
use super::disk::{failed, read_at, sync_folder};
use super::hub::{Durability, HubConfig};
use super::lane::{Ack, Lane};
use super::producers::Producers;
use super::scan;
use super::segment::{Extent, Kept, Segment, list};
use crate::{Error, Result};

/// Syncs within the space of one zeroed piece (256 KiB) from which zeros pay. On an NVMe disk with ext4 a MiB of zeros was
/// seen to cost about 0.4 ms to write, and a sync in blocks that were never written 0.06 ms more than in others.
const ROUNDS_WORTH_ZEROS: u64 = 2;

/// With [`Durability::Os`] a sync is asked for whenever so many bytes more were written: a full segment is synced by
/// whoever fills it, and waited for as long as what was left to sync took (128 MiB: the longest appends of all).
const OS_SYNC_BYTES: u64 = 4 << 20;

/// An appended batch.
#[must_use = "an append is durable only when its Ack says so"]
pub struct Appended {
    /// The offset of its first record.
    pub base_offset: u64,
    /// When it was appended; milliseconds since the epoch.
    pub append_ms: i64,
    /// It was a repeat of a batch that was here already, and was not appended again.
    pub duplicate: bool,
    /// To be waited for before the sender is told.
    pub ack: Ack,
}

/// Whole batches, as they lie in a file one behind the other: what a fetch sends. The bytes stay readable as long as
/// the slice lives, whatever retention does.
#[derive(Debug, Clone)]
pub struct Slice {
    file: Option<Arc<File>>,
    /// Where the first batch begins in the file.
    pub position: u64,
    /// How many bytes the batches take; 0 where there are none.
    pub length: u64,
}

impl Slice {
    /// Appends the bytes to a buffer.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_into(&self, buffer: &mut Vec<u8>) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let begin = buffer.len();
        buffer.resize(begin + usize::try_from(self.length).map_err(std::io::Error::other)?, 0);
        let count = read_at(file, &mut buffer[begin..], self.position)?;
        if count as u64 == self.length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// What retention removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retained {
    /// Segments removed.
    pub segments: u64,
    /// Bytes of batches in them.
    pub bytes: u64,
    /// The first offset that is still there.
    pub start_offset: u64,
}

/// A torn end that was cut off after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The folder of the partition.
    pub partition: PathBuf,
    /// The offset at which the log ends now.
    pub end_offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// One of a hub's ordered sequences of records.
pub struct Partition {
    folder: PathBuf,
    config: HubConfig,
    committer: Arc<Committer>,
    lane: Arc<Lane>,
    log: Mutex<Log>,
}

struct Log {
    sealed: VecDeque<Segment>,
    active: Segment,
    producers: Producers,
    /// The rounds of the lane when zeros were last thought of.
    rounds: Option<u64>,
}

impl Log {
    fn start(&self) -> u64 {
        self.sealed.front().unwrap_or(&self.active).base
    }

    fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().chain([&self.active])
    }
}

impl Partition {
    /// Opens a partition, or begins one in an empty folder. All records before the offset `durable` are to be there,
    /// and what is damaged behind it was never durable; where that is not known, all is to be whole but the very end.
    pub(super) fn open(
        folder: &Path,
        config: HubConfig,
        committer: Arc<Committer>,
        grown: Arc<Event>,
        durable: Option<u64>,
    ) -> Result<(Self, Option<TornTail>)> {
        fs::create_dir_all(folder).map_err(failed("create the partition", folder))?;
        let mut producers = Producers::default();
        let mut segments = VecDeque::new();
        let mut torn = 0;
        let bases = list(folder)?;
        for (i, &base) in bases.iter().enumerate() {
            let sealed = i + 1 < bases.len();
            let kept = if sealed { Kept::Sealed } else { Kept::Active { durable } };
            let (segment, cut) = Segment::open(folder, base, kept, &mut producers)?;
            if sealed && segment.next != bases[i + 1] {
                let detail = format!("the segment ends here, and the next one begins with offset {}", bases[i + 1]);
                return Err(segment.damaged(&detail));
            }
            segments.push_back(segment);
            torn += cut;
        }
        let mut active = segments.pop_back().map_or_else(|| Segment::create(folder, 0, None), Ok)?;
        active.has_all_before(durable)?;
        if let Some(before) = segments.back() {
            active.append_ms = active.append_ms.max(before.append_ms);
        }
        // What was read back is durable only when it is synced: it may have come from the system's memory.
        active.sync()?;
        let end_offset = active.next;
        let tail = (torn > 0).then(|| TornTail { partition: folder.to_path_buf(), end_offset, bytes: torn });
        let log = Mutex::new(Log { sealed: segments, active, producers, rounds: None });
        let lane = Arc::new(Lane::new(committer.shared(), end_offset, grown));
        Ok((Self { folder: folder.to_path_buf(), config, committer, lane, log }, tail))
    }

    pub(super) fn lane(&self) -> Arc<Lane> {
        Arc::clone(&self.lane)
    }

    // Every change of the log is complete before anything in it can fail: see `append`.
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a batch: gives it the next offsets and the time, which never goes back.
    ///
    /// # Errors
    /// A batch beyond the hub's limit, a producer's gap or old incarnation, a disk that refuses.
    pub fn append(&self, batch: &mut ValidBatch<'_>, now_ms: i64) -> Result<Appended> {
        let (bytes, max) = (batch.bytes().len(), self.config.max_batch_bytes);
        if bytes > max {
            return Err(Error::BatchTooLarge { bytes, max });
        }
        self.committer.admit()?;
        let mut log = self.lock();
        if let Some(mark) = batch.header().producer
            && let Some(sent) = log.producers.judge(mark, batch.header().records)?
        {
            let ack = self.acknowledge(&log.active, 0);
            return Ok(Appended { base_offset: sent.base_offset, append_ms: sent.append_ms, duplicate: true, ack });
        }
        if !log.active.has_room(bytes, self.config.segment_bytes) {
            self.roll(&mut log)?;
        }
        let append_ms = log.active.append_ms.max(now_ms);
        let base_offset = log.active.next;
        batch.stamp(base_offset, append_ms);
        let Log { active, rounds, .. } = &mut *log;
        active.append(batch, self.config.segment_bytes, || self.zeros_pay(rounds))?;
        active.let_go_behind(self.committer.cached_tail_bytes());
        if let Some(mark) = batch.header().producer {
            log.producers.note(mark, batch.header().records, base_offset, append_ms);
        }
        let ack = self.acknowledge(&log.active, bytes as u64);
        Ok(Appended { base_offset, append_ms, duplicate: false, ack })
    }

    /// Whether to write zeros ahead of the batches. They cost what their bytes cost, and save each sync an entry in the
    /// file system's journal: with small writes that is half of the time, with large ones next to nothing. Answered
    /// by how many syncs there were since the question was asked last.
    fn zeros_pay(&self, rounds: &mut Option<u64>) -> bool {
        let now = self.lane.rounds();
        let before = rounds.replace(now);
        self.config.durability == Durability::Commit && before.is_none_or(|before| now - before >= ROUNDS_WORTH_ZEROS)
    }

    fn acknowledge(&self, active: &Segment, bytes: u64) -> Ack {
        match self.config.durability {
            Durability::Commit => self.lane.submit(&active.file, active.next, bytes),
            Durability::Os => {
                self.lane.raise(active.next);
                // Nobody waits for this sync, and none of its bytes count against what may be ahead of the disk.
                if active.position / OS_SYNC_BYTES > (active.position - bytes) / OS_SYNC_BYTES {
                    drop(self.lane.submit(&active.file, active.next, 0));
                }
                Ack::at_once()
            }
        }
    }

    /// Seals the active segment and begins the next one.
    fn roll(&self, log: &mut Log) -> Result<()> {
        // After a failed sync the system may forget what it could not write: nothing is certain from then on.
        log.active.sync().inspect_err(|error| self.committer.fail(error))?;
        let Log { active, producers, .. } = log;
        active.seal(producers)?;
        let spare = self.spare();
        let mut next = Segment::create(&self.folder, log.active.next, spare.exists().then_some(spare.as_path()))?;
        next.append_ms = log.active.append_ms;
        log.sealed.push_back(std::mem::replace(&mut log.active, next));
        Ok(())
    }

    fn spare(&self) -> PathBuf {
        self.folder.join("spare")
    }

    /// The first offset that is there.
    #[must_use]
    pub fn start_offset(&self) -> u64 {
        self.lock().start()
    }

    /// The offset behind the last record that readers see: the last durable one, or with [`Durability::Os`] the last.
    #[must_use]
    pub fn end_offset(&self) -> u64 {
        self.lane.end()
    }

    /// The offset of the first batch appended at a time or later; the end offset when there is none.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn offset_at(&self, append_ms: i64) -> Result<u64> {
        let end = self.end_offset();
        let log = self.lock();
        let Some(segment) = log.segments().find(|segment| segment.position > 0 && segment.append_ms >= append_ms)
        else {
            return Ok(end);
        };
        let (file, from, to) = (Arc::clone(&segment.file), segment.index.position_at(append_ms), segment.position);
        drop(log);
        let mut found = end;
        scan::headers(&file, from, to, |_, header| {
            let earlier = header.max_timestamp_ms < append_ms;
            if !earlier {
                found = header.base_offset.min(end);
            }
            earlier
        })
        .map_err(failed("search", &self.folder))?;
        Ok(found)
    }

    /// Whole batches from the one that holds `offset` on: as many as lie in one segment and take at most `max_bytes`,
    /// but at least one. At the end offset: none.
    ///
    /// # Errors
    /// [`Error::OffsetOutOfRange`] before the start (retention was there first) and behind the end.
    pub fn read(&self, offset: u64, max_bytes: u64) -> Result<Slice> {
        let end = self.end_offset();
        let log = self.lock();
        let start = log.start();
        if offset < start || offset > end {
            return Err(Error::OffsetOutOfRange { offset, start, end });
        }
        let held = log.segments().rev().find(|segment| segment.base <= offset && segment.position > 0);
        let Some(segment) = held.filter(|_| offset < end) else {
            return Ok(Slice { file: None, position: 0, length: 0 });
        };
        let (file, from, to) = (Arc::clone(&segment.file), segment.index.position_of(offset), segment.position);
        // What lies before this border belongs to the slice as a whole: only the rest has to be looked at.
        let fits = from.saturating_add(max_bytes).min(segment.index.position_of(end));
        let border = segment.index.boundary(fits);
        drop(log);
        let mut first = from;
        let search = scan::headers(&file, from, to, |position, header| {
            first = position;
            header.end_offset() <= offset
        });
        let begun = border.max(first);
        let mut last = begun;
        let limit = first.saturating_add(max_bytes);
        let measure = |position: u64, header: &BatchHeader| {
            let behind = position + header.length as u64;
            let fits = header.base_offset < end && (position == first || behind <= limit);
            last = if fits { behind } else { last };
            fits
        };
        search.and_then(|()| scan::headers(&file, begun, to, measure)).map_err(failed("read", &self.folder))?;
        Ok(Slice { file: Some(file), position: first, length: last - first })
    }

    /// Removes the oldest segments that are over the hub's age or size. The last record is never removed, except by
    /// age: then its segment is sealed first.
    ///
    /// # Errors
    /// When files cannot be removed or the next segment not begun.
    pub fn retain(&self, now_ms: i64) -> Result<Retained> {
        let mut log = self.lock();
        let oldest_ms = now_ms.saturating_sub(self.config.retention_ms);
        if log.active.position > 0 && log.active.append_ms < oldest_ms {
            self.roll(&mut log)?;
        }
        let mut bytes: u64 = log.segments().map(|segment| segment.position).sum();
        let mut retained = Retained::default();
        while let Some(oldest) = log.sealed.front() {
            if oldest.append_ms >= oldest_ms && bytes <= self.config.retention_bytes {
                break;
            }
            let Some(oldest) = log.sealed.pop_front() else { break };
            bytes -= oldest.position;
            retained.bytes += oldest.position;
            retained.segments += 1;
            oldest.remove(&self.spare())?;
        }
        retained.start_offset = log.start();
        if retained.segments > 0 {
            sync_folder(&self.folder).map_err(failed("make durable the names in", &self.folder))?;
        }
        Ok(retained)
    }

    /// Checks every batch that is there now against its checksum and its place; appending and reading go on meanwhile.
    ///
    /// # Errors
    /// [`Error::CorruptLog`] with the first that does not fit.
    pub fn verify(&self) -> Result<()> {
        let extents: Vec<Extent> = self.lock().segments().map(Segment::extent).collect();
        extents.iter().try_for_each(Extent::verify)
    }
}
