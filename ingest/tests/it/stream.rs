//! The source that follows a hub.

use std::collections::BTreeMap;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_ingest::log::{BatchBuilder, Hub, HubConfig, NewRecord, Store, StoreOptions, ValidBatch};
use tollgate_ingest::stream::{Finish, HubSource, Reached, StreamOptions};
use tollgate_ingest::{Error, Limits, Payload, Record, Source};

use super::common::brief;

struct Rig {
    store: Store,
    hub: Arc<Hub>,
    _dir: TempDir,
}

fn rig(config: HubConfig) -> Rig {
    let dir = TempDir::new().expect("a temporary folder");
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).expect("a new store");
    let hub = store.create_hub("images", &config).expect("a new hub");
    Rig { store, hub, _dir: dir }
}

/// Appends records to a partition as one batch.
fn append(hub: &Hub, partition: u32, bodies: &[&str], now_ms: i64) {
    let mut builder = BatchBuilder::new(1 << 16);
    for body in bodies {
        let record = NewRecord { key: Some(b"7"), value: Some(body.as_bytes()), headers: &[], timestamp_ms: 5 };
        builder.push(&record).expect("room");
    }
    put(hub, partition, builder.finish().expect("records"), now_ms);
}

fn put(hub: &Hub, partition: u32, bytes: &mut [u8], now_ms: i64) {
    let mut batch = ValidBatch::check(bytes).expect("a batch");
    let appended = hub.partition(partition).and_then(|log| log.append(&mut batch, now_ms)).expect("appended");
    appended.ack.wait().expect("durable");
}

fn options(finish: Finish) -> StreamOptions {
    let limits = Limits { batch_records: 2, batch_bytes: 1 << 16, max_record_bytes: 8 };
    StreamOptions { limits, start: BTreeMap::new(), finish }
}

fn all(source: &mut HubSource) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some(batch) = source.next().expect("a batch") {
        assert_eq!(batch.end, (records.len() + batch.items.len()) as u64);
        records.extend(batch.items);
    }
    records
}

#[test]
fn records_come_in_the_order_of_their_partition_and_end_where_it_ended() {
    let rig = rig(HubConfig { partitions: 2, ..HubConfig::default() });
    append(&rig.hub, 0, &["a", "b", "c"], 1_000);
    append(&rig.hub, 1, &["x"], 2_000);
    let mut source = HubSource::open(Arc::clone(&rig.hub), options(Finish::AtPresentEnd)).expect("a source");
    append(&rig.hub, 1, &["late"], 3_000);
    assert_eq!(source.total_hint(), Some(4));
    let records = all(&mut source);
    let positions: Vec<_> = records.iter().map(|record| record.position.as_str()).collect();
    assert_eq!(positions, ["hub:images/0/0", "hub:images/0/1", "hub:images/1/0", "hub:images/0/2"]);
    assert_eq!(brief(&records[3]), ("images-0-2".into(), "c".into()));
    assert_eq!(records[2].recorded.timestamp_millis(), 2_000, "the append time, where the sender says none");
    assert_eq!(records[0].lane.as_deref(), Some("7"));
}

#[test]
fn progress_says_what_an_end_stands_for() {
    let rig = rig(HubConfig { partitions: 2, ..HubConfig::default() });
    append(&rig.hub, 0, &["a", "b", "c"], 0);
    append(&rig.hub, 1, &["x"], 0);
    let start = BTreeMap::from([(0, 1)]);
    let mut source =
        HubSource::open(Arc::clone(&rig.hub), StreamOptions { start, ..options(Finish::AtPresentEnd) }).expect("one");
    let records = all(&mut source);
    assert_eq!(records.iter().map(brief).map(|(_, what)| what).collect::<Vec<_>>(), ["b", "c", "x"]);
    let reached = |end, partition, offset| Reached { end, partition, offset };
    assert_eq!(source.progress().take_until(2), [reached(2, 0, 3)]);
    assert_eq!(source.progress().take_until(3), [reached(3, 1, 1)]);
    source.commit(3).expect("handed out");
    assert!(matches!(source.commit(4), Err(Error::CommitOutOfRange { .. })));
    assert!(matches!(source.commit(2), Err(Error::CommitOutOfRange { .. })));
}

#[test]
fn a_source_that_waits_is_woken_and_says_when_there_is_nothing() {
    let rig = rig(HubConfig { partitions: 1, ..HubConfig::default() });
    let mut source = HubSource::open(Arc::clone(&rig.hub), options(Finish::Never)).expect("a source");
    assert_eq!(source.next().expect("nothing").expect("no end").items.len(), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| append(&rig.hub, 0, &["a"], 0));
        let mut items = Vec::new();
        while items.is_empty() {
            items = source.next().expect("a batch").expect("no end").items;
        }
        assert_eq!(brief(&items[0]).1, "a");
    });
    rig.hub.grow(2).expect("a second partition");
    append(&rig.hub, 1, &["b"], 0);
    let mut items = Vec::new();
    while items.is_empty() {
        items = source.next().expect("a batch").expect("no end").items;
    }
    assert_eq!(items[0].position, "hub:images/1/0");
}

#[test]
fn bad_records_are_refused_in_their_place() {
    let rig = rig(HubConfig { partitions: 1, ..HubConfig::default() });
    append(&rig.hub, 0, &["", "123456789"], 0);
    let mut builder = BatchBuilder::new(1 << 16);
    for _ in 0..3 {
        builder.push(&NewRecord { value: Some(b"z"), ..NewRecord::default() }).expect("room");
    }
    let bytes = builder.finish().expect("records");
    // Says gzip, and is not: the log takes it, because it never looks into compressed batches.
    bytes[22] = 1;
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    put(&rig.hub, 0, bytes, 0);
    append(&rig.hub, 0, &["good"], 0);
    let mut source = HubSource::open(Arc::clone(&rig.hub), options(Finish::AtPresentEnd)).expect("a source");
    let records = all(&mut source);
    let what: Vec<_> = records.iter().map(|record| brief(record).1).collect();
    assert_eq!(what, ["! no-image", "! too-large", "! undecodable-batch", "good"]);
    assert_eq!(records[3].position, "hub:images/0/5");
    assert!(matches!(&records[2].payload, Payload::Refused(refusal) if refusal.detail.contains("3 records")));
}

#[test]
fn what_retention_took_is_passed_over() {
    let rig = rig(HubConfig {
        partitions: 1,
        segment_bytes: 4096,
        max_batch_bytes: 4096,
        retention_ms: 10,
        ..HubConfig::default()
    });
    append(&rig.hub, 0, &["old"], 0);
    let mut source = HubSource::open(Arc::clone(&rig.hub), options(Finish::Never)).expect("a source");
    rig.hub.partition(0).and_then(|log| log.retain(1_000)).expect("removed");
    append(&rig.hub, 0, &["new"], 1_000);
    let items = source.next().expect("a batch").expect("no end").items;
    assert_eq!((items[0].position.as_str(), brief(&items[0]).1.as_str()), ("hub:images/0/1", "new"));
    assert_eq!(source.progress().overtaken(), 1);
    drop(rig.store);
}

#[test]
fn a_repaired_hub_is_read_past_what_was_lost() {
    let dir = TempDir::new().expect("a temporary folder");
    let open = || Store::open(dir.path(), StoreOptions::default());
    let config = HubConfig { partitions: 1, ..HubConfig::default() };
    let hub = open().expect("a new store").0.create_hub("images", &config).expect("a new hub");
    append(&hub, 0, &["lost", "too"], 0);
    append(&hub, 0, &["behind"], 0);
    drop(hub);
    let segment = dir.path().join("hubs/images/0/00000000000000000000.log");
    let mut bytes = std::fs::read(&segment).expect("the segment");
    bytes[70] ^= 0xff;
    std::fs::write(&segment, bytes).expect("damaged");
    assert!(matches!(open(), Err(Error::CorruptLog { .. })));
    assert_eq!(Store::repair(dir.path()).expect("repaired").len(), 1);
    let hub = open().expect("it opens again").0.hub("images").expect("the hub");
    append(&hub, 0, &["new"], 0);
    let records = all(&mut HubSource::open(hub, options(Finish::AtPresentEnd)).expect("a source"));
    assert_eq!(
        records.iter().map(brief).map(|(_, what)| what).collect::<Vec<_>>().last().map(String::as_str),
        Some("new")
    );
    assert!(records.iter().all(|record| !brief(record).1.contains("lost")));
}
