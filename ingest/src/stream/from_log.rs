//! From a record of the log to a record of the flow.

use std::collections::VecDeque;

use chrono::DateTime;

use crate::log::{BatchFault, BatchHeader, Records};
use crate::photo::{Photo, PhotoRecord};
use crate::{Payload, Record, Refusal, RefusalCode};

/// Where records come from.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) hub: String,
    pub(super) partition: u32,
    /// Bytes of a record, at most; a larger one is refused.
    pub(super) max_record_bytes: u64,
}

/// A record, and the offset behind it.
pub(super) type Placed = (u64, Record);

impl Place {
    /// Takes a batch apart. One that does not decompress or parse, which is its sender's fault, becomes one refused
    /// record in the place of all its records.
    pub(super) fn records(&self, batch: Result<&[u8], BatchFault>, header: &BatchHeader, out: &mut VecDeque<Placed>) {
        let before = out.len();
        let mut parse = || {
            for record in Records::new(batch?)? {
                let record = record?;
                out.push_back((
                    record.offset + 1,
                    self.record(&PhotoRecord::parse(&record), record.offset, record.timestamp_ms),
                ));
            }
            Ok(())
        };
        if let Err(fault) = parse() {
            out.truncate(before);
            let fault: BatchFault = fault;
            let detail = format!("the batch of {} records cannot be read: {fault}", header.records);
            let payload = Payload::refused(RefusalCode::UndecodableBatch, detail);
            let record = self.placed(header.base_offset, header.max_timestamp_ms, None, None, payload);
            out.push_back((header.end_offset(), record));
        }
    }

    /// One record. Its capture time is the sender's word, or else when it was appended.
    pub(super) fn record(&self, photo: &PhotoRecord<'_>, offset: u64, appended_ms: i64) -> Record {
        let payload = match photo.photo() {
            Ok(Photo::Image(bytes)) if bytes.len() as u64 > self.max_record_bytes => {
                Payload::Refused(self.too_large(bytes))
            }
            Ok(Photo::Image(bytes)) => Payload::Bytes(bytes.to_vec()),
            Ok(Photo::Reference(url)) => Payload::Reference(url),
            Err(refusal) => Payload::Refused(refusal),
        };
        let recorded = photo.captured_ms.unwrap_or(appended_ms);
        self.placed(offset, recorded, photo.file, photo.lane, payload)
    }

    fn too_large(&self, bytes: &[u8]) -> Refusal {
        let detail = format!("{} bytes are more than the {} that a photo may have", bytes.len(), self.max_record_bytes);
        Refusal { code: RefusalCode::TooLarge, detail }
    }

    fn placed(&self, offset: u64, ms: i64, file: Option<&str>, lane: Option<&str>, payload: Payload) -> Record {
        let (hub, partition) = (&self.hub, self.partition);
        Record {
            offset,
            position: super::position(hub, partition, offset),
            digest: 0,
            file: file.map_or_else(|| format!("{hub}-{partition}-{offset}"), str::to_owned),
            path: None,
            lane: lane.map(str::to_owned),
            recorded: DateTime::from_timestamp_millis(ms).unwrap_or_default(),
            payload,
        }
    }
}
