//! The source that follows a hub of the log in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_listener::Listener;

use super::from_log::Place;
use super::progress::{Progress, Reached};
use super::reader::Reader;
use crate::digest::Digest;
use crate::log::Hub;
use crate::{Batch, Error, Limits, Record, Result, Source};

/// How long a source waits for records before it hands out an empty batch, so that whoever drives it can look up.
const IDLE: Duration = Duration::from_millis(100);

/// When a stream source comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Never: it waits for more.
    Never,
    /// Behind the records that are there when it is opened.
    AtPresentEnd,
}

/// Where a stream source begins and ends, and how much it hands out at once.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// The bounds of a batch.
    pub limits: Limits,
    /// The offset to begin with, for partitions that are not to be read from their start.
    pub start: BTreeMap<u32, u64>,
    /// When it ends.
    pub finish: Finish,
}

/// Photos from all partitions of a hub, taken from them in turn.
pub struct HubSource {
    hub: Arc<Hub>,
    options: StreamOptions,
    readers: Vec<Reader>,
    /// The reader whose turn it is.
    turn: usize,
    digest: Digest,
    /// Records handed out.
    end: u64,
    committed: u64,
    progress: Arc<Progress>,
}

impl HubSource {
    /// A source over a hub.
    ///
    /// # Errors
    /// A limit of 0.
    pub fn open(hub: Arc<Hub>, options: StreamOptions) -> Result<Self> {
        options.limits.check()?;
        let mut source = Self {
            hub,
            options,
            readers: Vec::new(),
            turn: 0,
            digest: Digest::EMPTY,
            end: 0,
            committed: 0,
            progress: Arc::default(),
        };
        source.add_partitions()?;
        Ok(source)
    }

    /// Reads a hub once: what was appended from `since_ms` on (milliseconds since the epoch; `None`: all there is) up to
    /// what is there now.
    ///
    /// # Errors
    /// A limit of 0; a log that cannot be read.
    pub fn history(hub: Arc<Hub>, limits: Limits, since_ms: Option<i64>) -> Result<Self> {
        let offset = |partition| match since_ms {
            Some(ms) => hub.partition(partition)?.offset_at(ms),
            None => Ok(hub.partition(partition)?.start_offset()),
        };
        let start = (0..hub.config().partitions).map(|partition| Ok((partition, offset(partition)?)));
        let start = start.collect::<Result<_>>()?;
        Self::open(hub, StreamOptions { limits, start, finish: Finish::AtPresentEnd })
    }

    /// What the ends of batches stand for.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The hub.
    #[must_use]
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// How many records lie ahead of a source that ends; `None` for one that does not.
    #[must_use]
    pub fn total_hint(&self) -> Option<u64> {
        self.readers.iter().map(Reader::ahead).sum()
    }

    /// Opens the partitions that are not open yet: a hub can get more while it is followed.
    fn add_partitions(&mut self) -> Result<()> {
        for number in self.readers.len() as u32..self.hub.config().partitions {
            let partition = self.hub.partition(number)?;
            let start = self.options.start.get(&number).copied().unwrap_or_else(|| partition.start_offset());
            let until = (self.options.finish == Finish::AtPresentEnd).then(|| partition.end_offset());
            let limits = &self.options.limits;
            let (hub, max_record_bytes) = (self.hub.name().to_owned(), limits.max_record_bytes);
            let place = Place { hub, partition: number, max_record_bytes };
            let progress = Arc::clone(&self.progress);
            self.readers.push(Reader::new(place, partition, progress, (start, until), limits));
        }
        Ok(())
    }

    /// A batch of the first partition from `turn` on that has records.
    fn take(&mut self) -> Result<Option<Batch<Record>>> {
        for _ in 0..self.readers.len() {
            let at = self.turn % self.readers.len();
            self.turn = at + 1;
            let mut items = self.readers[at].take(&self.options.limits)?;
            if items.is_empty() {
                continue;
            }
            for item in &mut items {
                self.digest.push(&item.position);
                (item.offset, item.digest) = (self.end, self.digest.value());
                self.end += 1;
            }
            let (partition, offset) = self.readers[at].reached();
            self.progress.hand_out(Reached { end: self.end, partition, offset });
            return Ok(Some(Batch { end: self.end, items }));
        }
        Ok(None)
    }
}

impl Source for HubSource {
    type Item = Record;

    fn next(&mut self) -> Result<Option<Batch<Record>>> {
        let more = self.hub.listen();
        if let Some(batch) = self.take()? {
            return Ok(Some(batch));
        }
        if self.options.finish == Finish::AtPresentEnd {
            return Ok(None);
        }
        self.add_partitions()?;
        if more.wait_timeout(IDLE).is_some()
            && let Some(batch) = self.take()?
        {
            return Ok(Some(batch));
        }
        Ok(Some(Batch { end: self.end, items: Vec::new() }))
    }

    /// Checks `end` alone: offsets are committed by whoever made the results durable, by [`HubSource::progress`].
    fn commit(&mut self, end: u64) -> Result<()> {
        if !(self.committed..=self.end).contains(&end) {
            return Err(Error::CommitOutOfRange { end, committed: self.committed, handed_out: self.end });
        }
        self.committed = end;
        Ok(())
    }
}
