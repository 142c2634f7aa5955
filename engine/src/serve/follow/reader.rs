//! Reads the events of the results hub, all partitions in turn.

use std::sync::Arc;

use tollgate_ingest::log::{BatchFault, BatchHeader, Decompressor, Hub, LogRecord, Records};
use tollgate_sinks::{CloudEvent, Cursor, Place, Published};

use crate::serve::results::CROP;
use crate::{Error, Result};

/// What is read of a partition at once.
const READ_BYTES: u64 = 1 << 20;
/// What a compressed batch of a foreign sender may become.
const MAX_BATCH_BYTES: usize = 64 << 20;

/// Events from one partition.
#[derive(Default)]
pub(super) struct Events {
    pub(super) items: Vec<Published>,
    /// Records that are no CloudEvents, and those of batches that cannot be read: somebody else's fault.
    pub(super) foreign: u64,
    /// Records that retention removed before they were read.
    pub(super) lost: u64,
}

/// A cursor on the hub.
pub(super) struct Reader {
    hub: Arc<Hub>,
    cursor: Cursor,
    turn: u32,
    decompressor: Decompressor,
    bytes: Vec<u8>,
}

impl Reader {
    /// A reader from a cursor on; partitions that are not in it are read from their start.
    pub(super) fn new(hub: Arc<Hub>, cursor: Cursor) -> Self {
        Self { hub, cursor, turn: 0, decompressor: Decompressor::new(MAX_BATCH_BYTES), bytes: Vec::new() }
    }

    pub(super) fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The next events of the first partition from the one whose turn it is that has any; `None` where none has.
    pub(super) fn next(&mut self) -> Result<Option<Events>> {
        let partitions = self.hub.config().partitions;
        for _ in 0..partitions {
            let partition = self.turn % partitions;
            self.turn = partition + 1;
            if let Some(events) = self.read(partition)? {
                return Ok(Some(events));
            }
        }
        Ok(None)
    }

    fn read(&mut self, number: u32) -> Result<Option<Events>> {
        let partition = self.hub.partition(number)?;
        let (start, end) = (partition.start_offset(), partition.end_offset());
        let asked = self.cursor.get(&number).copied().unwrap_or(start);
        // Somebody may have rewound it beyond what is there.
        let from = asked.clamp(start, end);
        if from == end {
            self.cursor.insert(number, end);
            return Ok(None);
        }
        self.bytes.clear();
        let slice = partition.read(from, READ_BYTES)?;
        let failed = |source| Error::Io { what: "read the results hub", path: self.hub.name().into(), source };
        slice.read_into(&mut self.bytes).map_err(failed)?;
        let mut events = Events { lost: from.saturating_sub(asked), ..Events::default() };
        let mut next = from;
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            let header = BatchHeader::parse(rest).map_err(Error::result_batch)?;
            if let Err(fault) = take(&mut self.decompressor, rest, (number, from), &mut events) {
                tracing::warn!(partition = number, offset = header.base_offset, %fault, "a foreign batch is skipped");
                events.foreign += u64::from(header.records);
            }
            next = header.end_offset();
            rest = rest.get(header.length..).unwrap_or_default();
        }
        self.cursor.insert(number, next);
        Ok(Some(events))
    }
}

/// Takes the events out of a batch, those from an offset on.
fn take(
    decompressor: &mut Decompressor,
    batch: &[u8],
    (partition, from): (u32, u64),
    events: &mut Events,
) -> std::result::Result<(), BatchFault> {
    for record in Records::new(decompressor.open(batch)?)? {
        let record = record?;
        if record.offset < from {
            continue;
        }
        match published(&record, partition) {
            Some(item) => events.items.push(item),
            None => events.foreign += 1,
        }
    }
    Ok(())
}

fn published(record: &LogRecord<'_>, partition: u32) -> Option<Published> {
    let json = record.value?;
    let event = CloudEvent::from_json(json).ok()?;
    let crop = record.headers().find(|(name, _)| *name == CROP.as_bytes()).and_then(|(_, value)| value);
    Some(Published {
        place: Place { partition, offset: record.offset },
        appended_ms: record.timestamp_ms,
        event: Arc::new(event),
        json: json.into(),
        crop: crop.unwrap_or_default().into(),
    })
}
