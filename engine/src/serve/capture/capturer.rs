//! Finds the windows of a hub and writes their files.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_listener::Listener;
use tokio::runtime::Handle;
use tollgate_ingest::Clock;
use tollgate_ingest::log::{BatchFault, BatchHeader, Checkpoint, Decompressor, Hub, Partition, Records, Store};
use tollgate_sinks::Place;
use tollgate_sinks::capture::{CaptureConfig, CaptureFile, Captured, file_name};
use tollgate_sinks::depot::{Depot, DepotOptions};
use tollgate_sinks::failpoint;

use super::window::{Bounds, Cutter, Window};
use crate::serve::endpoints::Shared;
use crate::serve::follow::chain;
use crate::{Error, Result};

/// What is read of a partition at once.
const READ_BYTES: u64 = 1 << 20;
/// What a compressed batch may become.
const MAX_BATCH_BYTES: usize = 64 << 20;
/// How long a capture waits for records before it looks at the clock.
const IDLE: Duration = Duration::from_millis(100);
/// How long it waits after a failure: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// A capture of one hub.
pub(super) struct Capturer {
    name: String,
    config: CaptureConfig,
    options: DepotOptions,
    hub: Arc<Hub>,
    store: Arc<Store>,
    clock: Clock,
    group: String,
}

impl Capturer {
    pub(super) fn new(
        name: &str,
        config: &CaptureConfig,
        staging: PathBuf,
        shared: &Shared,
        runtime: &Handle,
    ) -> Result<Self> {
        let timeout = Duration::from_millis(config.timeout_ms);
        Ok(Self {
            name: name.to_owned(),
            config: config.clone(),
            options: DepotOptions { owner: name.to_owned(), staging, runtime: runtime.clone(), timeout },
            hub: shared.store.hub(&config.hub)?,
            store: Arc::clone(&shared.store),
            clock: Arc::clone(&shared.clock),
            group: format!("capture.{name}"),
        })
    }

    /// Captures until `stop`; after a failure from the last committed window on, later and later.
    pub(super) fn run(self, stop: &AtomicBool) {
        let mut pause = RETRY.0;
        while !stop.load(Ordering::Relaxed) {
            let before = self.store.checkpoints(&self.group);
            let Err(error) = self.capture(stop) else { return };
            if self.store.checkpoints(&self.group) != before {
                pause = RETRY.0;
            }
            let (capture, again_ms) = (&self.name, pause.as_millis());
            tracing::warn!(capture, again_ms, error = %chain(&error), "a capture failed; the data waits in the log");
            let mut left = pause;
            while !left.is_zero() && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(left.min(IDLE));
                left = left.saturating_sub(IDLE);
            }
            pause = (pause * 2).min(RETRY.1);
        }
    }

    fn capture(&self, stop: &AtomicBool) -> Result<()> {
        let depot = Depot::open(&self.config.url, &self.options)?;
        let bounds = Bounds {
            ms: i64::try_from(self.config.window_s * 1000).unwrap_or(i64::MAX),
            bytes: self.config.window_mb * 1_000_000,
        };
        let mut cutters: Vec<Option<Cutter>> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let more = self.hub.listen();
            // A hub may be given more partitions.
            cutters.resize_with(self.hub.config().partitions as usize, || None);
            let mut idle = true;
            for (number, cutter) in (0..).zip(&mut cutters) {
                let partition = self.hub.partition(number)?;
                let start = partition.start_offset();
                let cutter = cutter.get_or_insert_with(|| Cutter::new(bounds, self.begin(number, start)));
                idle &= !self.look(&depot, (number, &partition), cutter)?;
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            if idle {
                more.wait_timeout(IDLE);
            }
        }
        Ok(())
    }

    /// Looks at the next batches of a partition, and writes the files of windows that end; `false` where there was
    /// nothing to do.
    fn look(&self, depot: &Depot, (number, partition): (u32, &Partition), cutter: &mut Cutter) -> Result<bool> {
        let before = (self.clock)();
        let bytes = read(partition, cutter.next)?;
        if bytes.is_empty() {
            let Some(window) = cutter.passed(before) else { return Ok(false) };
            return self.write(depot, (number, partition), &window).map(|()| true);
        }
        for batch in batches(&bytes) {
            if let Some(window) = cutter.add(&batch?.0) {
                self.write(depot, (number, partition), &window)?;
            }
        }
        Ok(true)
    }

    /// Writes the file of a window, then commits.
    fn write(&self, depot: &Depot, (number, partition): (u32, &Partition), window: &Window) -> Result<()> {
        let first = Place { partition: number, offset: window.from };
        let key = file_name(
            &self.config.namespace,
            self.hub.name(),
            first,
            time(window.began_ms),
            self.committed(number).1.map(time),
        );
        let mut file = CaptureFile::begin(depot.draft()?, &key)?;
        let mut decompressor = Decompressor::new(MAX_BATCH_BYTES);
        let mut at = window.from;
        while at < window.to {
            let bytes = read(partition, at)?;
            // Where a repair left a gap, the next batch may lie behind the window.
            at = window.to;
            for batch in batches(&bytes) {
                let (header, batch) = batch?;
                if header.base_offset >= window.to {
                    at = window.to;
                    break;
                }
                match decompressor.open(batch).and_then(Records::new) {
                    Ok(records) => push(&mut file, records)?,
                    Err(fault) => self.skip(number, &header, fault),
                }
                at = header.end_offset();
            }
        }
        depot.publish(file.finish()?, &key)?;
        failpoint::reach("capture.published");
        let checkpoint = Checkpoint {
            hub: self.hub.name().to_owned(),
            partition: number,
            offset: window.to,
            metadata: format!("{BEGAN}{}", window.began_ms),
        };
        self.store.commit_checkpoints(&self.group, &[checkpoint])?;
        tracing::debug!(capture = self.name, key, "a window was captured");
        Ok(())
    }

    /// Where to begin: behind the last captured window, or where retention left off.
    fn begin(&self, partition: u32, start: u64) -> u64 {
        let (committed, began) = self.committed(partition);
        if committed < start && began.is_some() {
            let (capture, lost) = (&self.name, start - committed);
            tracing::warn!(capture, partition, lost, "retention removed records before they were captured");
        }
        committed.max(start)
    }

    fn skip(&self, partition: u32, header: &BatchHeader, fault: BatchFault) {
        let (capture, offset) = (&self.name, header.base_offset);
        tracing::warn!(capture, partition, offset, %fault, "a batch that cannot be read is left out of the capture");
    }

    /// The offset behind the last captured window of a partition, and when that window began.
    fn committed(&self, number: u32) -> (u64, Option<i64>) {
        let all = self.store.checkpoints(&self.group);
        let found = all.into_iter().find(|one| one.hub == self.hub.name() && one.partition == number);
        found.map_or((0, None), |one| (one.offset, one.metadata.strip_prefix(BEGAN).and_then(|ms| ms.parse().ok())))
    }
}

/// What a checkpoint notes beside the offset: when the window before it began.
const BEGAN: &str = "began=";

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// Whole batches from an offset on.
fn read(partition: &Partition, from: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = partition.read(from, READ_BYTES)?.read_into(&mut bytes);
    read.map_err(|source| Error::Io { what: "read the captured", path: "hub".into(), source })?;
    Ok(bytes)
}

/// The batches in some bytes.
fn batches(bytes: &[u8]) -> impl Iterator<Item = Result<(BatchHeader, &[u8])>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let header = match BatchHeader::parse(rest) {
            Ok(header) => header,
            Err(fault) => {
                rest = &[];
                return Some(Err(Error::captured_batch(fault)));
            }
        };
        let batch;
        (batch, rest) = rest.split_at(header.length.min(rest.len()));
        Some(Ok((header, batch)))
    })
}

fn push(file: &mut CaptureFile, records: Records<'_>) -> Result<()> {
    for record in records {
        let record = record.map_err(Error::captured_batch)?;
        let captured = Captured {
            offset: record.offset,
            appended: time(record.timestamp_ms),
            key: record.key,
            body: record.value,
        };
        file.push(&captured, record.headers())?;
    }
    Ok(())
}
