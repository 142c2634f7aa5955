//! Pixels to plates to text; and where both the detector and the reader are unsure, a second, closer look.
//!
//! Detecting and reading are one stage, because whether a photo deserves the closer look (which costs twice the first)
//! is seen best from what was read: a small plate with a low score is often read perfectly well.

use super::item::{Frame, Item, PlateRead};
use super::rescue::Rescue;
use crate::Result;
use crate::flow::Stage;
use std::time::Instant;
use tollgate_ingest::Batch;
use tollgate_kernels::Photo;
use tollgate_kernels::boxes::Detected;
use tollgate_models::{Detector, Reader, Reading};

/// A detector's best score above this is trusted as it is.
const UNSURE_SCORE: f32 = 0.5;
/// A reading whose least sure character reaches this needs no closer look …
const SURE_TEXT: f32 = 0.9;
/// … if it has at least this many characters: a part of a plate can be read with all confidence.
const SURE_CHARS: usize = 6;

/// The stage.
pub(super) struct Recognise {
    detector: Box<dyn Detector>,
    reader: Box<dyn Reader>,
    max_plates: usize,
    aside_score: f32,
    rescue: Rescue,
}

/// Plates with what was read on them, and the milliseconds both took.
#[derive(Clone, Default)]
struct Look {
    plates: Vec<(Detected, Reading)>,
    detect_ms: f32,
    read_ms: f32,
}

impl Look {
    /// The best score of its plates.
    fn score(&self) -> f32 {
        self.plates.iter().map(|(detected, _)| detected.score).fold(0.0, f32::max)
    }

    /// Whether a closer look cannot tell more.
    fn is_sure(&self, threshold: f32) -> bool {
        let read = |(detected, reading): &(Detected, Reading)| {
            detected.score > threshold && reading.min_confidence() >= SURE_TEXT && reading.text.len() >= SURE_CHARS
        };
        self.score() > UNSURE_SCORE || self.plates.first().is_some_and(read)
    }

    /// Of two looks the one that found the surer plate, with the time of both.
    fn or(self, closer: Self) -> Self {
        let (detect_ms, read_ms) = (self.detect_ms + closer.detect_ms, self.read_ms + closer.read_ms);
        let better = if closer.score() > self.score() { closer } else { self };
        Self { detect_ms, read_ms, ..better }
    }
}

impl Recognise {
    /// Finds with `detector` and reads with `reader`, at most `max_plates` a photo, the surest first. Beside a plate
    /// that is surely one, sightings under `aside_score` are not read: no text could make them count.
    pub(super) fn new(
        detector: Box<dyn Detector>,
        reader: Box<dyn Reader>,
        max_plates: usize,
        aside_score: f32,
        rescue: Rescue,
    ) -> Self {
        Self { detector, reader, max_plates, aside_score, rescue }
    }

    /// One look at each photo, or both.
    fn recognise(&mut self, photos: &mut [&mut Photo]) -> Result<Vec<Look>> {
        let start = Instant::now();
        let found = self.detector.detect(photos)?;
        let mut looks = self.read(photos, found, start)?;
        let threshold = self.detector.threshold();
        let unsure: Vec<_> = (0..looks.len()).filter(|photo| !looks[*photo].is_sure(threshold)).collect();
        if unsure.is_empty() {
            return Ok(looks);
        }
        let mut again: Vec<_> = pick(photos, &unsure).collect();
        let start = Instant::now();
        let seen: Vec<Vec<Detected>> =
            unsure.iter().map(|photo| looks[*photo].plates.iter().map(|(detected, _)| *detected).collect()).collect();
        let seen: Vec<_> = seen.iter().map(Vec::as_slice).collect();
        if let Some(found) = self.detector.detect_closer(&mut again, &seen)? {
            let closer = self.read(&mut again, found, start)?;
            for (photo, closer) in unsure.into_iter().zip(closer) {
                looks[photo] = std::mem::take(&mut looks[photo]).or(closer);
            }
        }
        Ok(looks)
    }

    /// Reads what was found on each photo since `start`.
    fn read(&mut self, photos: &mut [&mut Photo], mut found: Vec<Vec<Detected>>, start: Instant) -> Result<Vec<Look>> {
        let count = photos.len().max(1) as f32;
        let each_ms = |start: Instant| start.elapsed().as_secs_f32() * 1e3 / count;
        let detect_ms = each_ms(start);
        let start = Instant::now();
        for (found, photo) in found.iter_mut().zip(&*photos) {
            found.truncate(self.max_plates);
            // A box that lies outside the photo altogether has no pixels to read.
            found.retain(|p| p.rect.clamp(photo.width(), photo.height()).area() > 0.0);
        }
        let worth: Vec<_> = found.iter().map(|found| &found[..self.worth_reading(found)]).collect();
        let readings = self.reader.read(photos, &worth)?;
        let read_ms = each_ms(start);
        let look = |(found, readings): (Vec<Detected>, Vec<Reading>)| {
            let unread = std::iter::repeat_with(Reading::none);
            Look { plates: found.into_iter().zip(readings.into_iter().chain(unread)).collect(), detect_ms, read_ms }
        };
        Ok(found.into_iter().zip(readings).map(look).collect())
    }

    /// How many of the sightings, which come the surest first, are read.
    fn worth_reading(&self, found: &[Detected]) -> usize {
        let sure = found.first().is_some_and(|best| best.score > UNSURE_SCORE);
        if sure { found.partition_point(|p| p.score >= self.aside_score) } else { found.len() }
    }
}

/// Those of the photos whose numbers are given, in their order.
fn pick<'p>(photos: &'p mut [&mut Photo], numbers: &'p [usize]) -> impl Iterator<Item = &'p mut Photo> {
    let of = photos.iter_mut().enumerate().filter(|(number, _)| numbers.contains(number));
    of.map(|(_, photo)| &mut **photo)
}

impl Stage<Item<Frame>> for Recognise {
    type Out = Item<PlateRead>;

    fn run(&mut self, batch: Batch<Item<Frame>>) -> Result<Batch<Self::Out>> {
        let Batch { end, mut items } = batch;
        let mut photos: Vec<_> =
            items.iter_mut().filter_map(|item| Some(&mut item.body.as_mut().ok()?.photo)).collect();
        let rescue = self.rescue.clone();
        let mut looks = rescue.step(&mut photos, |photo| photo, &mut |photos| self.recognise(photos))?.into_iter();
        let read = |item: Item<Frame>| {
            let Item { origin, mut timings, body } = item;
            let body = body.and_then(|Frame { photo }| {
                let look = looks.next().unwrap_or_else(|| Ok(Look::default()))?;
                (timings.detect, timings.read) = (look.detect_ms, look.read_ms);
                Ok(PlateRead { photo, plates: look.plates })
            });
            Item { origin, timings, body }
        };
        Ok(Batch { end, items: items.into_iter().map(read).collect() })
    }
}
