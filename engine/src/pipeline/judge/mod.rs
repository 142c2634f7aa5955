//! Text to events: which readings stand by themselves, which a person must see, which photos are rejected.

mod band;
mod event;
mod names;
mod picture;

pub use band::{Band, Rules};

use super::item::{Item, Judged, PlateRead};
use super::pool::Pool;
use crate::Result;
use crate::flow::{self, Stage};
use band::Verdict;
use picture::Picture;
use std::time::Instant;
use tollgate_ingest::Batch;
use tollgate_kernels::{Photo, Rect};
use tollgate_sinks::Entry;
use tollgate_sinks::event::ModelRef;

/// The judge stage, the last of the flow.
pub(super) struct Judge {
    rules: Rules,
    models: Vec<ModelRef>,
    picture: Picture,
    pool: Pool,
}

impl Judge {
    /// Judges by `rules`; `models` are all that may have had a part in a reading.
    pub(super) fn new(rules: Rules, models: Vec<ModelRef>, pool: Pool) -> Self {
        Self { rules, models, picture: Picture::default(), pool }
    }

    fn judge(&mut self, item: Item<PlateRead>) -> Result<Judged> {
        let start = Instant::now();
        let Item { origin, timings, body } = item;
        let digest = origin.digest;
        let about = event::About { origin, timings, models: &self.models };
        let PlateRead { mut photo, mut plates } = match body {
            Ok(read) => read,
            Err(refused) => return Ok(Judged { digest, entries: vec![about.rejected(&refused)] }),
        };
        plates.iter_mut().for_each(|(_, reading)| names::take_out(reading));
        let Verdict { kept, weak } = band::judge(&self.rules, plates);
        let mut entries = Vec::with_capacity(kept.len().max(1));
        if kept.is_empty() {
            let crop = self.picture.whole(&mut photo, &about.origin.file)?;
            entries.push(Entry { event: about.nothing(&photo, &weak), crop });
        }
        for (index, plate) in kept.iter().enumerate() {
            let crop = self.picture.plate(&mut photo, plate.detected.rect, &about.origin.file)?;
            let weak = if index == 0 { weak.as_slice() } else { &[] };
            entries.push(Entry { event: about.plate(&photo, plate, index, kept.len(), weak), crop });
        }
        self.pool.give(photo);
        let judge_ms = start.elapsed().as_secs_f32() * 1e3;
        entries.iter_mut().for_each(|e| e.event.data.timings.judge_ms = judge_ms);
        Ok(Judged { digest, entries })
    }
}

impl Stage<Item<PlateRead>> for Judge {
    type Out = Judged;

    fn run(&mut self, batch: Batch<Item<PlateRead>>) -> Result<Batch<Self::Out>> {
        flow::map(batch, |item| self.judge(item))
    }
}

/// A picture of `rect` with its surroundings.
pub(super) fn cut_out(photo: &mut Photo, rect: Rect) -> Result<Vec<u8>> {
    Picture::default().plate(photo, rect, "a photo")
}
