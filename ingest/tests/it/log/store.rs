//! The data folder: its claim, its hubs, its groups, and many writers at once.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use event_listener::Listener;
use tollgate_ingest::Error;
use tollgate_ingest::log::{Ack, Checkpoint, HubConfig, Partition, Store, StoreOptions, ValidBatch};

use super::{append, batch, read_all, records};

fn config(partitions: u32) -> HubConfig {
    HubConfig { partitions, ..HubConfig::default() }
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let hub = store.create_hub("images", &config(1)).unwrap();
    let refused = || Store::open(dir.path(), StoreOptions::default()).err();
    assert!(matches!(refused(), Some(Error::Locked { .. })));
    // A partition that somebody still writes to keeps the folder.
    let partition = hub.partition(0).unwrap();
    drop((store, hub));
    assert!(matches!(refused(), Some(Error::Locked { .. })));
    append(&partition, &[b"last"], None, 1).unwrap();
    drop(partition);
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.hub("images").unwrap().partition(0).unwrap().end_offset(), 1);
}

#[test]
fn hubs_are_made_grown_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
        let hub = store.create_hub("images", &config(2)).unwrap();
        assert!(matches!(store.create_hub("images", &config(2)), Err(Error::HubExists { .. })));
        assert!(matches!(hub.partition(2), Err(Error::NoPartition { partition: 2, count: 2, .. })));
        hub.grow(5).unwrap();
        assert!(hub.grow(5).is_err() && hub.grow(33).is_err());
        append(&hub.partition(4).unwrap(), &[b"x"], None, 1).unwrap();
        store.create_hub("gone", &config(1)).unwrap();
        let checkpoint = |hub: &str| Checkpoint { hub: hub.into(), partition: 0, offset: 1, metadata: String::new() };
        store.commit_checkpoints("readers", &[checkpoint("gone"), checkpoint("images")]).unwrap();
        store.delete_hub("gone").unwrap();
        assert_eq!(store.checkpoints("readers"), [checkpoint("images")]);
        assert!(matches!(store.delete_hub("gone"), Err(Error::NoHub { .. })));
    }
    // What a crash leaves of a hub on its way in or out.
    fs::create_dir_all(dir.path().join("hubs/.new-half/0")).unwrap();
    fs::create_dir_all(dir.path().join("hubs/.deleted-half/0")).unwrap();
    let (store, torn) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(torn, []);
    let names: Vec<_> = store.hubs().iter().map(|hub| hub.name().to_owned()).collect();
    assert_eq!(names, ["images"]);
    let hub = store.hub("images").unwrap();
    assert_eq!(hub.config(), config(5));
    assert_eq!(hub.partition(4).unwrap().end_offset(), 1);
    assert_eq!(fs::read_dir(dir.path().join("hubs")).unwrap().count(), 1);
}

#[test]
fn hubs_that_cannot_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    for name in ["", ".", "..", "../x", "a/b", ".new-x", "a b", "ä", &"x".repeat(201)] {
        assert!(matches!(store.create_hub(name, &config(1)), Err(Error::BadHub { .. })), "{name:?}");
    }
    let good = config(1);
    for bad in [
        config(0),
        config(33),
        HubConfig { segment_bytes: 4095, ..good },
        HubConfig { segment_bytes: (1 << 30) + 1, ..good },
        HubConfig { max_batch_bytes: 0, ..good },
        HubConfig { max_batch_bytes: 8192, segment_bytes: 4096, ..good },
        HubConfig { retention_ms: -1, ..good },
    ] {
        assert!(matches!(store.create_hub("x", &bad), Err(Error::BadHub { .. })), "{bad:?}");
    }
    store.create_hub("x", &good).unwrap();
    drop(store);
    fs::write(dir.path().join("hubs/x/hub.toml"), "partition = 1").unwrap();
    let error = Store::open(dir.path(), StoreOptions::default()).err().unwrap();
    assert!(matches!(&error, Error::Settings { .. }) && error.to_string().contains("hub.toml"), "{error}");
}

#[test]
fn checkpoints_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = |hub: &str, partition, offset| Checkpoint {
        hub: hub.into(),
        partition,
        offset,
        metadata: format!("after \"{offset}\"\n"),
    };
    {
        let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
        store.commit_checkpoints("readers/ä", &[checkpoint("images", 0, 5), checkpoint("images", 1, 7)]).unwrap();
        store.commit_checkpoints("readers/ä", &[checkpoint("images", 0, 9)]).unwrap();
        store.commit_checkpoints("other", &[checkpoint("images", 0, 1)]).unwrap();
        store.commit_checkpoints("gone", &[]).unwrap();
        store.delete_group("gone").unwrap();
        let long = Checkpoint { metadata: "x".repeat(4097), ..checkpoint("images", 0, 1) };
        assert!(matches!(store.commit_checkpoints("other", &[long]), Err(Error::BadGroup { .. })));
        assert!(matches!(store.commit_checkpoints("", &[]), Err(Error::BadGroup { .. })));
        assert!(store.commit_checkpoints("other", &[checkpoint("images", 0, u64::MAX)]).is_err());
    }
    // What a crash leaves of a file on its way in.
    fs::write(dir.path().join("groups/other.new"), "half").unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    assert_eq!(store.groups(), ["other", "readers/ä"]);
    assert_eq!(store.checkpoints("readers/ä"), [checkpoint("images", 0, 9), checkpoint("images", 1, 7)]);
    assert_eq!(store.checkpoints("other"), [checkpoint("images", 0, 1)]);
    assert_eq!(store.checkpoints("nobody"), []);
}

#[test]
fn many_writers_share_the_syncs_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { max_unsynced_bytes: 2000, ..StoreOptions::default() };
    {
        let (store, _) = Store::open(dir.path(), options).unwrap();
        let hub = store.create_hub("images", &config(2)).unwrap();
        thread::scope(|scope| {
            for writer in 0..8u8 {
                let partition = hub.partition(u32::from(writer % 2)).unwrap();
                scope.spawn(move || {
                    for i in 0..40u8 {
                        let (offset, _) = append(&partition, &[&[writer, i], &[0; 200]], None, 1).unwrap();
                        // What was acknowledged is there for readers at once.
                        assert!(partition.end_offset() >= offset + 2);
                    }
                });
            }
        });
    }
    let (store, torn) = Store::open(dir.path(), options).unwrap();
    assert_eq!(torn, []);
    let mut seen = Vec::new();
    for number in 0..2 {
        let partition = store.hub("images").unwrap().partition(number).unwrap();
        let all = read_all(&partition, 0, 10_000).unwrap();
        assert!(all.iter().map(|record| record.0).eq(0..320));
        let order: Vec<_> = all.iter().filter(|record| record.2.len() == 2).map(|record| record.2.clone()).collect();
        for writer in 0..8u8 {
            let own: Vec<_> = order.iter().filter(|value| value[0] == writer).map(|value| value[1]).collect();
            assert!(own.is_empty() || own.iter().copied().eq(0..40), "writer {writer}");
        }
        seen.extend(order);
    }
    assert_eq!(seen.len(), 320);
}

#[test]
fn writes_become_durable_whoever_waits_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions { max_unsynced_bytes: 1000, commit_threads: 2, ..StoreOptions::default() };
    let (store, _) = Store::open(dir.path(), options).unwrap();
    let hub = store.create_hub("images", &config(3)).unwrap();
    let partitions: Vec<_> = (0..3).map(|number| hub.partition(number).unwrap()).collect();
    let seen = |end: u64| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let told = hub.listen();
            if partitions.iter().all(|partition| partition.end_offset() == end) {
                break;
            }
            assert!(told.wait_deadline(deadline).is_some(), "records that were never shown");
        }
    };
    // Nobody.
    partitions.iter().for_each(|partition| drop(send(partition, b"dropped")));
    seen(1);
    // Somebody without a thread, for the last one first.
    let acks: Vec<_> = partitions.iter().map(|partition| send(partition, b"awaited")).collect();
    acks.iter().rev().for_each(|ack| pollster::block_on(ack.durable()).unwrap());
    seen(2);
    // Nobody yet, with more than may be ahead of the disk.
    let acks: Vec<_> = (0..60).map(|i| send(&partitions[i % 3], &[7; 300])).collect();
    pollster::block_on(store.admitted()).unwrap();
    assert!(store.unsynced_bytes() <= 1000);
    // Somebody with a thread while others have none.
    thread::scope(|scope| {
        for (i, ack) in acks.iter().enumerate() {
            scope.spawn(move || if i % 2 == 0 { ack.wait() } else { pollster::block_on(ack.durable()) }.unwrap());
        }
    });
    seen(22);
    assert_eq!(store.unsynced_bytes(), 0);
}

#[test]
fn readers_see_only_what_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let partition = store.create_hub("images", &config(1)).unwrap().partition(0).unwrap();
    let value = vec![7; 90_000];
    for round in 0..20 {
        let acks: Vec<_> = (0..20).map(|_| send(&partition, &value)).collect();
        let (start, before) = (round * 20, partition.end_offset());
        let slice = partition.read(start, 1 << 30).unwrap();
        let after = partition.end_offset();
        let last = records(&slice).last().map_or(start, |record| record.0 + 1);
        assert!((before..=after).contains(&last), "read up to {last}, durable {before} to {after}");
        acks.iter().for_each(|ack| ack.wait().unwrap());
        assert_eq!(partition.end_offset(), start + 20);
    }
}

/// Appends without waiting.
fn send(partition: &Partition, value: &[u8]) -> Ack {
    let mut bytes = batch(&[value], None);
    let mut valid = ValidBatch::check(&mut bytes).expect("a batch of our own");
    partition.append(&mut valid, 1).expect("an append").ack
}
