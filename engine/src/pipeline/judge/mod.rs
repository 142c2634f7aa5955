//! Text to events: which readings stand by themselves, which a person must see, which photos are rejected.

mod band;
mod event;
mod names;
mod picture;

pub use band::{Band, Rules};

use super::item::{Item, Judged, PlateRead};
use super::pool::Pool;
use super::rescue::Rescue;
use crate::Result;
use crate::flow::{self, Stage};
use band::Verdict;
use picture::Picture;
use std::time::Instant;
use tollgate_ingest::Batch;
use tollgate_kernels::{Photo, Rect};
use tollgate_models::Pixels;
use tollgate_models::pixels::CpuPixels;
use tollgate_sinks::Entry;
use tollgate_sinks::event::ModelRef;

/// The judge stage, the last of the flow.
pub(super) struct Judge {
    rules: Rules,
    models: Vec<ModelRef>,
    picture: Picture,
    pool: Pool,
    rescue: Rescue,
}

impl Judge {
    /// Judges by `rules`; `models` are all that may have had a part in a reading.
    pub(super) fn new(
        rules: Rules,
        models: Vec<ModelRef>,
        pool: Pool,
        pixels: Box<dyn Pixels>,
        rescue: Rescue,
    ) -> Self {
        Self { rules, models, picture: Picture::new(pixels), pool, rescue }
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
        let pictures = self.rescue.step(&mut photo, |photo| self.picture.all(photo, &kept, &about.origin.file))?;
        let pictures = match pictures {
            Ok(pictures) => pictures,
            Err(refused) => return Ok(Judged { digest, entries: vec![about.rejected(&refused)] }),
        };
        let event = |(index, crop): (usize, Vec<u8>)| {
            let weak = if index == 0 { weak.as_slice() } else { &[] };
            let event = match kept.get(index) {
                Some(plate) => about.plate(&photo, plate, index, kept.len(), weak),
                None => about.nothing(&photo, weak),
            };
            Entry { event, crop }
        };
        let mut entries: Vec<_> = pictures.into_iter().enumerate().map(event).collect();
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
    Picture::new(Box::new(CpuPixels::default())).plate(photo, rect, "a photo")
}
