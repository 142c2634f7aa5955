//! Plates to text.

use super::item::{Item, PlateRead, Sighting, view};
use crate::Result;
use crate::flow::{self, Stage};
use tollgate_ingest::Batch;
use tollgate_kernels::Rect;
use tollgate_models::{Reader, Reading};

/// The read stage.
pub(super) struct Read {
    reader: Box<dyn Reader>,
    max_plates: usize,
    rects: Vec<Rect>,
    readings: Vec<Reading>,
}

impl Read {
    /// Reads with `reader`, at most `max_plates` a photo, the surest first.
    pub(super) fn new(reader: Box<dyn Reader>, max_plates: usize) -> Self {
        Self { reader, max_plates, rects: Vec::new(), readings: Vec::new() }
    }

    fn read(&mut self, sighting: Sighting) -> Result<PlateRead> {
        let Sighting { photo, mut plates } = sighting;
        plates.truncate(self.max_plates);
        // A box that lies outside the photo altogether has no pixels to read.
        plates.retain(|p| p.rect.clamp(photo.width(), photo.height()).area() > 0.0);
        self.rects.clear();
        self.rects.extend(plates.iter().map(|p| p.rect));
        self.readings.clear();
        self.reader.read(view(&photo)?, &self.rects, &mut self.readings)?;
        let plates = plates.into_iter().zip(self.readings.drain(..)).collect();
        Ok(PlateRead { photo, plates })
    }
}

impl Stage<Item<Sighting>> for Read {
    type Out = Item<PlateRead>;

    fn run(&mut self, batch: Batch<Item<Sighting>>) -> Result<Batch<Self::Out>> {
        flow::map(batch, |item| item.step(|t| &mut t.read, |sighting| self.read(sighting).map(Ok)))
    }
}
