//! The whole product on one page: `decode → recognise (detect, read, look again) → judge`.
//!
//! A photo is a [`Record`] when it comes in and a [`Judged`] when it leaves, with at least one event: nothing is
//! dropped silently, and bad input is an event with a reason.

mod decode;
mod item;
mod judge;
mod pool;
mod recognise;
mod rescue;

pub use decode::{Decoding, Device};
pub use item::{Frame, Item, Judged, Origin, PlateRead, Refused, Timings};
pub use judge::{Band, Rules};

use crate::Result;
use crate::flow::Stage;
use decode::Decode;
pub(crate) use decode::{Limits, open};
use judge::Judge;
use pool::Pool;
use recognise::Recognise;
use rescue::Rescue;
use std::sync::Arc;
use tollgate_ingest::Record;
use tollgate_ingest::reference::References;
use tollgate_kernels::{Photo, Rect};
use tollgate_models::{Detector, Pixels, Reader};
use tollgate_sinks::event::ModelRef;

/// What an assembly is made with.
pub struct Parts {
    /// Finds plates.
    pub detector: Box<dyn Detector>,
    /// Reads them.
    pub reader: Box<dyn Reader>,
    /// The models behind both, as events name them.
    pub models: Vec<ModelRef>,
    /// Where the bands begin.
    pub rules: Rules,
    /// Photos with more pixels are refused.
    pub max_pixels: u64,
    /// Where photos sent by reference are fetched; none refuses them.
    pub references: Option<Arc<References>>,
    /// At most this many plates of a photo are read.
    pub max_plates: usize,
    /// Where JPEGs are decoded, if that is a GPU.
    pub device: Option<Device>,
    /// Makes the pictures for people, where the photos are decoded.
    pub pixels: Box<dyn Pixels>,
    /// Photos that are worked on at once on a GPU.
    pub at_once: usize,
}

/// The assembly that one lane runs. A photo goes through all of it before the next, so that one is decoded at a time;
/// on a GPU, where many are done as quickly as one, each stage takes as many as the lane is given.
pub fn assemble(parts: Parts) -> impl Stage<Record, Out = Judged> + Send {
    let at_once = if parts.device.is_some() { parts.at_once } else { 1 };
    // Nets on the CPU do one after the other, however the photos were decoded.
    let nets = parts.detector.at_once().max(parts.reader.at_once()).min(at_once);
    let pool = Pool::new(at_once);
    let limits = Limits { max_pixels: parts.max_pixels, long_side: parts.detector.long_side() };
    let rescue = Rescue::new(limits, parts.device.clone());
    let aside_score = parts.rules.read_min_score;
    Decode::new(pool.clone(), limits, parts.references, parts.device)
        .then(
            Recognise::new(parts.detector, parts.reader, parts.max_plates, aside_score, rescue.clone())
                .then(Judge::new(parts.rules, parts.models, pool, parts.pixels, rescue))
                .at_most(nets),
        )
        .at_most(at_once)
}

/// Cuts a picture for people out of a photo's bytes: `rect` with its surroundings, as JPEG.
///
/// # Errors
/// The photo cannot be decoded (as the flow would have refused it), or `rect` lies outside it.
pub fn cut_out(bytes: Vec<u8>, rect: Rect, max_pixels: u64) -> Result<Vec<u8>> {
    let mut photo = Photo::default();
    decode::decode(bytes, Limits { max_pixels, long_side: 1 }, &mut photo)
        .map_err(|r| crate::Error::Refused { code: r.code, detail: r.detail })?;
    judge::cut_out(&mut photo, rect)
}
