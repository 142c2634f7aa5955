//! Pixels to plates.

use super::item::{Frame, Item, Sighting, view};
use crate::Result;
use crate::flow::{self, Stage};
use tollgate_ingest::Batch;
use tollgate_models::Detector;

/// The detect stage.
pub(super) struct Detect {
    detector: Box<dyn Detector>,
}

impl Detect {
    /// Finds with `detector`.
    pub(super) fn new(detector: Box<dyn Detector>) -> Self {
        Self { detector }
    }
}

impl Stage<Item<Frame>> for Detect {
    type Out = Item<Sighting>;

    fn run(&mut self, batch: Batch<Item<Frame>>) -> Result<Batch<Self::Out>> {
        flow::map(batch, |item| {
            item.step(
                |t| &mut t.detect,
                |Frame { photo }| {
                    let mut plates = Vec::new();
                    self.detector.detect(view(&photo)?, &mut plates)?;
                    Ok(Ok(Sighting { photo, plates }))
                },
            )
        })
    }
}
