//! A writer that is killed: what it was told is durable is there afterwards.
//!
//! A program of its own: a process that is just being started holds, for a moment, the locks of all others' data.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tollgate_ingest::log::{
    BatchBuilder, BatchHeader, Durability, HubConfig, NewRecord, Partition, Records, Store, StoreOptions, ValidBatch,
};

/// How often the writer is killed.
const KILLS: u64 = 100;

/// Tells this test, run again as another process, to be the writer, and where.
const WRITER: &str = "TOLLGATE_TEST_LOG_WRITER";

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    if let Some(folder) = std::env::var_os(WRITER) {
        return write(Path::new(&folder));
    }
    let dir = tempfile::tempdir().unwrap();
    let config = HubConfig {
        partitions: 1,
        durability: Durability::Commit,
        segment_bytes: 64 << 10,
        max_batch_bytes: 16 << 10,
        retention_bytes: 1 << 20,
        ..HubConfig::default()
    };
    Store::open(dir.path(), StoreOptions::default()).unwrap().0.create_hub("h", &config).unwrap();
    let mut acknowledged = 0;
    for round in 0..KILLS {
        // Seeded (the fractional part of the golden ratio): some writers die with their first batches, some in the
        // middle of a segment, some while the next is begun.
        let count = 1 + (round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize;
        acknowledged = run_and_kill(dir.path(), count).max(acknowledged);
        let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
        let partition = store.hub("h").unwrap().partition(0).unwrap();
        assert!(partition.end_offset() >= acknowledged, "round {round}");
        check_values(&partition);
        partition.verify().unwrap();
    }
}

/// A value that its offset alone decides.
fn value(offset: u64) -> Vec<u8> {
    vec![offset as u8; (offset * 997 % 12_000) as usize]
}

/// Appends without end with some batches on their way at once, says after each acknowledgement what the log's end is
/// now, and lets old segments go, so that their files are written once more.
fn write(folder: &Path) {
    let (store, _) = Store::open(folder, StoreOptions::default()).expect("the log that the last writer left");
    let partition = store.hub("h").and_then(|hub| hub.partition(0)).expect("the hub's only partition");
    let mut acks = VecDeque::new();
    for next in partition.end_offset().. {
        let mut builder = BatchBuilder::new(1 << 20);
        let record = NewRecord { value: Some(&value(next)), ..NewRecord::default() };
        builder.push(&record).expect("a small record");
        let mut batch = ValidBatch::check(builder.finish().expect("a record")).expect("a batch of our own");
        acks.push_back((next, partition.append(&mut batch, next as i64).expect("an append").ack));
        if acks.len() > (next % 8) as usize {
            let (acknowledged, ack) = acks.pop_front().expect("an append");
            ack.wait().expect("a disk that works");
            println!("\nacknowledged {}", acknowledged + 1);
        }
        if next % 32 == 0 {
            partition.retain(next as i64).expect("retention");
        }
    }
}

/// Every record is there, in its place.
fn check_values(partition: &Partition) {
    let (mut next, mut bytes) = (partition.start_offset(), Vec::new());
    while next < partition.end_offset() {
        bytes.clear();
        let slice = partition.read(next, 1 << 20).expect("a readable log");
        slice.read_into(&mut bytes).expect("a readable slice");
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            for record in Records::new(rest).expect("a batch of ours") {
                let record = record.expect("a record of ours");
                assert_eq!((record.offset, record.value.unwrap_or_default()), (next, value(next).as_slice()));
                next += 1;
            }
            rest = &rest[BatchHeader::parse(rest).expect("a batch").length..];
        }
    }
}

/// Runs a writer, kills it after some acknowledgements, and gives the last one.
fn run_and_kill(folder: &Path, count: usize) -> u64 {
    let mut writer = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_killed_writer_loses_nothing_that_was_acknowledged", "--nocapture"])
        .env(WRITER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program once more");
    let output = BufReader::new(writer.stdout.take().expect("a pipe"));
    let lines = output.lines().map_while(Result::ok);
    let mut ends = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    let before = ends.by_ref().take(count).last().expect("acknowledgements");
    writer.kill().expect("a living writer");
    writer.wait().expect("a dead writer");
    ends.last().unwrap_or(before)
}
