//! What flows between the stages: `Record → Frame → PlateRead → Judged`.

use chrono::{DateTime, Utc};
use std::time::Instant;
use tollgate_ingest::capture::TimeSource;
use tollgate_kernels::Photo;
use tollgate_kernels::boxes::Detected;
use tollgate_models::Reading;
use tollgate_sinks::Entry;

/// Where a photo came from; the same from the first stage to the last.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The stable URI of its record.
    pub position: String,
    /// The digest of all positions up to this one.
    pub digest: u64,
    /// The name to show.
    pub file: String,
    /// The booth or lane.
    pub lane: Option<String>,
    /// When it was taken.
    pub captured: DateTime<Utc>,
    /// How that is known.
    pub time_source: TimeSource,
}

/// Milliseconds a photo spent in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// JPEG or PNG bytes to pixels.
    pub decode: f32,
    /// Letterbox, net and suppression.
    pub detect: f32,
    /// Crops, nets and decoding, all plates of the photo.
    pub read: f32,
    /// Bands, crops for people, events.
    pub judge: f32,
}

/// Why a photo takes no part in what follows: bad input is data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A stable, kebab-case code.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

/// One photo on its way: its origin, the time it took so far, and what is known of it or why nothing is.
#[derive(Debug)]
pub struct Item<T> {
    /// Where it came from.
    pub origin: Origin,
    /// The time it took so far.
    pub timings: Timings,
    /// What is known of it.
    pub body: Result<T, Refused>,
}

/// An upright photo, decoded as far as the detector looks at first.
#[derive(Debug)]
pub struct Frame {
    /// Its pixels, decoded further when they are looked at.
    pub photo: Photo,
}

/// A photo, its plates and what was read on each, in the same order.
#[derive(Debug)]
pub struct PlateRead {
    /// Its pixels, decoded further when they are looked at.
    pub photo: Photo,
    /// Each plate with its reading.
    pub plates: Vec<(Detected, Reading)>,
}

/// What became of one record: its events, and the digest up to it.
#[derive(Debug)]
pub struct Judged {
    /// The digest of all positions up to this record.
    pub digest: u64,
    /// One event a plate, or one that says why there is none.
    pub entries: Vec<Entry>,
}

impl<T> Item<T> {
    /// Replaces the body by what `f` makes of it and books the time that took; a refusal passes by untouched.
    pub(super) fn step<U, E>(
        self,
        time: impl FnOnce(&mut Timings) -> &mut f32,
        f: impl FnOnce(T) -> Result<Result<U, Refused>, E>,
    ) -> Result<Item<U>, E> {
        let Self { origin, mut timings, body } = self;
        let body = match body {
            Ok(value) => {
                let start = Instant::now();
                let made = f(value)?;
                *time(&mut timings) = start.elapsed().as_secs_f32() * 1e3;
                made
            }
            Err(refused) => Err(refused),
        };
        Ok(Item { origin, timings, body })
    }
}
