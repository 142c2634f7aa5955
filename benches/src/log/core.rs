//! Small records on one core: batches of many, as a producer sends them.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};
use tollgate_ingest::log::{Ack, BatchBuilder, Durability, HubConfig, NewRecord, Store, StoreOptions, ValidBatch};

/// Bytes of a record's value.
pub(super) const RECORD_BYTES: usize = 100;
/// Records of a batch: some 108 KB of it, between a stock producer's default (16 KB) and its usual tuning (1 MB).
pub(super) const BATCH_RECORDS: usize = 1000;
/// Batches that are on their way to the disk at once.
const ON_THEIR_WAY: usize = 16;

/// What one core did in one turn, in seconds, and the records it did it with.
#[derive(Clone, Copy, serde::Serialize)]
pub(super) struct Turn {
    records: f64,
    /// Putting records into batches: a producer's work.
    build_s: f64,
    /// Checking the batches as they come: checksum and every record.
    check_s: f64,
    /// Offsets, times, the new checksum, the write, and waiting for the disk.
    append_s: f64,
}

impl Turn {
    /// Records a second of what the log does: checking and appending.
    pub(super) fn log(&self) -> f64 {
        self.records / (self.check_s + self.append_s)
    }

    /// Records a second with the producer's work.
    pub(super) fn all(&self) -> f64 {
        self.records / (self.build_s + self.check_s + self.append_s)
    }

    /// Nanoseconds a record: build, check, append.
    pub(super) fn parts(&self) -> [f64; 3] {
        [self.build_s, self.check_s, self.append_s].map(|seconds| seconds * 1e9 / self.records)
    }
}

/// Builds, checks and appends batches on one core, with all threads of the log on the same one.
pub(super) fn records(dir: &Path, durability: Durability, batches: usize) -> Result<Turn> {
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    let core = (0..CpuSet::MAX_CPU).find(|&cpu| before.is_set(cpu)).unwrap_or(0);
    one.set(core);
    sched_setaffinity(None, &one)?;
    let turn = pinned(dir, durability, batches);
    sched_setaffinity(None, &before)?;
    turn
}

fn pinned(dir: &Path, durability: Durability, batches: usize) -> Result<Turn> {
    let dir = tempfile::tempdir_in(dir)?;
    let (store, _) = Store::open(dir.path(), StoreOptions::default())?;
    let config = HubConfig { partitions: 1, durability, ..HubConfig::default() };
    let partition = store.create_hub("h", &config)?.partition(0)?;
    let mut builder = BatchBuilder::new(config.max_batch_bytes);
    let mut acks: VecDeque<Ack> = VecDeque::new();
    let [mut build, mut check, mut append] = [Duration::ZERO; 3];
    let value = [0x5a; RECORD_BYTES];
    for i in 0..batches {
        let begin = Instant::now();
        builder.clear(None);
        for record in 0..BATCH_RECORDS {
            let record = NewRecord { value: Some(&value), timestamp_ms: (i + record) as i64, ..NewRecord::default() };
            builder.push(&record).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        }
        let bytes = builder.finish().map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let built = Instant::now();
        let mut batch = ValidBatch::check(bytes).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let checked = Instant::now();
        if acks.len() == ON_THEIR_WAY {
            acks.pop_front().map_or(Ok(()), |ack| ack.wait())?;
        }
        acks.push_back(partition.append(&mut batch, i as i64)?.ack);
        (build, check, append) = (build + (built - begin), check + (checked - built), append + checked.elapsed());
    }
    let last = Instant::now();
    acks.iter().try_for_each(Ack::wait)?;
    append += last.elapsed();
    let [build_s, check_s, append_s] = [build, check, append].map(|time| time.as_secs_f64());
    Ok(Turn { records: (batches * BATCH_RECORDS) as f64, build_s, check_s, append_s })
}
