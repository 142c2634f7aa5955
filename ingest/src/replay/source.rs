//! The source of a replay: all roots, one after another.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::root::{Root, RootSpec};
use super::{Limits, ReplayOptions, SkipReason, Skipped};
use crate::digest::{Digest, fnv128};
use crate::position::{Positions, common_base};
use crate::{Batch, Error, Record, Result, Source};

/// Photos from folders, single files, archives and Parquet files, in the order in which they were named.
///
/// A replay keeps no cursor of its own: the checkpoint lies with the outputs, which is where it has to be consistent.
/// What a resumed run needs is `end` and `digest` of the last durable record, to be handed to [`ReplaySource::skip`].
pub struct ReplaySource {
    specs: Vec<RootSpec>,
    positions: Positions,
    limits: Limits,
    /// The next of `specs` to open.
    next_root: usize,
    root: Option<Box<dyn Root>>,
    /// A record that was named and did not fit into the last batch.
    waiting: Option<String>,
    /// The positions so far, where one root lies in another and may repeat them.
    seen: Option<HashSet<u128>>,
    /// Of all records named so far, the waiting one among them.
    digest: Digest,
    /// Of the records handed out or skipped.
    digest_at_offset: u64,
    /// How many records were handed out or skipped.
    offset: u64,
    committed: u64,
    skipped: Skipped,
}

impl ReplaySource {
    /// Checks all paths before anything is read.
    ///
    /// # Errors
    /// No path; a path that does not exist, cannot be listed, or is of no kind that can be replayed; a limit of 0.
    pub fn open<P: AsRef<Path>>(paths: &[P], options: &ReplayOptions) -> Result<Self> {
        options.limits.check()?;
        if paths.is_empty() {
            return Err(Error::NoPaths);
        }
        let specs = paths.iter().map(|path| RootSpec::check(path.as_ref())).collect::<Result<Vec<_>>>()?;
        let base = common_base(specs.iter().map(RootSpec::base));
        Ok(Self::begin(specs, Positions::new(options.source.as_deref(), base), options.limits))
    }

    fn begin(specs: Vec<RootSpec>, positions: Positions, limits: Limits) -> Self {
        let seen = overlap(&specs).then(HashSet::new);
        Self {
            specs,
            positions,
            limits,
            next_root: 0,
            root: None,
            waiting: None,
            seen,
            digest: Digest::EMPTY,
            digest_at_offset: Digest::EMPTY.value(),
            offset: 0,
            committed: 0,
            skipped: Skipped::default(),
        }
    }

    /// Passes over the first `records` without reading a body, and makes sure that they are the ones whose digest
    /// the interrupted run noted ([`Record::digest`] of the last of them). To be called before the first batch; the
    /// skipped records count as committed.
    ///
    /// # Errors
    /// [`Error::FewerRecords`] and [`Error::DifferentRecords`] when the files are not those of the interrupted run.
    pub fn skip(&mut self, records: u64, digest: u64) -> Result<()> {
        while self.offset < records {
            if self.name_next()?.is_none() {
                return Err(Error::FewerRecords { expected: records, found: self.offset });
            }
            self.pass();
        }
        if self.digest() != digest {
            return Err(Error::DifferentRecords { records, expected: digest, found: self.digest() });
        }
        self.committed = self.offset;
        Ok(())
    }

    /// The running digest over the positions of all records handed out or skipped so far: FNV-1a 64 over each position and a zero byte.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest_at_offset
    }

    /// How many records there are in all, for a progress bar: the names are walked once more, no body is read. `None`
    /// where that would cost about as much as reading (an archive), or cannot be done.
    #[must_use]
    pub fn total_hint(&self) -> Option<u64> {
        if self.specs.iter().any(RootSpec::is_slow_to_count) {
            return None;
        }
        let mut walk = Self::begin(self.specs.clone(), self.positions.clone(), self.limits);
        let mut total = 0;
        while walk.name_next().ok()?.is_some() {
            total += 1;
        }
        Some(total)
    }

    /// What was passed over so far without becoming a record.
    #[must_use]
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The file behind a position of this source; `None` for what lies inside an archive or a Parquet file.
    #[must_use]
    pub fn path_of(&self, position: &str) -> Option<PathBuf> {
        self.positions.path_of(position)
    }

    /// The absolute paths of what is replayed, in order.
    pub fn roots(&self) -> impl Iterator<Item = &Path> {
        self.specs.iter().map(RootSpec::path)
    }

    /// Names the next record that no earlier root had, and extends the digest.
    fn name_next(&mut self) -> Result<Option<String>> {
        loop {
            let Some(root) = &mut self.root else {
                let Some(spec) = self.specs.get(self.next_root) else { return Ok(None) };
                self.root = Some(spec.open(&self.positions, self.limits)?);
                self.next_root += 1;
                continue;
            };
            match root.name_next(&mut self.skipped)? {
                None => self.root = None,
                Some(position) if self.repeats(&position) => self.skipped.count(SkipReason::Duplicate),
                Some(position) => {
                    self.digest.push(&position);
                    return Ok(Some(position));
                }
            }
        }
    }

    fn repeats(&mut self, position: &str) -> bool {
        self.seen.as_mut().is_some_and(|seen| !seen.insert(fnv128(position.as_bytes())))
    }

    /// Counts the record named last as handed out or skipped.
    fn pass(&mut self) {
        self.offset += 1;
        self.digest_at_offset = self.digest.value();
    }

    /// Reads the record named last.
    fn read(&mut self, position: String) -> Option<Record> {
        let content = self.root.as_mut()?.read()?;
        let offset = self.offset;
        self.pass();
        Some(Record {
            offset,
            position,
            digest: self.digest_at_offset,
            file: content.file,
            path: content.path,
            lane: content.lane,
            recorded: content.recorded,
            payload: content.payload,
        })
    }
}

impl Source for ReplaySource {
    type Item = Record;

    fn next(&mut self) -> Result<Option<Batch<Record>>> {
        let mut items: Vec<Record> = Vec::new();
        let mut bytes = 0;
        while items.len() < self.limits.batch_records {
            let position = match self.waiting.take() {
                Some(position) => position,
                None => match self.name_next()? {
                    Some(position) => position,
                    None => break,
                },
            };
            bytes += self.root.as_mut().map_or(0, |root| root.size());
            if !items.is_empty() && bytes > self.limits.batch_bytes {
                self.waiting = Some(position);
                break;
            }
            items.extend(self.read(position));
        }
        Ok((!items.is_empty()).then_some(Batch { end: self.offset, items }))
    }

    fn commit(&mut self, end: u64) -> Result<()> {
        if !(self.committed..=self.offset).contains(&end) {
            return Err(Error::CommitOutOfRange { end, committed: self.committed, handed_out: self.offset });
        }
        self.committed = end;
        Ok(())
    }
}

/// Whether one root is, or lies in, another: only then can a position come twice.
fn overlap(specs: &[RootSpec]) -> bool {
    let inside =
        |(i, a): (usize, &RootSpec)| specs.iter().enumerate().any(|(j, b)| i != j && a.path().starts_with(b.path()));
    specs.iter().enumerate().any(inside)
}
