//! Text to events: which readings stand by themselves, which a person must see, which photos are rejected.

mod band;
mod event;
mod names;
mod picture;

pub use band::{Band, Rules};

use super::item::{Item, Judged, Origin, PlateRead, Refused, Timings};
use super::pool::Pool;
use super::rescue::Rescue;
use crate::Error;
use crate::flow::Stage;
use band::Verdict;
use picture::{Picture, Pictures, Shown};
use std::time::Instant;
use tollgate_ingest::Batch;
use tollgate_kernels::{Photo, Rect};
use tollgate_models::Pixels;
use tollgate_models::pixels::CpuPixels;
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

    /// Which plates of each photo count, and which are only noted.
    fn verdict(&self, item: Item<PlateRead>) -> (Origin, Timings, Result<Sorted, Refused>) {
        let Item { origin, timings, body } = item;
        let sort = |PlateRead { photo, mut plates }: PlateRead| {
            plates.iter_mut().for_each(|(_, reading)| names::take_out(reading));
            Sorted { photo, verdict: band::judge(&self.rules, plates) }
        };
        (origin, timings, body.map(sort))
    }

    /// Pictures of all photos that were not refused, in their order; the reason where one cannot be had after all.
    fn pictures(&mut self, photos: &mut [Shown<'_>]) -> Result<Vec<Result<Pictures, Refused>>, Error> {
        let Self { picture, rescue, .. } = self;
        rescue.step(photos, |shown| shown.photo, &mut |shown| picture.all(shown))
    }
}

/// A photo with what was found on it, sorted.
struct Sorted {
    photo: Photo,
    verdict: Verdict,
}

impl Stage<Item<PlateRead>> for Judge {
    type Out = Judged;

    fn run(&mut self, batch: Batch<Item<PlateRead>>) -> Result<Batch<Self::Out>, Error> {
        let (start, count) = (Instant::now(), batch.items.len().max(1));
        let mut items: Vec<_> = batch.items.into_iter().map(|item| self.verdict(item)).collect();
        let shown = items.iter_mut().filter_map(|(origin, _, body)| {
            let Sorted { photo, verdict } = body.as_mut().ok()?;
            let rects = verdict.kept.iter().map(|plate| plate.detected.rect).collect();
            Some(Shown { photo, rects, file: &origin.file })
        });
        let mut pictures = self.pictures(&mut shown.collect::<Vec<_>>())?.into_iter();
        let mut judged = Vec::with_capacity(items.len());
        for (origin, timings, body) in items {
            let digest = origin.digest;
            let about = event::About { origin, timings, models: &self.models };
            let shown = body.and_then(|sorted| Ok((sorted, pictures.next().unwrap_or_else(|| Ok(Vec::new()))?)));
            let entries = match shown {
                Ok((Sorted { photo, verdict }, pictures)) => {
                    let entries = about.entries(&photo, &verdict, pictures);
                    self.pool.give(photo);
                    entries
                }
                Err(refused) => vec![about.rejected(&refused)],
            };
            judged.push(Judged { digest, entries });
        }
        let judge_ms = start.elapsed().as_secs_f32() * 1e3 / count as f32;
        let seen = judged.iter_mut().flat_map(|judged| &mut judged.entries).filter(|entry| !entry.crop.is_empty());
        seen.for_each(|entry| entry.event.data.timings.judge_ms = judge_ms);
        Ok(Batch { end: batch.end, items: judged })
    }
}

/// A picture of `rect` with its surroundings.
pub(super) fn cut_out(photo: &mut Photo, rect: Rect) -> Result<Vec<u8>, Error> {
    let shown = Shown { photo, rects: vec![rect], file: "a photo" };
    let made = Picture::new(Box::new(CpuPixels::default())).all(&mut [shown])?;
    Ok(made.into_iter().flatten().next().unwrap_or_default())
}
