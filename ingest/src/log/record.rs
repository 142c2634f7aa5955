//! The records inside a batch.

use super::batch::{BatchFault, BatchHeader, HEADER_BYTES};
use super::varint::Cursor;

/// One record of a batch, borrowed from it.
#[derive(Debug, Clone, Copy)]
pub struct LogRecord<'a> {
    /// Its place in the partition.
    pub offset: u64,
    /// The append time where the log set it, else the producer's; milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The body.
    pub value: Option<&'a [u8]>,
    headers: Cursor<'a>,
    header_count: i64,
}

/// A name and a value that travel with a record.
pub type Header<'a> = (&'a [u8], Option<&'a [u8]>);

impl<'a> LogRecord<'a> {
    /// The user's properties of the record.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let mut cursor = self.headers;
        (0..self.header_count).map_while(move |_| header(&mut cursor))
    }
}

fn header<'a>(cursor: &mut Cursor<'a>) -> Option<Header<'a>> {
    Some((cursor.sized()??, cursor.sized()?))
}

/// The records of an uncompressed batch, in their order; ends after the first fault.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    header: BatchHeader,
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Records<'a> {
    /// The records of the batch that some bytes begin with.
    ///
    /// # Errors
    /// When the batch is not whole, or is compressed.
    pub fn new(bytes: &'a [u8]) -> Result<Self, BatchFault> {
        let header = BatchHeader::parse(bytes)?;
        if header.is_compressed() {
            return Err(BatchFault::Compressed);
        }
        let rest = bytes.get(HEADER_BYTES..header.length).ok_or(BatchFault::Length)?;
        Ok(Self { header, cursor: Cursor { rest }, left: header.records })
    }

    fn record(&mut self) -> Option<LogRecord<'a>> {
        let length = usize::try_from(self.cursor.number()?).ok()?;
        let mut body = Cursor { rest: self.cursor.bytes(length)? };
        body.bytes(1)?;
        let timestamp_ms = self.header.base_timestamp_ms.checked_add(body.number()?)?;
        let offset = self.header.base_offset.checked_add(u64::try_from(body.number()?).ok()?)?;
        let (key, value) = (body.sized()?, body.sized()?);
        let header_count = body.number().filter(|&count| count >= 0)?;
        let headers = body;
        for _ in 0..header_count {
            header(&mut body)?;
        }
        let timestamp_ms = if self.header.has_append_time() { self.header.max_timestamp_ms } else { timestamp_ms };
        body.rest.is_empty().then_some(LogRecord { offset, timestamp_ms, key, value, headers, header_count })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<LogRecord<'a>, BatchFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            let surplus = !std::mem::take(&mut self.cursor.rest).is_empty();
            return surplus.then_some(Err(BatchFault::Records));
        }
        self.left -= 1;
        let record = self.record();
        if record.is_none() {
            (self.left, self.cursor.rest) = (0, &[]);
        }
        Some(record.ok_or(BatchFault::Records))
    }
}
