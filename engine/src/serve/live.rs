//! The flow on the log: photos from a stream through the lanes into the results hub, and then, not before, a checkpoint.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tollgate_ingest::log::{Checkpoint, Store};
use tollgate_ingest::stream::Progress;
use tollgate_ingest::{Batch, Record, Source};

use super::meter::Meter;
use super::results::{Mark, NoMark, Results};
use crate::config::Config;
use crate::flow::{self, Depth};
use crate::pipeline::Judged;
use crate::setup::Setup;
use crate::{Error, Result};

/// A consumer group on a hub or topic: what a flow's checkpoints are kept under.
pub(super) struct Group {
    pub(super) store: Arc<Store>,
    pub(super) name: String,
    pub(super) hub: String,
}

impl Group {
    /// The offset to begin with in each partition. Where nothing was committed yet, `start` says where to begin; that is
    /// committed at once, so that the results until the next checkpoint can be told from older ones.
    pub(super) fn resume(
        &self,
        partitions: u32,
        results: &Results,
        start: impl Fn(u32) -> Result<u64>,
    ) -> Result<BTreeMap<u32, u64>> {
        let mut offsets = self.known(results)?;
        for partition in 0..partitions {
            if let Entry::Vacant(vacant) = offsets.entry(partition) {
                let offset = *vacant.insert(start(partition)?);
                self.commit(partition, offset, results.mark(partition)?)?;
            }
        }
        Ok(offsets)
    }

    /// For each partition with a checkpoint: the offset behind what was committed, and behind what was not committed any
    /// more although its results are durable.
    pub(super) fn known(&self, results: &Results) -> Result<BTreeMap<u32, u64>> {
        let checkpoints = self.store.checkpoints(&self.name);
        let ours = checkpoints.into_iter().filter(|one| one.hub == self.hub);
        let offset = |one: Checkpoint| {
            let offset = match one.metadata.parse::<Mark>() {
                Ok(mark) => results.done((&self.hub, one.partition), one.offset, mark)?,
                Err(NoMark) => one.offset,
            };
            Ok((one.partition, offset))
        };
        ours.map(offset).collect()
    }

    fn commit(&self, partition: u32, offset: u64, mark: Mark) -> Result<()> {
        let checkpoint = Checkpoint { hub: self.hub.clone(), partition, offset, metadata: mark.to_string() };
        Ok(self.store.commit_checkpoints(&self.name, &[checkpoint])?)
    }
}

/// A flow that is about to start.
pub(super) struct Live {
    pub(super) group: Group,
    pub(super) results: Results,
    pub(super) meter: Meter,
    pub(super) progress: Arc<Progress>,
}

impl Live {
    /// Runs until `stop` is set; what was taken from the source is finished and made durable first.
    pub(super) fn run<S>(
        mut self,
        source: &mut S,
        setup: &Setup,
        config: &Config,
        stop: &AtomicBool,
        ready: impl FnOnce(),
    ) -> Result<()>
    where
        S: Source<Item = Record> + Send,
    {
        let lanes = setup.lanes(config)?;
        self.meter.ready(lanes.len());
        ready();
        flow::lanes(source, lanes, Depth(config.engine.queue_batches), stop, |batch| self.deliver(&batch))
    }

    /// Results first, the checkpoint after them.
    fn deliver(&mut self, batch: &Batch<Judged>) -> Result<()> {
        let [reached] = self.progress.take_until(batch.end)[..] else {
            return Err(Error::OutOfStep { end: batch.end });
        };
        let mark = self.results.append(reached.partition, &batch.items)?;
        self.group.commit(reached.partition, reached.offset, mark)?;
        self.meter.delivered(&batch.items, &self.progress);
        Ok(())
    }
}
