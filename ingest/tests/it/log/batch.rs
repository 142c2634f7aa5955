//! Batches by themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tollgate_ingest::log::{BatchBuilder, BatchFault, BatchHeader, HEADER_BYTES, NewRecord, Records, ValidBatch};

use super::batch;

/// Sets bytes of a batch and seals it again, as a wrong-headed client would.
fn altered(at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = batch(&[b"one", b"two"], None);
    bytes[at..at + with.len()].copy_from_slice(with);
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn fault(mut bytes: Vec<u8>) -> Option<BatchFault> {
    ValidBatch::check(&mut bytes).err()
}

#[test]
fn records_come_back_as_they_were_put() {
    let mut builder = BatchBuilder::new(4096);
    let headers: [(&str, &[u8]); 2] = [("lane", b"7"), ("", b"")];
    let put = [
        NewRecord { key: Some(b"key"), value: Some(b"value"), headers: &headers, timestamp_ms: 1_536_762_781_042 },
        NewRecord { key: None, value: None, headers: &[], timestamp_ms: 1_536_762_780_000 },
        NewRecord { key: Some(b""), value: Some(&[0xff; 300]), headers: &[], timestamp_ms: i64::MAX },
    ];
    for _ in 0..2 {
        builder.clear(None);
        put.iter().for_each(|record| builder.push(record).unwrap());
        assert_eq!(builder.records(), 3);
        let bytes = builder.finish().unwrap();
        let valid = ValidBatch::check(bytes).unwrap();
        let header = *valid.header();
        assert_eq!((header.records, header.length, header.producer), (3, valid.bytes().len(), None));
        assert_eq!((header.end_offset(), header.max_timestamp_ms), (3, i64::MAX));
        let got: Vec<_> = Records::new(valid.bytes()).unwrap().map(Result::unwrap).collect();
        for (i, (got, put)) in got.iter().zip(&put).enumerate() {
            assert_eq!((got.offset, got.timestamp_ms), (i as u64, put.timestamp_ms));
            assert_eq!((got.key, got.value), (put.key, put.value));
            let properties: Vec<_> = got.headers().collect();
            let expected: Vec<_> = put.headers.iter().map(|(name, value)| (name.as_bytes(), Some(*value))).collect();
            assert_eq!(properties, expected);
        }
    }
}

#[test]
fn a_batch_has_a_limit() {
    let mut builder = BatchBuilder::new(HEADER_BYTES + 200);
    let record = NewRecord { value: Some(&[1; 80]), ..NewRecord::default() };
    assert_eq!((builder.push(&record), builder.push(&record)), (Ok(()), Ok(())));
    assert_eq!(builder.push(&record), Err(BatchFault::TooLarge));
    assert_eq!(builder.finish().unwrap().len(), HEADER_BYTES + 2 * 89);
    builder.clear(None);
    assert_eq!(builder.finish().err(), Some(BatchFault::Count));
}

#[test]
fn every_fault_has_its_name() {
    let whole = batch(&[b"one", b"two"], None);
    assert_eq!(fault(whole.clone()), None);
    assert_eq!(fault(vec![]), Some(BatchFault::TooShort));
    assert_eq!(fault(whole[..60].to_vec()), Some(BatchFault::TooShort));
    assert_eq!(fault(whole[..whole.len() - 1].to_vec()), Some(BatchFault::Length));
    assert_eq!(fault([whole.as_slice(), b"x"].concat()), Some(BatchFault::Length));
    assert_eq!(fault(altered(8, &(-1i32).to_be_bytes())), Some(BatchFault::Length));
    assert_eq!(fault(altered(8, &5i32.to_be_bytes())), Some(BatchFault::TooShort));
    assert_eq!(fault(altered(16, &[1])), Some(BatchFault::Magic(1)));
    assert_eq!(fault(altered(22, &[5])), Some(BatchFault::Codec));
    assert_eq!(fault(altered(22, &[0x10])), Some(BatchFault::Transaction));
    assert_eq!(fault(altered(22, &[0x20])), Some(BatchFault::Transaction));
    assert_eq!(fault(altered(57, &0i32.to_be_bytes())), Some(BatchFault::Count));
    assert_eq!(fault(altered(57, &3i32.to_be_bytes())), Some(BatchFault::Count));
    assert_eq!(fault(altered(57, &(-2i32).to_be_bytes())), Some(BatchFault::Count));
    let three = [&2i32.to_be_bytes()[..], &whole[27..57], &3i32.to_be_bytes()].concat();
    assert_eq!(fault(altered(23, &three)), Some(BatchFault::Records));
    let one = [&0i32.to_be_bytes()[..], &whole[27..57], &1i32.to_be_bytes()].concat();
    assert_eq!(fault(altered(23, &one)), Some(BatchFault::Records));
    // The first record's offset: 1 instead of 0.
    assert_eq!(fault(altered(HEADER_BYTES + 3, &[2])), Some(BatchFault::Records));
}

#[test]
fn compressed_batches_pass_and_are_not_opened() {
    for codec in 1..=4 {
        let mut bytes = altered(22, &[codec]);
        bytes[HEADER_BYTES..].fill(0xaa);
        let checksum = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        assert!(ValidBatch::check(&mut bytes).unwrap().header().is_compressed());
        assert_eq!(Records::new(&bytes).err(), Some(BatchFault::Compressed));
    }
}

#[test]
fn any_flipped_bit_is_found() {
    let whole = batch(&[b"one", b"two"], None);
    for bit in 8 * 8..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // The base offset and the leader epoch are the log's to set; the checksum leaves them out.
        let theirs = (12..16).contains(&(bit / 8));
        assert_eq!(fault(bytes).is_none(), theirs, "bit {bit}");
    }
}

/// Whatever bytes come: no panic, no endless records, and nothing accepted that cannot be read back.
fn decode(mut bytes: Vec<u8>) {
    let parsed = BatchHeader::parse(&bytes);
    if let Ok(records) = Records::new(&bytes) {
        // Each record takes a byte at least, and the first fault ends them.
        let (mut count, most) = (0, bytes.len() + 1);
        for record in records.take(most + 1) {
            count += 1;
            record.into_iter().for_each(|record| assert!(record.headers().count() <= most));
        }
        assert!(count <= most);
    }
    let Ok(valid) = ValidBatch::check(&mut bytes) else { return };
    let header = *valid.header();
    assert_eq!(Ok(header), parsed);
    assert_eq!(header.length, valid.bytes().len());
    if !header.is_compressed() {
        let all: Vec<_> = Records::new(valid.bytes()).expect("an accepted batch").collect();
        assert!(all.iter().all(Result::is_ok) && all.len() == header.records as usize);
    }
}

/// Gives bytes a length, a format version and a checksum that fit, so that what lies behind these checks is reached.
fn seal(bytes: &mut [u8]) {
    if bytes.len() > HEADER_BYTES {
        let length = (bytes.len() - 12) as i32;
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        bytes[16] = 2;
        let checksum = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// A batch of some records with keys and properties, as a client would send it.
fn well_formed(values: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(1 << 20);
    for (i, value) in values.iter().enumerate() {
        let headers: [(&str, &[u8]); 1] = [("name", value)];
        let (key, value) = ((i % 2 == 0).then_some(value.as_slice()), Some(value.as_slice()));
        let record = NewRecord { key, value, headers: &headers[..i % 2], timestamp_ms: i as i64 };
        builder.push(&record).expect("small records");
    }
    builder.finish().expect("at least one").to_vec()
}

/// Seconds that each of the decoder's fuzz targets runs.
fn fuzz_seconds() -> u64 {
    std::env::var("TOLLGATE_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(1)
}

/// Runs a target on inputs that are the same each time, as many as there is time for.
fn fuzz<S: Strategy>(strategy: &S, run: impl Fn(S::Value)) {
    let mut runner = TestRunner::deterministic();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(fuzz_seconds()) {
        for _ in 0..100 {
            let tree = strategy.new_tree(&mut runner).expect("a strategy that rejects nothing");
            let caught = catch_unwind(AssertUnwindSafe(|| run(tree.current())));
            assert!(caught.is_ok(), "see the panic above; the input was {:?}", tree.current());
        }
    }
}

#[test]
fn garbage_never_panics() {
    let strategy = (prop::collection::vec(any::<u8>(), 0..300), any::<bool>());
    fuzz(&strategy, |(mut bytes, sealed)| {
        if sealed {
            seal(&mut bytes);
        }
        decode(bytes);
    });
}

#[test]
fn mutations_of_good_batches_never_panic() {
    let values = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6);
    // In the header, codec, counts and producer among it, and anywhere; what is put there is often an extreme.
    let byte = prop_oneof![any::<u8>(), Just(0), Just(0x7f), Just(0x80), Just(0xff)];
    let change = (prop_oneof![0..HEADER_BYTES, 0..400_usize], byte);
    let changes = prop::collection::vec(change, 0..6);
    let cut = prop_oneof![3 => Just(usize::MAX), 1 => 0..400_usize];
    fuzz(&(values, changes, cut, any::<bool>()), |(values, changes, cut, sealed)| {
        let mut bytes = well_formed(&values);
        bytes.truncate(cut);
        let count = bytes.len().max(1);
        changes.iter().for_each(|&(at, with)| bytes.iter_mut().skip(at % count).take(1).for_each(|byte| *byte = with));
        if sealed {
            seal(&mut bytes);
        }
        decode(bytes);
    });
}
