//! Our log: records appended one by one, each acknowledged before its sender goes on.

use anyhow::Result;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Instant;
use tollgate_ingest::log::{
    BatchBuilder, Durability, HubConfig, NewRecord, Partition, Store, StoreOptions, ValidBatch,
};

use super::Sample;

/// Who appends where.
#[derive(Clone, Copy)]
pub(super) struct Load {
    /// Bytes of a record's value; each record is a batch.
    pub(super) bytes: usize,
    /// Partitions of the hub.
    pub(super) partitions: u32,
    /// Threads, each with one append on its way: the queue depth.
    pub(super) writers: usize,
    /// Records in all.
    pub(super) count: usize,
}

/// Runs a load on a log in a folder of its own, which is removed.
pub(super) fn appends(dir: &Path, load: Load) -> Result<Sample> {
    let dir = tempfile::tempdir_in(dir)?;
    let (store, _) = Store::open(dir.path(), StoreOptions::default())?;
    let config = HubConfig {
        partitions: load.partitions,
        durability: Durability::Commit,
        max_batch_bytes: load.bytes + 1024,
        ..HubConfig::default()
    };
    let hub = store.create_hub("h", &config)?;
    let each = load.count / load.writers;
    let begin = Instant::now();
    let latencies = thread::scope(|scope| {
        let writers = (0..load.writers).map(|i| {
            let partition = hub.partition(i as u32 % load.partitions);
            scope.spawn(move || sequence(&*partition?, load.bytes, each))
        });
        let writers: Vec<_> = writers.collect();
        writers.into_iter().map(|writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let latencies: Result<Vec<Vec<f64>>> = latencies;
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Sample::of((each * load.writers) as f64, load.bytes, seconds, latencies?.concat()))
}

/// Microseconds of each append, from the record's bytes to its acknowledgement.
fn sequence(partition: &Partition, bytes: usize, count: usize) -> Result<Vec<f64>> {
    let value = vec![0x5a; bytes];
    let mut builder = BatchBuilder::new(bytes + 1024);
    let mut latencies = Vec::with_capacity(count);
    for i in 0..count {
        let begin = Instant::now();
        builder.clear(None);
        let record = NewRecord { value: Some(&value), timestamp_ms: i as i64, ..NewRecord::default() };
        builder.push(&record).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let bytes = builder.finish().map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let mut batch = ValidBatch::check(bytes).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        partition.append(&mut batch, i as i64)?.ack.wait()?;
        latencies.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    Ok(latencies)
}
