//! Reads one partition, batch by batch.

use std::collections::VecDeque;
use std::sync::Arc;

use super::from_log::Place;
use super::progress::Progress;
use crate::log::{BatchHeader, Decompressor, Partition};
use crate::{Error, Limits, Record, Result};

/// A partition and how far it was read. It holds one slice of the log and the records of one batch of it.
pub(super) struct Reader {
    place: Place,
    decompressor: Decompressor,
    partition: Arc<Partition>,
    progress: Arc<Progress>,
    /// The first offset that was not handed out.
    next: u64,
    /// The offset at which it ends.
    until: Option<u64>,
    slice: Vec<u8>,
    /// Where the first batch in `slice` begins that was not taken apart.
    position: usize,
    records: VecDeque<(u64, Record)>,
}

impl Reader {
    /// One from `next` on, to `until` where it is to end. A compressed batch may become as large as a batch of the flow.
    pub(super) fn new(
        place: Place,
        partition: Arc<Partition>,
        progress: Arc<Progress>,
        (next, until): (u64, Option<u64>),
        limits: &Limits,
    ) -> Self {
        let most = usize::try_from(limits.batch_bytes.max(limits.max_record_bytes)).unwrap_or(usize::MAX);
        let (decompressor, slice, records) = (Decompressor::new(most), Vec::new(), VecDeque::new());
        Self { place, decompressor, partition, progress, next, until, slice, position: 0, records }
    }

    /// The partition, and the offset behind the last record that was handed out.
    pub(super) fn reached(&self) -> (u32, u64) {
        (self.place.partition, self.next)
    }

    /// How many records lie ahead of one that ends.
    pub(super) fn ahead(&self) -> Option<u64> {
        self.until.map(|until| until.saturating_sub(self.next))
    }

    /// The next records within the limits, one at least; none where there are none at present.
    pub(super) fn take(&mut self, limits: &Limits) -> Result<Vec<Record>> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        while items.len() < limits.batch_records {
            if self.records.is_empty() && (!items.is_empty() || !self.fill(limits)?) {
                break;
            }
            let Some((behind, record)) = self.records.pop_front() else { break };
            bytes += record.payload.size() as u64;
            if !items.is_empty() && bytes > limits.batch_bytes {
                self.records.push_front((behind, record));
                break;
            }
            self.next = behind;
            items.push(record);
        }
        Ok(items)
    }

    /// Takes the next batch apart that has records at `next` or behind; `false` where there is none.
    fn fill(&mut self, limits: &Limits) -> Result<bool> {
        while self.records.is_empty() {
            if self.position >= self.slice.len() && !self.read(limits)? {
                return Ok(false);
            }
            let batch = &self.slice[self.position..];
            let header = BatchHeader::parse(batch).map_err(|fault| self.damaged(&fault))?;
            self.place.records(self.decompressor.open(batch), &header, &mut self.records);
            self.position += header.length;
            let (next, until) = (self.next, self.until.unwrap_or(u64::MAX));
            self.records.retain(|(behind, _)| (next + 1..=until).contains(behind));
            if self.records.is_empty() {
                // Nothing of it is wanted, or it holds nothing: a repaired log has batches without records.
                self.next = next.max(header.end_offset().min(until));
            }
        }
        Ok(true)
    }

    /// Reads the next slice; `false` where there is none at present.
    fn read(&mut self, limits: &Limits) -> Result<bool> {
        if self.until.is_some_and(|until| self.next >= until) {
            return Ok(false);
        }
        let slice = match self.partition.read(self.next, limits.batch_bytes) {
            Err(Error::OffsetOutOfRange { offset, start, .. }) if offset < start => {
                let (hub, partition, lost) = (&self.place.hub, self.place.partition, start - offset);
                tracing::warn!(hub, partition, lost, "retention removed records before they were read");
                self.progress.note_overtaken(lost);
                self.next = start;
                self.partition.read(start, limits.batch_bytes)?
            }
            read => read?,
        };
        self.slice.clear();
        self.position = 0;
        slice.read_into(&mut self.slice).map_err(|source| self.unreadable(source))?;
        Ok(!self.slice.is_empty())
    }

    fn unreadable(&self, source: std::io::Error) -> Error {
        Error::Io { what: "read the log of", path: self.path(), source }
    }

    /// Batches were checked when they were appended: what does not parse now was damaged on the disk.
    fn damaged(&self, detail: &impl ToString) -> Error {
        let (offset, position) = (self.next, self.position as u64);
        Error::CorruptLog { segment: self.path(), offset, position, detail: detail.to_string() }
    }

    fn path(&self) -> std::path::PathBuf {
        std::path::Path::new(&self.place.hub).join(self.place.partition.to_string())
    }
}
