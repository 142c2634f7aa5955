//! From the source through the lanes into the journal.

use super::observe::{Observer, Progressing};
use super::request::Request;
use super::state::{Run, to_digest};
use crate::Result;
use crate::flow::{self, Depth};
use crate::pipeline::Judged;
use crate::setup::Setup;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tollgate_ingest::Batch;
use tollgate_sinks::Journal;
use tollgate_sinks::event::EventKind;
use tollgate_sinks::journal::Frame;

/// Records between two syncs of the journal: what a lost power supply costs at most, and what a sync is spread over.
/// A killed process loses nothing that was appended, synced or not.
const SYNC_RECORDS: u64 = 64;

/// How fast a run was.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Whether the source ran dry (otherwise the run was stopped).
    pub(super) dry: bool,
    /// Records done in this process.
    pub(super) records: u64,
    /// From the first photo to the last result, in seconds.
    pub(super) seconds: f64,
    /// Seconds since the start and records done then, for the report's throughput line.
    pub(super) line: Vec<(f64, u64)>,
}

/// Points of the throughput line, at most; beyond that every second one is dropped, so that memory stays bounded.
const LINE_POINTS: usize = 512;

/// Runs the source dry, or until `stop` is set.
pub(super) fn drive(
    run: &mut Run,
    request: &Request,
    setup: &Setup,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Pace> {
    let lanes = setup.lanes(&request.config)?;
    let done = run.journal.end();
    observer.started(run.source.total_hint(), done);
    let mut keeper = Keeper::new(&mut run.journal, observer, done);
    flow::lanes(&mut run.source, lanes, Depth(request.config.engine.queue_batches), stop, |batch| keeper.keep(&batch))?;
    let pace = keeper.finish()?;
    Ok(Pace { dry: !stop.load(Ordering::Relaxed), ..pace })
}

/// Appends results to the journal and counts them.
struct Keeper<'a> {
    journal: &'a mut Journal,
    observer: &'a dyn Observer,
    frame: Frame,
    first: u64,
    synced: u64,
    start: Instant,
    stride: usize,
    batches: usize,
    line: Vec<(f64, u64)>,
    now: Progressing,
}

impl<'a> Keeper<'a> {
    fn new(journal: &'a mut Journal, observer: &'a dyn Observer, done: u64) -> Self {
        Self {
            journal,
            observer,
            frame: Frame::new(),
            first: done,
            synced: done,
            start: Instant::now(),
            stride: 1,
            batches: 0,
            line: Vec::new(),
            now: Progressing { done, ..Progressing::default() },
        }
    }

    fn keep(&mut self, batch: &Batch<Judged>) -> Result<()> {
        self.frame.clear();
        for judged in &batch.items {
            for entry in &judged.entries {
                self.frame.push(&entry.event, &entry.crop)?;
            }
            self.count(judged);
        }
        let digest = batch.items.last().map_or(0, |judged| judged.digest);
        self.frame.set_end(batch.end, &to_digest(digest));
        self.journal.append(&self.frame)?;
        self.now.done = batch.end;
        if batch.end - self.synced >= SYNC_RECORDS {
            self.journal.sync()?;
            self.synced = batch.end;
        }
        self.mark();
        self.observer.advanced(self.now);
        Ok(())
    }

    fn count(&mut self, judged: &Judged) {
        let Some(first) = judged.entries.first().map(|e| &e.event) else { return };
        match first.kind {
            EventKind::Processed | EventKind::Reviewed => self.now.reads += 1,
            EventKind::ManualCheck => self.now.manual += 1,
            EventKind::Rejected => {
                self.now.rejected += 1;
                let reason = first.data.reason.as_ref().map(|r| format!("{}: {}", r.code, r.detail));
                self.observer.rejected(&first.data.file_name, &reason.unwrap_or_default());
            }
        }
    }

    fn mark(&mut self) {
        self.batches += 1;
        if !self.batches.is_multiple_of(self.stride) {
            return;
        }
        self.line.push((self.start.elapsed().as_secs_f64(), self.now.done - self.first));
        if self.line.len() == LINE_POINTS {
            let mut keep = false;
            self.line.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride *= 2;
        }
    }

    fn finish(self) -> Result<Pace> {
        self.journal.sync()?;
        let seconds = self.start.elapsed().as_secs_f64();
        Ok(Pace { dry: false, records: self.now.done - self.first, seconds, line: self.line })
    }
}
