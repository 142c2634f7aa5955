//! Batches of records that are made in this process.

use super::batch::{APPEND_TIME, BatchFault, HEADER_BYTES, ProducerMark, seal};
use super::varint;

/// A record to be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewRecord<'a> {
    /// The key, by which records are spread over partitions and kept in order.
    pub key: Option<&'a [u8]>,
    /// The body.
    pub value: Option<&'a [u8]>,
    /// The user's properties.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// When it was made; milliseconds since the epoch.
    pub timestamp_ms: i64,
}

/// A state of a [`BatchBuilder`].
#[derive(Debug, Clone, Copy)]
pub struct Saved {
    bytes: usize,
    records: i32,
    max_timestamp_ms: i64,
}

/// Puts records into one batch after another; its buffers are reused.
#[derive(Debug)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    scratch: Vec<u8>,
    max_bytes: usize,
    records: i32,
    base_timestamp_ms: i64,
    max_timestamp_ms: i64,
    producer: Option<ProducerMark>,
}

impl BatchBuilder {
    /// A builder of batches of at most `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        let max_bytes = max_bytes.min(i32::MAX as usize);
        let (bytes, scratch) = (vec![0; HEADER_BYTES], Vec::new());
        Self { bytes, scratch, max_bytes, records: 0, base_timestamp_ms: 0, max_timestamp_ms: 0, producer: None }
    }

    /// Empties the batch, and says who sends the next one.
    pub fn clear(&mut self, producer: Option<ProducerMark>) {
        self.bytes.truncate(HEADER_BYTES);
        self.records = 0;
        self.producer = producer;
    }

    /// The number of records so far.
    #[must_use]
    pub fn records(&self) -> usize {
        self.records as usize
    }

    /// The batch as it is, to go back to.
    #[must_use]
    pub fn save(&self) -> Saved {
        Saved { bytes: self.bytes.len(), records: self.records, max_timestamp_ms: self.max_timestamp_ms }
    }

    /// Takes away what was added since `saved`.
    pub fn restore(&mut self, saved: Saved) {
        self.bytes.truncate(saved.bytes);
        self.records = self.records.min(saved.records);
        self.max_timestamp_ms = saved.max_timestamp_ms;
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`BatchFault::TooLarge`] when it does not fit any more; the batch stays as it was.
    pub fn push(&mut self, record: &NewRecord<'_>) -> Result<(), BatchFault> {
        if self.records == 0 {
            (self.base_timestamp_ms, self.max_timestamp_ms) = (record.timestamp_ms, record.timestamp_ms);
        }
        let body = &mut self.scratch;
        body.clear();
        body.push(0);
        varint::put(body, record.timestamp_ms.wrapping_sub(self.base_timestamp_ms));
        varint::put(body, i64::from(self.records));
        put_sized(body, record.key);
        put_sized(body, record.value);
        varint::put(body, record.headers.len() as i64);
        for (name, value) in record.headers {
            put_sized(body, Some(name.as_bytes()));
            put_sized(body, Some(value));
        }
        // A varint of a length takes at most 5 bytes more.
        if self.bytes.len() + body.len() + 5 > self.max_bytes {
            return Err(BatchFault::TooLarge);
        }
        varint::put(&mut self.bytes, body.len() as i64);
        self.bytes.extend_from_slice(body);
        self.records += 1;
        self.max_timestamp_ms = self.max_timestamp_ms.max(record.timestamp_ms);
        Ok(())
    }

    /// The whole batch, ready to be checked and appended.
    ///
    /// # Errors
    /// [`BatchFault::Count`] when there are no records.
    pub fn finish(&mut self) -> Result<&mut [u8], BatchFault> {
        if self.records == 0 {
            return Err(BatchFault::Count);
        }
        let length = (self.bytes.len() - 12) as i32;
        let mark = self.producer.unwrap_or(ProducerMark { id: -1, epoch: -1, base_sequence: -1 });
        let mut put = |at: usize, field: &[u8]| self.bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &[0; 8]);
        put(8, &length.to_be_bytes());
        put(12, &[0, 0, 0, 0, 2]);
        put(21, &[0, 0]);
        put(23, &(self.records - 1).to_be_bytes());
        put(27, &self.base_timestamp_ms.to_be_bytes());
        put(35, &self.max_timestamp_ms.to_be_bytes());
        put(43, &mark.id.to_be_bytes());
        put(51, &mark.epoch.to_be_bytes());
        put(53, &mark.base_sequence.to_be_bytes());
        put(57, &self.records.to_be_bytes());
        seal(&mut self.bytes);
        Ok(&mut self.bytes)
    }
}

/// A batch without records that takes the place of offsets.
pub(super) struct EmptyBatch {
    pub(super) bytes: [u8; HEADER_BYTES],
    pub(super) end_offset: u64,
}

/// An empty batch from one offset to another, or as far as one batch can reach.
pub(super) fn empty_batch(base_offset: u64, end_offset: u64, append_ms: i64) -> EmptyBatch {
    let last_delta = (end_offset - base_offset - 1).min(i32::MAX as u64);
    let mut bytes = [0; HEADER_BYTES];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0, &base_offset.to_be_bytes());
    put(8, &(HEADER_BYTES as i32 - 12).to_be_bytes());
    put(16, &[2]);
    put(22, &[APPEND_TIME as u8]);
    put(23, &(last_delta as i32).to_be_bytes());
    put(27, &append_ms.to_be_bytes());
    put(35, &append_ms.to_be_bytes());
    // No producer: id, epoch and sequence are -1.
    put(43, &[0xff; 14]);
    seal(&mut bytes);
    EmptyBatch { bytes, end_offset: base_offset + last_delta + 1 }
}

fn put_sized(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => varint::put(out, -1),
        Some(bytes) => {
            varint::put(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}
