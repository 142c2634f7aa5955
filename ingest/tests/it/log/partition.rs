//! Partitions: times, repeats, retention, and what a restart finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_ingest::Error;
use tollgate_ingest::log::{Durability, HubConfig, Partition, ProducerMark, Store, StoreOptions, TornTail};

use super::{append, read_all, records};

/// Segments of the smallest size: a few batches fill one.
fn small() -> HubConfig {
    HubConfig { partitions: 1, segment_bytes: 4096, max_batch_bytes: 4096, ..HubConfig::default() }
}

struct Log {
    dir: TempDir,
    options: StoreOptions,
    store: Option<Store>,
    partition: Option<Arc<Partition>>,
}

impl Log {
    fn new(config: HubConfig) -> Self {
        Self::with(config, StoreOptions::default())
    }

    /// One that notes what is durable only when it is told to, as if it was always killed within a second.
    fn short_lived(config: HubConfig) -> Self {
        Self::with(config, StoreOptions { notes_every: None, ..StoreOptions::default() })
    }

    fn with(config: HubConfig, options: StoreOptions) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let (store, _) = Store::open(dir.path(), options).expect("a new store");
        store.create_hub("h", &config).expect("a new hub");
        let partition = store.hub("h").and_then(|hub| hub.partition(0)).expect("its partition");
        Self { dir, options, store: Some(store), partition: Some(partition) }
    }

    fn partition(&self) -> &Partition {
        self.partition.as_ref().expect("an open log")
    }

    fn close(&mut self) {
        (self.partition, self.store) = (None, None);
    }

    fn open(&mut self) -> Result<Vec<TornTail>, Error> {
        self.close();
        let (store, torn) = Store::open(self.dir.path(), self.options)?;
        self.partition = Some(store.hub("h")?.partition(0)?);
        self.store = Some(store);
        Ok(torn)
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("hubs/h/0")
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).expect("the partition's folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|own| own == extension)).collect();
        files.sort();
        files
    }

    /// Appends batches of one record of 600 bytes: six fill a segment.
    fn fill(&self, count: u64) {
        for i in 0..count {
            let now = 1000 + i as i64 * 10;
            append(self.partition(), &[&[i as u8; 600]], None, now).expect("room on the disk");
        }
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("a segment");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("the same segment, damaged");
}

#[test]
fn offsets_and_times_are_the_logs() {
    let log = Log::new(small());
    let partition = log.partition();
    assert_eq!(append(partition, &[b"a", b"b"], None, 5000).unwrap(), (0, false));
    assert_eq!(append(partition, &[b"c"], None, 6000).unwrap(), (2, false));
    // The clock went back; the log does not.
    assert_eq!(append(partition, &[b"d"], None, 4000).unwrap(), (3, false));
    let all = read_all(partition, 0, 1 << 20).unwrap();
    let expected = [(0, 5000, b"a"), (1, 5000, b"b"), (2, 6000, b"c"), (3, 6000, b"d")];
    assert_eq!(all, expected.map(|(offset, time, value)| (offset, time, value.to_vec())));
    // A batch is given as a whole, with the records before the one that was asked for.
    assert_eq!(records(&partition.read(1, 1).unwrap()).len(), 2);
    assert_eq!(partition.read(4, 1 << 20).unwrap().length, 0);
    for (time, offset) in [(i64::MIN, 0), (5000, 0), (5001, 2), (6000, 2), (6001, 4)] {
        assert_eq!(partition.offset_at(time).unwrap(), offset, "{time}");
    }
}

#[test]
fn reads_take_what_fits_and_at_least_one_batch() {
    let log = Log::new(HubConfig { segment_bytes: 1 << 20, ..small() });
    log.fill(200);
    let partition = log.partition();
    let one = partition.read(0, 1).unwrap().length;
    for max_bytes in [1, one - 1, one, one + 1, 10 * one, 100 * one + 7, 1 << 20] {
        for offset in [0, 1, 57, 150, 199] {
            let slice = partition.read(offset, max_bytes).unwrap();
            let expected = (max_bytes / one).clamp(1, 200 - offset);
            assert_eq!(slice.length, expected * one, "from {offset} at most {max_bytes}");
            assert_eq!(records(&slice)[0].0, offset);
        }
    }
}

#[test]
fn repeats_are_acknowledged_with_their_first_offset_even_after_a_restart() {
    let mut log = Log::new(small());
    let mark = |base_sequence| Some(ProducerMark { id: 9, epoch: 0, base_sequence });
    let send = |log: &Log, sequence| append(log.partition(), &[b"x", b"y"], mark(sequence), 1000);
    assert_eq!(send(&log, 0).unwrap(), (0, false));
    assert_eq!(send(&log, 2).unwrap(), (2, false));
    assert_eq!(send(&log, 0).unwrap(), (0, true));
    assert!(matches!(send(&log, 6), Err(Error::OutOfSequence { expected: 4, found: 6, .. })));
    log.fill(20);
    assert!(log.files("log").len() > 2);
    // With the side files, and without them.
    for _ in 0..2 {
        log.open().unwrap();
        assert_eq!(send(&log, 2).unwrap(), (2, true));
        assert!(matches!(send(&log, 6), Err(Error::OutOfSequence { .. })));
        assert_eq!(log.partition().end_offset(), 24);
        log.close();
        log.files("index").iter().for_each(|side| fs::remove_file(side).unwrap());
    }
    log.open().unwrap();
    assert_eq!(send(&log, 4).unwrap(), (24, false));
}

#[test]
fn retention_takes_whole_segments_and_says_so_to_readers() {
    let log = Log::new(HubConfig { retention_bytes: 8000, ..small() });
    log.fill(30);
    let partition = log.partition();
    let held = partition.read(0, 1 << 20).unwrap();
    let before = records(&held);
    let retained = partition.retain(1290).unwrap();
    assert!(retained.segments > 1 && retained.start_offset == retained.segments * 6, "{retained:?}");
    let error = partition.read(0, 1 << 20).unwrap_err();
    assert!(matches!(error, Error::OffsetOutOfRange { offset: 0, end: 30, .. }), "{error}");
    assert!(partition.read(31, 1).is_err());
    let rest = read_all(partition, retained.start_offset, 2000).unwrap();
    assert_eq!(rest.len() as u64, 30 - retained.start_offset);
    // Whoever holds a slice reads it to its end, though its segment is gone and others were written since.
    log.fill(30);
    assert_eq!(records(&held), before);
    assert_eq!(partition.retain(1290).unwrap().start_offset, partition.start_offset());
}

#[test]
fn retention_by_age_empties_a_silent_partition() {
    let mut log = Log::new(HubConfig { retention_ms: 500, ..small() });
    log.fill(8);
    assert_eq!(log.partition().retain(1500).unwrap().segments, 0);
    let retained = log.partition().retain(10_000).unwrap();
    assert_eq!((retained.segments, retained.start_offset), (2, 8));
    assert_eq!(log.partition().read(8, 1).unwrap().length, 0);
    log.open().unwrap();
    assert_eq!((log.partition().start_offset(), log.partition().end_offset()), (8, 8));
    assert_eq!(append(log.partition(), &[b"next"], None, 1).unwrap(), (8, false));
}

#[test]
fn recycled_files_do_not_bring_old_records_back() {
    let mut log = Log::new(HubConfig { retention_bytes: 4096, ..small() });
    let mut count = 0;
    for round in 0..6 {
        log.fill(9);
        count += 9;
        log.partition().retain(0).unwrap();
        let start = log.partition().start_offset();
        assert_eq!(log.open().unwrap(), [], "round {round}");
        assert_eq!((log.partition().start_offset(), log.partition().end_offset()), (start, count));
        let all = read_all(log.partition(), start, 1 << 20).unwrap();
        assert!(all.iter().map(|record| record.0).eq(start..count));
        log.partition().verify().unwrap();
    }
    // A sealed segment takes no more of the disk than its batches.
    let files = log.files("log");
    assert!(files.len() <= 3 && files.iter().all(|file| fs::metadata(file).unwrap().len() <= 4096));
}

#[test]
fn a_torn_end_is_cut_with_a_report() {
    // Every length at which the third batch is begun and not complete, or but for a byte.
    for kept in [Some(20), Some(61), Some(62), Some(300), None] {
        let mut log = Log::short_lived(small());
        log.fill(3);
        let one = log.partition().read(0, 1).unwrap().length;
        log.close();
        let path = log.files("log").remove(0);
        let whole = fs::read(&path).unwrap();
        let kept = kept.unwrap_or(one - 1);
        fs::write(&path, &whole[..(2 * one + kept) as usize]).unwrap();
        let torn = log.open().unwrap();
        assert_eq!(torn, [TornTail { partition: log.folder(), end_offset: 2, bytes: kept }]);
        assert_eq!(read_all(log.partition(), 0, 1 << 20).unwrap().len(), 2);
        assert_eq!(append(log.partition(), &[b"again"], None, 9000).unwrap().0, 2);
        assert_eq!(log.open().unwrap(), []);
        assert_eq!(log.partition().end_offset(), 3);
        log.close();
    }
}

#[test]
fn damage_behind_what_was_noted_to_be_durable_is_cut_and_before_it_an_error() {
    let mut log = Log::short_lived(small());
    log.fill(2);
    log.store.as_ref().unwrap().note_durable().unwrap();
    log.fill(3);
    let one = log.partition().read(0, 1).unwrap().length as usize;
    log.close();
    // A loss of power: of five batches the third did not reach the disk, and those behind it did.
    let path = log.files("log").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[2 * one..3 * one].fill(0);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(log.open().unwrap(), [TornTail { partition: log.folder(), end_offset: 2, bytes: 3 * one as u64 }]);
    assert_eq!(append(log.partition(), &[b"again"], None, 9000).unwrap().0, 2);
    assert_eq!(log.open().unwrap(), []);
    log.close();
    // The same to a batch that was durable, with none behind it: it is missed.
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..one]).unwrap();
    let error = log.open().err().unwrap();
    assert!(matches!(&error, Error::CorruptLog { segment, offset: 1, .. } if *segment == path), "{error}");
    assert!(error.to_string().contains("records up to offset 3 were durable"), "{error}");
    log.close();
    let lost = Store::repair(log.dir.path()).unwrap();
    assert_eq!(lost.iter().map(|lost| (lost.from_offset, lost.to_offset)).collect::<Vec<_>>(), [(1, 3)]);
    log.open().unwrap();
    assert_eq!(log.partition().end_offset(), 3);
}

#[test]
fn what_is_closed_in_good_order_is_noted_to_be_durable() {
    let mut log = Log::new(small());
    log.fill(3);
    log.close();
    fs::remove_file(log.files("log").remove(0)).unwrap();
    let error = log.open().err().unwrap();
    assert!(error.to_string().contains("records up to offset 3 were durable"), "{error}");
}

#[test]
fn damage_in_the_middle_is_an_error_that_names_its_place() {
    let mut log = Log::new(HubConfig { segment_bytes: 1 << 20, ..small() });
    log.fill(5);
    let one = log.partition().read(0, 1).unwrap().length as usize;
    log.close();
    let path = log.files("log").remove(0);
    // In the base offset, the length, the format version, the checksum, the counts and the records of batch 2.
    for at in [7, 9, 11, 16, 18, 26, 60, 61, 300, one - 1] {
        flip(&path, 2 * one + at);
        let error = log.open().err().unwrap();
        let place = (2, 2 * one as u64);
        let named = matches!(&error, Error::CorruptLog { segment, offset, position, .. }
            if *segment == path && (*offset, *position) == place);
        assert!(named, "byte {at}: {error}");
        flip(&path, 2 * one + at);
    }
    log.open().unwrap();
    assert_eq!(log.partition().end_offset(), 5);
}

#[test]
fn damage_in_a_sealed_segment_is_found_by_verify_and_without_its_side_file() {
    let mut log = Log::new(small());
    log.fill(20);
    log.close();
    let path = log.files("log").remove(1);
    flip(&path, 1000);
    log.open().unwrap();
    let error = log.partition().verify().err().unwrap();
    assert!(matches!(&error, Error::CorruptLog { segment, offset: 7, .. } if *segment == path), "{error}");
    log.close();
    fs::remove_file(path.with_extension("index")).unwrap();
    assert!(matches!(log.open(), Err(Error::CorruptLog { .. })));
    flip(&path, 1000);
    log.open().unwrap();
    log.partition().verify().unwrap();
    // A segment that is missing altogether.
    log.close();
    fs::remove_file(&path).unwrap();
    let error = log.open().err().unwrap();
    assert!(matches!(&error, Error::CorruptLog { offset: 6, .. }), "{error}");
}

#[test]
fn a_repair_gives_up_what_is_damaged_and_nothing_else() {
    let mut log = Log::new(small());
    log.fill(33);
    let all = read_all(log.partition(), 0, 1 << 20).unwrap();
    assert!(matches!(Store::repair(log.dir.path()), Err(Error::Locked { .. })));
    log.close();
    assert_eq!(Store::repair(log.dir.path()).unwrap(), []);
    // The second batch of the second segment, the whole of the fourth, and the first of three in the active one.
    let files = log.files("log");
    let path = |i: usize| files[i].clone();
    flip(&path(1), 1000);
    let damaged = fs::read(path(1)).unwrap();
    fs::remove_file(path(1).with_extension("index")).unwrap();
    fs::remove_file(path(3)).unwrap();
    flip(&path(5), 100);
    assert!(matches!(log.open(), Err(Error::CorruptLog { .. })));
    log.close();
    let lost = Store::repair(log.dir.path()).unwrap();
    let ranges: Vec<_> = lost.iter().map(|lost| (lost.from_offset, lost.to_offset)).collect();
    assert_eq!(ranges, [(7, 12), (18, 24), (30, 33)]);
    assert!(lost.iter().all(|lost| lost.partition == log.folder()));
    assert_eq!(fs::read(lost[0].kept_as.as_ref().unwrap()).unwrap(), damaged);
    assert_eq!(lost[1].kept_as, None);
    assert_eq!(Store::repair(log.dir.path()).unwrap(), []);
    for _ in 0..2 {
        assert_eq!(log.open().unwrap(), []);
        log.partition().verify().unwrap();
        let gone = |offset: u64| ranges.iter().any(|&(from, to)| (from..to).contains(&offset));
        let rest: Vec<_> = all.iter().filter(|record| !gone(record.0)).cloned().collect();
        assert_eq!(read_all(log.partition(), 0, 1 << 20).unwrap(), rest);
        // Who stands among the lost ones reads on behind them.
        assert_eq!(read_all(log.partition(), 9, 1000).unwrap()[0].0, 12);
        assert_eq!(log.partition().end_offset(), 33);
        log.close();
    }
    log.open().unwrap();
    assert_eq!(append(log.partition(), &[b"next"], None, 9000).unwrap(), (33, false));
    assert_eq!(log.partition().offset_at(9000).unwrap(), 33);
}

#[test]
fn side_files_that_were_damaged_are_made_anew() {
    let mut log = Log::new(small());
    log.fill(20);
    let all = read_all(log.partition(), 0, 1 << 20).unwrap();
    log.close();
    for (i, side) in log.files("index").into_iter().enumerate() {
        let bytes = fs::read(&side).unwrap();
        match i {
            0 => fs::write(&side, b"").unwrap(),
            1 => flip(&side, bytes.len() / 2),
            _ => fs::write(&side, &bytes[..bytes.len() - 3]).unwrap(),
        }
    }
    log.open().unwrap();
    assert_eq!(read_all(log.partition(), 0, 1 << 20).unwrap(), all);
}

#[test]
fn batches_beyond_the_limit_are_refused() {
    let log = Log::new(HubConfig { max_batch_bytes: 500, durability: Durability::Os, ..small() });
    let error = append(log.partition(), &[&[0; 500]], None, 1).unwrap_err();
    assert!(matches!(error, Error::BatchTooLarge { max: 500, .. }), "{error}");
    assert_eq!(append(log.partition(), &[&[0; 400]], None, 1).unwrap(), (0, false));
    assert_eq!(log.partition().end_offset(), 1);
}
