//! The results hub: where events become durable, and what tells a restarted flow how far it had come.
//!
//! Events of a source partition go to one partition of the results hub, a record each, all events of a photo in one
//! record batch. Each carries its photo's position in a header. A checkpoint notes, beside the source's offset, how long
//! the results were then ([`Mark`]); after a crash only what was appended behind that has to be looked through for
//! photos whose results are durable although their offset was not committed any more. Those are not read again, so
//! nothing is lost and nothing appears twice.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tollgate_ingest::log::{
    BatchBuilder, BatchFault, BatchHeader, Hub, NewRecord, Partition, Records, ValidBatch, partition_of_key,
};
use tollgate_ingest::{Clock, stream};
use tollgate_sinks::Entry;
use tollgate_sinks::event::{Event, EventKind};

use crate::pipeline::Judged;
use crate::{Error, Result};

/// The header with the position of the photo that an event is about.
pub(super) const POSITION: &str = "position";
/// The header with the picture of the plate (JPEG), where a person must look.
pub(in crate::serve) const CROP: &str = "crop";
/// The Kafka binding of CloudEvents, structured mode.
const CONTENT_TYPE: (&str, &[u8]) = ("content-type", b"application/cloudevents+json; charset=UTF-8");
/// What is read of the results at once when a flow begins anew.
const SCAN_BYTES: u64 = 1 << 20;

/// The end of a partition of the results hub at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) partition: u32,
    pub(super) end: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "results={}/{}", self.partition, self.end)
    }
}

/// A text that is no mark: a checkpoint that somebody else wrote, to rewind or to skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> std::result::Result<Self, NoMark> {
        let (partition, end) = text.strip_prefix("results=").and_then(|rest| rest.split_once('/')).ok_or(NoMark)?;
        Ok(Self { partition: partition.parse().ok().ok_or(NoMark)?, end: end.parse().ok().ok_or(NoMark)? })
    }
}

/// Appends events to the results hub.
pub(super) struct Results {
    hub: Arc<Hub>,
    partitions: u32,
    builder: BatchBuilder,
    json: Vec<u8>,
    clock: Clock,
}

impl Results {
    pub(super) fn new(hub: Arc<Hub>, clock: Clock) -> Self {
        let config = hub.config();
        let builder = BatchBuilder::new(config.max_batch_bytes);
        Self { hub, partitions: config.partitions, builder, json: Vec::new(), clock }
    }

    /// Where the results of a source partition end at present.
    pub(super) fn mark(&self, source: u32) -> Result<Mark> {
        let partition = source % self.partitions;
        Ok(Mark { partition, end: self.hub.partition(partition)?.end_offset() })
    }

    /// Makes the events of photos durable, which come from one source partition in their order. Returns where the
    /// results end then.
    pub(super) fn append(&mut self, source: u32, photos: &[Judged]) -> Result<Mark> {
        let partition = source % self.partitions;
        let log = self.hub.partition(partition)?;
        let mut from = 0;
        while from < photos.len() {
            self.builder.clear(None);
            let fitting = self.fill(&photos[from..])?;
            if fitting == 0 {
                let limit = self.hub.config().max_batch_bytes;
                return Err(Error::ResultsTooLarge { hub: self.hub.name().into(), limit });
            }
            from += fitting;
            let bytes = self.builder.finish().map_err(Error::result_batch)?;
            let mut batch = ValidBatch::check(bytes).map_err(Error::result_batch)?;
            log.append(&mut batch, (self.clock)())?.ack.wait()?;
        }
        Ok(Mark { partition, end: log.end_offset() })
    }

    /// Puts as many photos into the batch as fit with all their events; returns how many.
    fn fill(&mut self, photos: &[Judged]) -> Result<usize> {
        for (i, photo) in photos.iter().enumerate() {
            let saved = self.builder.save();
            for entry in &photo.entries {
                if !self.push(entry)? {
                    self.builder.restore(saved);
                    return Ok(i);
                }
            }
        }
        Ok(photos.len())
    }

    /// Adds an event; `false` where there is no room.
    fn push(&mut self, entry: &Entry) -> Result<bool> {
        let event = &entry.event;
        self.json.clear();
        event.write_json(&mut self.json)?;
        let position = (POSITION, event.source.as_bytes());
        let headers = [CONTENT_TYPE, position, (CROP, entry.crop.as_slice())];
        let asked = event.kind == EventKind::ManualCheck && !entry.crop.is_empty();
        let headers = &headers[..if asked { 3 } else { 2 }];
        match self.builder.push(&record(event, &self.json, headers)) {
            Err(BatchFault::TooLarge) => Ok(false),
            pushed => pushed.map(|()| true).map_err(Error::result_batch),
        }
    }

    /// The offset behind the last photo of a source partition whose results lie behind a mark; `from` where there is
    /// none.
    pub(super) fn done(&self, source: (&str, u32), from: u64, mark: Mark) -> Result<u64> {
        let log = self.hub.partition(mark.partition)?;
        let (mut at, end) = (mark.end.max(log.start_offset()), log.end_offset());
        let (mut done, mut bytes) = (from, Vec::new());
        while at < end {
            at = scan(&log, at, &mut bytes, |position| {
                if let Some((hub, partition, offset)) = stream::parse_position(position)
                    && (hub, partition) == source
                {
                    done = done.max(offset + 1);
                }
            })?;
        }
        Ok(done)
    }
}

/// An event as a record: its key is the lane, its time that of the capture.
fn record<'a>(event: &'a Event, json: &'a [u8], headers: &'a [(&'a str, &'a [u8])]) -> NewRecord<'a> {
    let key = event.data.lane.as_deref().map(str::as_bytes);
    NewRecord { key, value: Some(json), headers, timestamp_ms: event.time.timestamp_millis() }
}

/// Makes an event durable that is about no new photo: a person's word about one whose results are here. It goes to the
/// partition of those, behind them, so that whoever follows the hub meets question and answer in their order.
pub(super) fn append_event(hub: &Hub, event: &Event, now_ms: i64) -> Result<()> {
    let partitions = hub.config().partitions;
    let number = match stream::parse_position(&event.source) {
        Some((_, source, _)) => source % partitions,
        None => partition_of_key(event.subject.as_bytes(), partitions),
    };
    let mut json = Vec::new();
    event.write_json(&mut json)?;
    let mut builder = BatchBuilder::new(hub.config().max_batch_bytes);
    builder.push(&record(event, &json, &[CONTENT_TYPE])).map_err(Error::result_batch)?;
    let mut batch = ValidBatch::check(builder.finish().map_err(Error::result_batch)?).map_err(Error::result_batch)?;
    hub.partition(number)?.append(&mut batch, now_ms)?.ack.wait()?;
    Ok(())
}

/// Hands over the positions of the results from an offset on; returns the offset behind them.
fn scan(log: &Partition, from: u64, bytes: &mut Vec<u8>, mut f: impl FnMut(&str)) -> Result<u64> {
    bytes.clear();
    let read = log.read(from, SCAN_BYTES)?.read_into(bytes);
    read.map_err(|source| Error::Io { what: "read the results hub", path: "results".into(), source })?;
    let (mut rest, mut next) = (bytes.as_slice(), from);
    while !rest.is_empty() {
        let header = BatchHeader::parse(rest).map_err(Error::result_batch)?;
        for record in Records::new(rest).map_err(Error::result_batch)? {
            let record = record.map_err(Error::result_batch)?;
            let position = record.headers().find(|(name, _)| *name == POSITION.as_bytes()).and_then(|(_, value)| value);
            if let Some(position) = position.and_then(|bytes| std::str::from_utf8(bytes).ok()) {
                f(position);
            }
        }
        next = header.end_offset();
        rest = rest.get(header.length..).unwrap_or_default();
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_and_others_texts_are_none() {
        let mark = Mark { partition: 3, end: 1 << 40 };
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for text in ["", "results=", "results=1", "results=a/1", "rewound by hand"] {
            assert_eq!(text.parse::<Mark>(), Err(NoMark), "{text:?}");
        }
    }
}
