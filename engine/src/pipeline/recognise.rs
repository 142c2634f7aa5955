//! Pixels to plates to text; and where both the detector and the reader are unsure, a second, closer look.
//!
//! Detecting and reading are one stage, because whether a photo deserves the closer look (which costs twice the first)
//! is seen best from what was read: a small plate with a low score is often read perfectly well.

use super::item::{Frame, Item, PlateRead};
use super::rescue::Rescue;
use crate::Result;
use crate::flow::{self, Stage};
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
    found: Vec<Detected>,
    readings: Vec<Reading>,
}

/// Plates with what was read on them, and the milliseconds both took.
#[derive(Default)]
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
        Self { detector, reader, max_plates, aside_score, rescue, found: Vec::new(), readings: Vec::new() }
    }

    /// One look, or both; of two the one that found the surer plate counts.
    fn recognise(&mut self, photo: &mut Photo) -> Result<Look> {
        let first = self.look(photo, |detector, photo, found| detector.detect(photo, found).map(|()| true))?;
        let first = first.unwrap_or_default();
        if first.is_sure(self.detector.threshold()) {
            return Ok(first);
        }
        let seen: Vec<Detected> = first.plates.iter().map(|(detected, _)| *detected).collect();
        let closer = self.look(photo, |detector, photo, found| detector.detect_closer(photo, &seen, found))?;
        Ok(match closer {
            Some(closer) => {
                let (detect_ms, read_ms) = (first.detect_ms + closer.detect_ms, first.read_ms + closer.read_ms);
                let better = if closer.score() > first.score() { closer } else { first };
                Look { detect_ms, read_ms, ..better }
            }
            None => first,
        })
    }

    /// Detects and reads; `None` where the detector has no such look.
    fn look(
        &mut self,
        photo: &mut Photo,
        detect: impl FnOnce(&mut dyn Detector, &mut Photo, &mut Vec<Detected>) -> tollgate_models::Result<bool>,
    ) -> Result<Option<Look>> {
        let start = Instant::now();
        if !detect(self.detector.as_mut(), photo, &mut self.found)? {
            return Ok(None);
        }
        let detect_ms = millis(start);
        let start = Instant::now();
        self.found.truncate(self.max_plates);
        // A box that lies outside the photo altogether has no pixels to read.
        self.found.retain(|p| p.rect.clamp(photo.width(), photo.height()).area() > 0.0);
        self.readings.clear();
        let worth = self.worth_reading();
        self.reader.read(photo, &self.found[..worth], &mut self.readings)?;
        self.readings.resize_with(self.found.len(), Reading::none);
        let plates = self.found.drain(..).zip(self.readings.drain(..)).collect();
        Ok(Some(Look { plates, detect_ms, read_ms: millis(start) }))
    }

    /// How many of the sightings, which come the surest first, are read.
    fn worth_reading(&self) -> usize {
        let sure = self.found.first().is_some_and(|best| best.score > UNSURE_SCORE);
        if sure { self.found.partition_point(|p| p.score >= self.aside_score) } else { self.found.len() }
    }
}

fn millis(start: Instant) -> f32 {
    start.elapsed().as_secs_f32() * 1e3
}

impl Stage<Item<Frame>> for Recognise {
    type Out = Item<PlateRead>;

    fn run(&mut self, batch: Batch<Item<Frame>>) -> Result<Batch<Self::Out>> {
        flow::map(batch, |item| {
            let Item { origin, mut timings, body } = item;
            let body = match body {
                Ok(Frame { mut photo }) => {
                    let rescue = self.rescue.clone();
                    rescue.step(&mut photo, |photo| self.recognise(photo))?.map(|look| {
                        (timings.detect, timings.read) = (look.detect_ms, look.read_ms);
                        PlateRead { photo, plates: look.plates }
                    })
                }
                Err(refused) => Err(refused),
            };
            Ok(Item { origin, timings, body })
        })
    }
}
