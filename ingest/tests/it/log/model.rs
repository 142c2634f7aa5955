//! Random operations on a partition, restarts and damage among them, against a plain model in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_ingest::Error;
use tollgate_ingest::log::{
    BatchHeader, Durability, HubConfig, Partition, ProducerMark, Store, StoreOptions, TornTail,
};

use super::{append, batch, read_all, records};

/// Notes are taken when the model says so.
const OPTIONS: StoreOptions =
    StoreOptions { max_unsynced_bytes: 64 << 20, commit_threads: 2, cached_tail_bytes: 16 << 20, notes_every: None };

/// Seeded numbers (splitmix64, Steele, Lea and Flood 2014): the same run for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A batch as the model remembers it.
#[derive(Debug, Clone)]
struct Sent {
    base: u64,
    time: i64,
    values: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Model {
    batches: Vec<Sent>,
    start: u64,
    end: u64,
    time: i64,
    /// What was noted to be durable: the end when the log was opened last, or when a note was taken since.
    durable: u64,
    /// Per producer: the base offsets of all its batches; each has one record.
    producers: [Vec<u64>; 3],
}

impl Model {
    fn append(&mut self, values: &[Vec<u8>], now: i64) {
        self.time = self.time.max(now);
        self.batches.push(Sent { base: self.end, time: self.time, values: values.to_vec() });
        self.end += values.len() as u64;
    }

    /// Forgets the batches from an offset on.
    fn cut(&mut self, end: u64) {
        self.batches.retain(|sent| sent.base < end);
        self.end = end;
        self.time = self.batches.last().map_or(0, |sent| sent.time);
        self.producers.iter_mut().for_each(|sent| sent.retain(|&base| base < end));
    }

    fn records(&self, from: u64) -> Vec<(u64, i64, Vec<u8>)> {
        let all = self
            .batches
            .iter()
            .flat_map(|sent| (sent.base..).zip(&sent.values).map(|(offset, value)| (offset, sent.time, value.clone())));
        all.filter(|record| record.0 >= from.max(self.start)).collect()
    }

    fn offset_at(&self, time: i64) -> u64 {
        let held = self.batches.iter().filter(|sent| sent.base >= self.start);
        held.into_iter().find(|sent| sent.time >= time).map_or(self.end, |sent| sent.base)
    }
}

struct Run {
    dir: TempDir,
    log: Option<(Store, Arc<Partition>)>,
    model: Model,
    random: Random,
    durability: Durability,
    now: i64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let durability = if random.below(2) == 0 { Durability::Commit } else { Durability::Os };
        let (segment_bytes, max_batch_bytes) = (4096, 2048);
        let (retention_ms, retention_bytes) = (5000, 20_000);
        let config =
            HubConfig { partitions: 1, durability, segment_bytes, max_batch_bytes, retention_ms, retention_bytes };
        let dir = tempfile::tempdir().expect("a folder for the test");
        let (store, _) = Store::open(dir.path(), OPTIONS).expect("a new store");
        store.create_hub("h", &config).expect("a new hub");
        drop(store);
        let mut run = Self { dir, log: None, model: Model::default(), random, durability, now: 1000 };
        assert_eq!(run.reopen().expect("an empty log"), []);
        run
    }

    fn partition(&self) -> &Partition {
        &self.log.as_ref().expect("an open log").1
    }

    fn reopen(&mut self) -> Result<Vec<TornTail>, Error> {
        self.log = None;
        let (store, torn) = Store::open(self.dir.path(), OPTIONS)?;
        let partition = store.hub("h")?.partition(0)?;
        self.model.durable = partition.end_offset();
        self.log = Some((store, partition));
        Ok(torn)
    }

    fn values(&mut self) -> Vec<Vec<u8>> {
        let count = 1 + self.random.below(4);
        (0..count).map(|_| vec![self.random.next() as u8; self.random.below(400) as usize]).collect()
    }

    fn append(&mut self) {
        self.now += self.random.below(300) as i64 - 50;
        let values = self.values();
        let borrowed: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let got = append(self.partition(), &borrowed, None, self.now).expect("an append");
        assert_eq!(got, (self.model.end, false));
        self.model.append(&values, self.now);
    }

    /// The next batch of a producer, or one of its last five once more, or one with a gap.
    fn produce(&mut self) {
        let id = self.random.below(3);
        let sent = self.model.producers[id as usize].clone();
        let value = vec![id as u8; 50];
        let next = sent.len() as u64;
        let sequence = match self.random.below(4) {
            0 if next > 0 => next - 1 - self.random.below(next.min(5)),
            1 if next > 0 => next + 1 + self.random.below(3),
            _ => next,
        };
        let mark = ProducerMark { id: id as i64, epoch: 0, base_sequence: sequence as i32 };
        let got = append(self.partition(), &[&value], Some(mark), self.now);
        if sequence < next {
            assert_eq!(got.expect("a repeat"), (sent[sequence as usize], true));
        } else if sequence > next {
            assert!(matches!(got, Err(Error::OutOfSequence { .. })));
        } else {
            assert_eq!(got.expect("the next batch"), (self.model.end, false));
            self.model.producers[id as usize].push(self.model.end);
            self.model.append(&[value], self.now);
        }
    }

    fn read(&mut self) {
        let (start, end) = (self.model.start, self.model.end);
        let offset = self.random.below(end + 3);
        let max_bytes = 1 + self.random.below(6000);
        match self.partition().read(offset, max_bytes) {
            Err(Error::OffsetOutOfRange { start: said, end: to, .. }) => {
                assert!((offset < start || offset > end) && (said, to) == (start, end));
            }
            Err(error) => panic!("read {offset}: {error}"),
            Ok(slice) => {
                assert!((start..=end).contains(&offset) && (slice.length == 0) == (offset == end));
                let got = records(&slice);
                let first = got.first().map_or(offset, |record| record.0);
                assert!(first <= offset && got.last().is_none_or(|record| record.0 >= offset));
                assert_eq!(got, self.model.records(first)[..got.len()]);
            }
        }
    }

    fn seek(&mut self) {
        let time = self.random.below(self.now.max(1) as u64 + 500) as i64;
        assert_eq!(self.partition().offset_at(time).expect("a search"), self.model.offset_at(time));
    }

    /// Retention removes whole segments; which ones the model learns from the log, within what it must obey.
    fn retain(&mut self) {
        let retained = self.partition().retain(self.now).expect("retention");
        assert!((self.model.start..=self.model.end).contains(&retained.start_offset));
        let (gone, kept): (Vec<_>, Vec<_>) =
            self.model.batches.iter().partition(|sent| sent.base < retained.start_offset);
        let values: usize = kept.iter().flat_map(|sent| &sent.values).map(Vec::len).sum();
        assert!(values <= 20_000, "more is left than may be");
        // With the most that headers and framing can add to the values, and the one segment that had to go.
        let most = values + kept.iter().map(|sent| 61 + 12 * sent.values.len()).sum::<usize>() + 4096;
        let young = |sent: &&Sent| sent.base >= self.model.start && sent.time >= self.now - 5000;
        assert!(
            !gone.into_iter().any(|sent| young(&sent)) || most > 20_000,
            "records went that were neither old nor too many"
        );
        self.model.start = retained.start_offset;
    }

    /// The first or the last file of a kind.
    fn file(&self, extension: &str, order: fn(&PathBuf, &PathBuf) -> std::cmp::Ordering) -> PathBuf {
        let entries = fs::read_dir(self.dir.path().join("hubs/h/0")).expect("the partition's folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let files = paths.filter(|path| path.extension().is_some_and(|own| own == extension));
        files.min_by(order).expect("a file")
    }

    /// The last segment, and where its batches begin and end.
    fn active(&self) -> (PathBuf, Vec<(usize, usize)>) {
        let path = self.file("log", |a, b| b.cmp(a));
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a number");
        let mut next: u64 = stem.parse().expect("a base offset");
        let bytes = fs::read(&path).expect("the segment");
        let (mut at, mut found) = (0, Vec::new());
        while let Some(header) = bytes.get(at..).and_then(|rest| BatchHeader::parse(rest).ok()) {
            if header.base_offset != next || next >= self.model.end {
                break;
            }
            found.push((at, at + header.length));
            (at, next) = (at + header.length, header.end_offset());
        }
        (path, found)
    }

    /// A crash in the middle of a write: the front of the next batch lies at the end, and behind it nothing, or what
    /// the file held before (zeros, or the batches of a recycled one).
    fn tear(&mut self) {
        self.log = None;
        let (path, batches) = self.active();
        let value: Vec<u8> = (0..300).map(|_| self.random.next() as u8).collect();
        let mut torn = batch(&[&value], None);
        torn[..8].copy_from_slice(&self.model.end.to_be_bytes());
        // So much is missing that what lies behind does not complete the batch by chance.
        let kept = 12 + self.random.below(torn.len() as u64 - 40) as usize;
        let at = batches.last().map_or(0, |last| last.1);
        let in_place = self.random.below(2) == 0;
        edit(&path, |bytes| {
            if in_place {
                bytes.resize(bytes.len().max(at + kept), 0);
                bytes[at..at + kept].copy_from_slice(&torn[..kept]);
            } else {
                bytes.truncate(at);
                bytes.extend_from_slice(&torn[..kept]);
            }
        });
        let reports = self.reopen().expect("a torn end is no damage");
        let reports: Vec<_> = reports.iter().map(|report| (report.end_offset, report.bytes as usize)).collect();
        // In place it cannot be seen how much was written: it is lost as long as it says it is, or up to the end of an
        // older batch whose own offset, which no checksum covers, was overwritten in part.
        let [(end, lost)] = reports[..] else { panic!("{reports:?}") };
        assert!(end == self.model.end && if in_place { lost >= kept } else { lost == kept }, "{reports:?}");
    }

    /// A crash while space was made ready behind the end, or after nothing was; and a spare file of any kind.
    fn litter(&mut self) {
        self.log = None;
        let (path, batches) = self.active();
        let at = batches.last().map_or(0, |last| last.1);
        // A recycled file was full before this one was begun.
        let first = self.file("log", PathBuf::cmp);
        let older = if first == path { Vec::new() } else { fs::read(first).expect("the first segment") };
        let (kind, shift, count) = (self.random.below(4), self.random.below(100), self.random.below(5000));
        let byte = self.random.next() as u8;
        edit(&path, |bytes| {
            let behind = bytes.split_off(at);
            match kind {
                0 => {}
                // Shorter or longer than it was, with what was there before.
                1 => bytes.extend(behind.into_iter().chain(std::iter::repeat(0)).take(count as usize)),
                // Batches that are older than the end, at any place.
                2 => bytes.extend(std::iter::repeat_n(0, shift as usize).chain(older)),
                _ => bytes.extend((0..count).map(|i| byte.wrapping_mul(i as u8))),
            }
        });
        let spare = path.with_file_name("spare");
        if spare.exists() {
            edit(&spare, |bytes| bytes.resize(count as usize, byte));
        }
        assert_eq!(self.reopen().expect("no damage"), []);
    }

    /// A note of what is durable by now; a hub that does not wait for the disk has synced nothing since it was opened.
    fn note(&mut self) {
        let (store, _) = self.log.as_ref().expect("an open log");
        store.note_durable().expect("a note");
        if self.durability == Durability::Commit {
            self.model.durable = self.model.end;
        }
    }

    /// A loss of power: of what was written behind the note, some sectors reached the disk and others did not.
    fn lose_power(&mut self) {
        self.log = None;
        let (path, batches) = self.active();
        let base = |at: usize, bytes: &[u8]| BatchHeader::parse(&bytes[at..]).expect("a batch").base_offset;
        let mut first_lost = None;
        let (durable, random) = (self.model.durable, &mut self.random);
        edit(&path, |bytes| {
            let volatile = batches.iter().filter(|(at, _)| base(*at, bytes) >= durable);
            let Some(from) = volatile.map(|(at, _)| *at).next() else { return };
            let before = bytes.clone();
            for at in (from..bytes.len()).filter(|at| *at == from || at % 512 == 0) {
                if random.below(3) == 0 {
                    let end = bytes.len().min(at / 512 * 512 + 512);
                    bytes[at..end].fill(0);
                }
            }
            let damaged = batches.iter().find(|(from, to)| bytes[*from..*to] != before[*from..*to]);
            first_lost = damaged.map(|(from, _)| base(*from, &before));
        });
        let torn = self.reopen().expect("a loss of power is no damage");
        if let Some(end) = first_lost {
            self.model.cut(end);
            assert!(torn.iter().all(|torn| torn.end_offset == end), "{torn:?}");
        } else {
            assert_eq!(torn, []);
        }
        self.model.durable = self.model.end;
    }

    /// A flipped bit: an error in what is durable, else the end of the log is cut before it.
    fn flip(&mut self) {
        self.log = None;
        let (path, batches) = self.active();
        let Some(victim) = batches.len().checked_sub(1).map(|last| self.random.below(last as u64 + 1) as usize) else {
            self.reopen().expect("an undamaged log");
            return;
        };
        let (from, to) = batches[victim];
        // Not in the leader epoch, which no checksum covers.
        let at = match self.random.below((to - from) as u64) as usize {
            at @ 12..16 => from + at + 4,
            at => from + at,
        };
        let bit = 1 << self.random.below(8);
        edit(&path, |bytes| bytes[at] ^= bit);
        let base = self.model.batches[self.model.batches.len() - batches.len() + victim].base;
        if base < self.model.durable {
            match self.reopen() {
                Err(Error::CorruptLog { segment, position, .. }) => {
                    assert_eq!((segment, position), (path.clone(), from as u64));
                }
                other => panic!("damage at byte {at} of {from}..{to}: {:?}", other.err()),
            }
            edit(&path, |bytes| bytes[at] ^= bit);
            assert_eq!(self.reopen().expect("a mended log"), []);
        } else {
            self.reopen().expect("a damaged end is cut");
            self.model.cut(base);
        }
    }

    fn step(&mut self) {
        match self.random.below(44) {
            0..14 => self.append(),
            14..22 => self.produce(),
            22..30 => self.read(),
            30..34 => self.seek(),
            34..36 => self.retain(),
            36 => self.tear(),
            37 => self.flip(),
            38 => self.litter(),
            39 | 40 => self.lose_power(),
            41 | 42 => self.note(),
            _ => assert_eq!(self.reopen().expect("an undamaged log"), []),
        }
        assert_eq!(
            (self.partition().start_offset(), self.partition().end_offset()),
            (self.model.start, self.model.end)
        );
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("a segment");
    change(&mut bytes);
    fs::write(path, bytes).expect("the same segment");
}

#[test]
fn random_operations_agree_with_the_model() {
    for seed in 0..30 {
        let mut run = Run::new(seed);
        for step in 0..150 {
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.step()));
            assert!(caught.is_ok(), "seed {seed}, step {step}: see the panic above");
        }
        run.partition().verify().unwrap();
        let all = read_all(run.partition(), run.model.start, 3000).unwrap();
        assert_eq!(all, run.model.records(0), "seed {seed}");
    }
}
