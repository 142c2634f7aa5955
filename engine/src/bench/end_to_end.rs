//! The whole flow over photos in memory, again and again.

use super::agreement::Found;
use super::photos::Photos;
use super::spread::Spread;
use crate::Result;
use crate::config::Config;
use crate::flow::{self, Depth, Stage};
use crate::pipeline::Judged;
use crate::setup::Setup;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tollgate_ingest::{Batch, Record, Source};

/// Turns that the time of a path is divided into.
const TURNS: usize = 3;

type Lane = Box<dyn Stage<Record, Out = Judged> + Send>;

/// The lanes of a path.
pub(super) struct Rig {
    lanes: Vec<Lane>,
    depth: Depth,
    batch: usize,
}

impl Rig {
    /// With nets and buffers of its own a lane.
    pub(super) fn new(setup: &Setup, config: &Config) -> Result<Self> {
        let lanes = setup.lanes(config)?.into_iter().map(|lane| Box::new(lane) as Lane).collect();
        let engine = &config.engine;
        Ok(Self {
            lanes,
            depth: Depth(engine.queue_batches),
            batch: engine.batch_records(setup.backend.device().is_some()),
        })
    }

    /// Every photo once.
    pub(super) fn results(&mut self, photos: &Photos, stop: &AtomicBool) -> Result<Found> {
        let mut found = Found::new();
        let mut source = Again::new(photos, self.batch, Left::Once);
        self.run(&mut source, stop, |batch| {
            for entry in batch.items.into_iter().flat_map(|judged| judged.entries) {
                found.entry(entry.event.source.clone()).or_default().push(entry);
            }
        })?;
        Ok(found)
    }

    /// A batch a lane: what is made at the first use of each is no part of its pace.
    fn warm_up(&mut self, photos: &Photos, stop: &AtomicBool) -> Result<()> {
        let batches = self.lanes.len();
        let mut source = Again::new(photos, self.batch, Left::Batches(batches));
        self.run(&mut source, stop, drop)
    }

    /// Images a second over about `time`.
    fn pace(&mut self, photos: &Photos, time: Duration, stop: &AtomicBool) -> Result<f64> {
        let start = Instant::now();
        let (mut done, mut last) = (0, start);
        let mut source = Again::new(photos, self.batch, Left::Until(start + time));
        self.run(&mut source, stop, |batch| {
            done += batch.items.len();
            last = Instant::now();
        })?;
        Ok(done as f64 / (last - start).as_secs_f64())
    }

    fn run(&mut self, source: &mut Again<'_>, stop: &AtomicBool, mut deliver: impl FnMut(Batch<Judged>)) -> Result<()> {
        let lanes: Vec<_> = self.lanes.iter_mut().map(Box::as_mut).collect();
        flow::lanes(source, lanes, self.depth, stop, |batch| {
            deliver(batch);
            Ok(())
        })
    }
}

/// Images a second of each path, in turns.
pub(super) fn paces(
    mut rigs: [Option<&mut Rig>; 2],
    photos: &Photos,
    seconds: f64,
    stop: &AtomicBool,
) -> Result<[Option<Spread>; 2]> {
    let time = Duration::from_secs_f64(seconds / TURNS as f64);
    for rig in rigs.iter_mut().flatten() {
        rig.warm_up(photos, stop)?;
    }
    let mut paces = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (rig, paces) in rigs.iter_mut().zip(&mut paces) {
            if let Some(rig) = rig {
                paces.push(rig.pace(photos, time, stop)?);
            }
        }
    }
    Ok(paces.map(|paces| Spread::of(&paces)))
}

/// What is still to be given.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// Every photo once.
    Once,
    /// So many batches.
    Batches(usize),
    /// What can be given until then, and at least a batch.
    Until(Instant),
}

/// Photos in memory, again and again.
struct Again<'a> {
    photos: &'a [Record],
    batch: usize,
    left: Left,
    given: u64,
}

impl<'a> Again<'a> {
    fn new(photos: &'a Photos, batch: usize, left: Left) -> Self {
        Self { photos: &photos.records, batch, left, given: 0 }
    }

    /// How many photos come next.
    fn next_len(&mut self) -> usize {
        let (given, all) = (self.given as usize, self.photos.len());
        match &mut self.left {
            Left::Once => (all - given.min(all)).min(self.batch),
            Left::Batches(0) => 0,
            Left::Batches(left) => {
                *left -= 1;
                self.batch
            }
            Left::Until(until) if given > 0 && Instant::now() >= *until => 0,
            Left::Until(_) => self.batch,
        }
    }
}

impl Source for Again<'_> {
    type Item = Record;

    fn next(&mut self) -> tollgate_ingest::Result<Option<Batch<Record>>> {
        let (given, all) = (self.given as usize, self.photos.len());
        let items: Vec<_> =
            self.photos.iter().cycle().skip(given % all.max(1)).take(self.next_len()).cloned().collect();
        if items.is_empty() {
            return Ok(None);
        }
        self.given += items.len() as u64;
        Ok(Some(Batch { end: self.given, items }))
    }

    fn commit(&mut self, _end: u64) -> tollgate_ingest::Result<()> {
        Ok(())
    }
}
