//! The stream log.

mod batch;
mod codec;
mod model;
mod partition;
mod store;

use tollgate_ingest::Result;
use tollgate_ingest::log::{BatchBuilder, BatchHeader, NewRecord, Partition, ProducerMark, Records, Slice, ValidBatch};

/// An uncompressed batch of some values.
pub(crate) fn batch(values: &[&[u8]], producer: Option<ProducerMark>) -> Vec<u8> {
    let mut builder = BatchBuilder::new(1 << 20);
    builder.clear(producer);
    for value in values {
        let record = NewRecord { value: Some(value), timestamp_ms: 17, ..NewRecord::default() };
        builder.push(&record).expect("values far below the limit");
    }
    builder.finish().expect("at least one value").to_vec()
}

/// Appends values as one batch and waits for it; gives the base offset, and whether it was a repeat.
pub(crate) fn append(
    partition: &Partition,
    values: &[&[u8]],
    producer: Option<ProducerMark>,
    now_ms: i64,
) -> Result<(u64, bool)> {
    let mut bytes = batch(values, producer);
    let mut valid = ValidBatch::check(&mut bytes).expect("a batch of our own");
    let appended = partition.append(&mut valid, now_ms)?;
    appended.ack.wait()?;
    Ok((appended.base_offset, appended.duplicate))
}

/// The records of a slice: offset, append time and value.
pub(crate) fn records(slice: &Slice) -> Vec<(u64, i64, Vec<u8>)> {
    let mut bytes = Vec::new();
    slice.read_into(&mut bytes).expect("a slice that can be read");
    let (mut rest, mut all) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let header = BatchHeader::parse(rest).expect("a header in a slice");
        let mut copy = rest[..header.length].to_vec();
        if header.records > 0 {
            ValidBatch::check(&mut copy).expect("whole and sealed batches in a slice");
        }
        for record in Records::new(rest).expect("uncompressed records") {
            let record = record.expect("records that parse");
            all.push((record.offset, record.timestamp_ms, record.value.unwrap_or_default().to_vec()));
        }
        rest = &rest[header.length..];
    }
    all
}

/// Everything from an offset on.
pub(crate) fn read_all(partition: &Partition, mut offset: u64, max_bytes: u64) -> Result<Vec<(u64, i64, Vec<u8>)>> {
    let mut all: Vec<(u64, i64, Vec<u8>)> = Vec::new();
    loop {
        let slice = partition.read(offset, max_bytes)?;
        if slice.length == 0 {
            return Ok(all);
        }
        all.extend(records(&slice).into_iter().filter(|record| record.0 >= offset));
        // A batch may be empty, and takes its offsets all the same.
        offset = end_of(&slice);
    }
}

/// The offset behind a slice.
fn end_of(slice: &Slice) -> u64 {
    let mut bytes = Vec::new();
    slice.read_into(&mut bytes).expect("a slice that can be read");
    let (mut rest, mut end) = (bytes.as_slice(), 0);
    while let Ok(header) = BatchHeader::parse(rest) {
        (rest, end) = (&rest[header.length..], header.end_offset());
    }
    end
}
