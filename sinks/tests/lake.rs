//! The lake: random windows and crashes against what must be there in the end.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use tollgate_sinks::depot::{Depot, DepotOptions};
use tollgate_sinks::lake::Lake;
use tollgate_sinks::{CloudEvent, Cursor, Error, Place, Published, Sink};

use crate::common;

fn options(runtime: &tokio::runtime::Runtime) -> DepotOptions {
    DepotOptions {
        owner: "test".into(),
        staging: "unused".into(),
        runtime: runtime.handle().clone(),
        timeout: Duration::from_secs(5),
    }
}

fn lake(root: &Path, runtime: &tokio::runtime::Runtime) -> Lake {
    Lake::new("test", Depot::open(&root.to_string_lossy(), &options(runtime)).expect("in a folder of our own"))
}

/// Event `n` of a hub with two partitions.
fn published(n: usize) -> Published {
    let mut json = Vec::new();
    common::event(n).write_json(&mut json).expect("in a folder of our own");
    Published {
        place: Place { partition: (n % 2) as u32, offset: (n / 2) as u64 },
        appended_ms: 1_714_545_000_000 + n as i64 * 100,
        event: Arc::new(CloudEvent::from_json(&json).expect("in a folder of our own")),
        json: json.into(),
        crop: Arc::default(),
    }
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .expect("in a folder of our own")
            .map(|entry| entry.expect("in a folder of our own").path())
        {
            if !path.is_dir() {
                files.push(path);
            } else if !path.ends_with("_tollgate") {
                folders.push(path);
            }
        }
    }
    files.sort();
    files
}

/// How often each event is there.
fn ids(root: &Path) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for path in files(root) {
        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("in a folder of our own"))
            .expect("in a folder of our own");
        for batch in file.build().expect("in a folder of our own") {
            for id in batch.expect("in a folder of our own").column(0).as_string::<i32>().iter().flatten() {
                *ids.entry(id.to_owned()).or_default() += 1;
            }
        }
    }
    ids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Windows of random lengths. A crash between the files of a window is one after which some of them are not there;
    /// the sink begins again at the last commit, and cuts its windows elsewhere.
    #[test]
    fn each_row_is_there_once_whatever_is_interrupted(
        steps in prop::collection::vec((1..30_usize, prop::option::of(any::<u32>())), 1..10)
    ) {
        let root = common::scratch();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut committed, mut sink) = (0, lake(root.path(), &runtime));
        let cursor = |n: usize| Cursor::from([(0, n.div_ceil(2) as u64), (1, (n / 2) as u64)]);
        let mut most = 0;
        for (length, crash) in steps {
            let before = files(root.path());
            let to = committed + length;
            let items: Vec<Published> = (committed..to).map(published).collect();
            prop_assert_eq!(sink.resume(cursor(committed)).unwrap(), cursor(committed));
            sink.write(&items).unwrap();
            sink.sync().unwrap();
            most = most.max(to);
            let Some(lost) = crash else { committed = to; continue };
            let new = files(root.path()).into_iter().filter(|file| !before.contains(file));
            for (i, file) in new.enumerate() {
                if lost >> (i % 32) & 1 == 1 {
                    fs::remove_file(file).unwrap();
                }
            }
            sink = lake(root.path(), &runtime);
        }
        sink.resume(cursor(committed)).unwrap();
        let items: Vec<Published> = (committed..most).map(published).collect();
        sink.write(&items).unwrap();
        sink.sync().unwrap();
        let ids = ids(root.path());
        prop_assert_eq!(ids.len(), most);
        prop_assert!(ids.values().all(|&times| times == 1), "{:?}", ids);
    }
}

#[test]
fn a_new_hub_of_the_same_name_overwrites_nothing() {
    let (root, runtime) = (common::scratch(), tokio::runtime::Builder::new_current_thread().build().unwrap());
    let mut first = lake(root.path(), &runtime);
    first.resume(Cursor::new()).unwrap();
    first.write(&(0..10).map(published).collect::<Vec<_>>()).unwrap();
    first.sync().unwrap();
    let mut second = lake(root.path(), &runtime);
    second.resume(Cursor::new()).unwrap();
    // The same places and folders, other events, later.
    let later = |n: usize| {
        let event = published(n + 10);
        let mut body = event.event.body.clone();
        body["time"] = published(n).event.body["time"].clone();
        let json = body.to_string().into_bytes();
        let place = published(n).place;
        Published { place, event: Arc::new(CloudEvent::from_json(&json).unwrap()), json: json.into(), ..event }
    };
    second.write(&(0..10).map(later).collect::<Vec<_>>()).unwrap();
    second.sync().unwrap();
    assert_eq!(ids(root.path()).len(), 20);
}

#[test]
fn foreign_events_have_no_row_and_foreign_notes_are_refused() {
    let (root, runtime) = (common::scratch(), tokio::runtime::Builder::new_current_thread().build().unwrap());
    let json = br#"{"specversion":"1.0","id":"a","source":"s","type":"Other"}"#;
    let foreign = Published {
        event: Arc::new(CloudEvent::from_json(json).unwrap()),
        json: json.as_slice().into(),
        ..published(0)
    };
    let mut sink = lake(root.path(), &runtime);
    sink.write(&[foreign, published(1)]).unwrap();
    sink.sync().unwrap();
    assert_eq!(ids(root.path()).len(), 1);
    fs::write(root.path().join("_tollgate/test.json"), "not ours").unwrap();
    assert!(matches!(lake(root.path(), &runtime).resume(Cursor::new()), Err(Error::Ledger { .. })));
}

#[test]
fn places_that_are_none_are_refused_and_drafts_of_killed_runs_go() {
    let (root, runtime) = (common::scratch(), tokio::runtime::Builder::new_current_thread().build().unwrap());
    for url in ["", "ftp://host/x", "file://host/x"] {
        assert!(matches!(Depot::open(url, &options(&runtime)), Err(Error::BadUrl { .. })), "{url}");
    }
    let drafts = root.path().join("_tollgate/drafts/test");
    fs::create_dir_all(&drafts).unwrap();
    fs::write(drafts.join("draft-3"), "left by a killed run").unwrap();
    let url = format!("file://{}", root.path().display());
    let depot = Depot::open(&url, &options(&runtime)).unwrap();
    assert_eq!(fs::read_dir(&drafts).unwrap().count(), 0);
    let mut draft = depot.draft().unwrap();
    draft.put(b"half").unwrap();
    assert!(!depot.has("a/b").unwrap());
    drop(draft);
    assert_eq!(fs::read_dir(&drafts).unwrap().count(), 0);
    depot.write("a/b", b"whole").unwrap();
    assert_eq!(depot.read("a/b", 100).unwrap().as_deref(), Some(b"whole".as_slice()));
    assert!(matches!(depot.read("a/b", 4), Err(Error::TooLarge { .. })));
    assert_eq!(depot.read("a/c", 100).unwrap(), None);
}
