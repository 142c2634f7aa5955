//! Records as an answer shows them.
//!
//! Bytes are a JSON string where they are UTF-8, else an object `{"base64": "…"}`; what is not there is `null`.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fault::Fault;
use crate::log::{BatchFault, BatchHeader, Decompressor, LogRecord, Records};

/// The content type of records, one JSON object a line.
pub(super) const LINES: &str = "application/x-ndjson";
/// The content type of a single record's body.
pub(super) const RAW: &str = "application/octet-stream";

/// Bytes that are mostly text.
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &STANDARD.encode(self.0))?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Line<'a> {
    partition: u32,
    offset: u64,
    enqueued_ms: i64,
    key: Option<Text<'a>>,
    /// Names and values, in their order; a name may be there twice.
    headers: Vec<(Text<'a>, Option<Text<'a>>)>,
    body: Option<Text<'a>>,
}

/// An answer on its way.
pub(super) struct Page {
    partition: u32,
    raw: bool,
    records_left: usize,
    max_bytes: usize,
    /// The answer's body.
    pub(super) bytes: Vec<u8>,
    /// The first record's offset and time.
    pub(super) first: Option<(u64, i64)>,
    /// The offset to go on from.
    pub(super) next: u64,
}

impl Page {
    /// A page of records from `next` on: at most `max_records`, and as many as fit `max_bytes`, but at least one.
    pub(super) fn new(next: u64, partition: u32, raw: bool, max_records: usize, max_bytes: usize) -> Self {
        Self { partition, raw, records_left: max_records, max_bytes, bytes: Vec::new(), first: None, next }
    }

    /// Shows as many records of some batches as there is room for.
    pub(super) fn fill(&mut self, batches: &[u8], max_decompressed_bytes: usize) -> Result<(), Fault> {
        let mut decompressor = Decompressor::new(max_decompressed_bytes);
        let mut rest = batches;
        while !rest.is_empty() && !self.is_full() {
            let header = BatchHeader::parse(rest).map_err(|fault| unreadable(fault, self.next, self.next))?;
            if let Err(fault) = decompressor.open(rest).and_then(|batch| self.batch(batch)) {
                // What came before is shown; who goes on from there is told.
                return if self.first.is_some() {
                    Ok(())
                } else {
                    Err(unreadable(fault, self.next, header.end_offset()))
                };
            }
            rest = rest.get(header.length..).unwrap_or_default();
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.records_left == 0 || self.bytes.len() >= self.max_bytes
    }

    fn batch(&mut self, batch: &[u8]) -> Result<(), BatchFault> {
        for record in Records::new(batch)? {
            let record = record?;
            if record.offset < self.next {
                continue;
            }
            if self.is_full() {
                break;
            }
            self.show(&record);
        }
        Ok(())
    }

    fn show(&mut self, record: &LogRecord<'_>) {
        self.first.get_or_insert((record.offset, record.timestamp_ms));
        self.next = record.offset + 1;
        self.records_left -= 1;
        if self.raw {
            self.bytes.extend_from_slice(record.value.unwrap_or_default());
            return;
        }
        let headers = record.headers().map(|(name, value)| (Text(name), value.map(Text))).collect();
        let line = Line {
            partition: self.partition,
            offset: record.offset,
            enqueued_ms: record.timestamp_ms,
            key: record.key.map(Text),
            headers,
            body: record.value.map(Text),
        };
        // Into memory, and from types that JSON has: this never fails.
        if serde_json::to_writer(&mut self.bytes, &line).is_ok() {
            self.bytes.push(b'\n');
        }
    }
}

/// A batch that its sender compressed in a way that cannot be undone: it is kept as it came, and can only be passed over.
fn unreadable(fault: BatchFault, offset: u64, next: u64) -> Fault {
    let message = format!("the batch at offset {offset} cannot be read: {fault}; go on from offset {next}");
    Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-batch", message)
}
