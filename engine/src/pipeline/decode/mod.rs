//! Bytes to upright pixels, or the reason why not.

mod jpeg_end;
mod pixels;

pub(super) use pixels::{Limits, decode};

use super::item::{Frame, Item, Origin, Refused, Timings};
use super::pool::Pool;
use crate::Result;
use crate::flow::{self, Stage};
use std::sync::Arc;
use tollgate_ingest::capture::{self, TimeSource};
use tollgate_ingest::reference::References;
use tollgate_ingest::{Batch, Payload, Record, Refusal, RefusalCode};

/// The decode stage.
pub(super) struct Decode {
    pool: Pool,
    limits: Limits,
    references: Option<Arc<References>>,
}

impl Decode {
    /// Buffers come from `pool`, photos sent by reference from `references`.
    pub(super) fn new(pool: Pool, limits: Limits, references: Option<Arc<References>>) -> Self {
        Self { pool, limits, references }
    }

    /// The photo's bytes, wherever they are.
    fn bytes(&self, payload: Payload) -> std::result::Result<Vec<u8>, Refused> {
        let fetched = match (payload, &self.references) {
            (Payload::Bytes(bytes), _) => Ok(bytes),
            (Payload::Reference(url), Some(references)) => references.fetch(&url),
            (Payload::Reference(url), None) => {
                let detail = format!("{url}: photos by reference are not fetched here");
                Err(Refusal { code: RefusalCode::ReferenceMissing, detail })
            }
            (Payload::Refused(refusal), _) => Err(refusal),
        };
        fetched.map_err(|refusal| Refused { code: refusal.code.name(), detail: refusal.detail })
    }

    fn frame(&mut self, bytes: Vec<u8>) -> std::result::Result<Frame, Refused> {
        let mut photo = self.pool.take();
        match pixels::decode(bytes, self.limits, &mut photo) {
            Ok(()) => Ok(Frame { photo }),
            Err(refused) => {
                self.pool.give(photo);
                Err(refused)
            }
        }
    }
}

impl Stage<Record> for Decode {
    type Out = Item<Frame>;

    fn run(&mut self, batch: Batch<Record>) -> Result<Batch<Self::Out>> {
        flow::map(batch, |record| {
            let Record { position, digest, file, lane, recorded, payload, .. } = record;
            let bytes = self.bytes(payload);
            // A photo's own word on its time counts, where it has one.
            let (captured, time_source) = match &bytes {
                Ok(bytes) => capture::capture_time(bytes, &file, recorded),
                Err(_) => (recorded, TimeSource::Record),
            };
            let origin = Origin { position, digest, file, lane, captured, time_source };
            let item = Item { origin, timings: Timings::default(), body: bytes };
            item.step(|t| &mut t.decode, |bytes| Ok(self.frame(bytes)))
        })
    }
}
