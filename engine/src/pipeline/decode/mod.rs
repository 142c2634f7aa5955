//! Bytes to upright pixels, or the reason why not.

mod jpeg_end;
mod pixels;

pub(super) use pixels::{Limits, decode};

use super::item::{Frame, Item, Origin, Refused, Timings};
use super::pool::Pool;
use crate::Result;
use crate::flow::{self, Stage};
use tollgate_ingest::capture::{self, TimeSource};
use tollgate_ingest::{Batch, Payload, Record};

/// The decode stage.
pub(super) struct Decode {
    pool: Pool,
    limits: Limits,
}

impl Decode {
    /// Buffers come from `pool`.
    pub(super) fn new(pool: Pool, limits: Limits) -> Self {
        Self { pool, limits }
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
            let (origin, bytes) = open(record);
            let item = Item { origin, timings: Timings::default(), body: bytes };
            item.step(|t| &mut t.decode, |bytes| Ok(self.frame(bytes)))
        })
    }
}

/// Parts a record into where it came from and what it holds; a photo's own word on its time is asked here.
fn open(record: Record) -> (Origin, std::result::Result<Vec<u8>, Refused>) {
    let (captured, time_source) = match &record.payload {
        Payload::Bytes(bytes) => capture::capture_time(bytes, &record.file, record.recorded),
        Payload::Refused(_) => (record.recorded, TimeSource::Record),
    };
    let origin = Origin {
        position: record.position,
        digest: record.digest,
        file: record.file,
        lane: record.lane,
        captured,
        time_source,
    };
    let bytes = match record.payload {
        Payload::Bytes(bytes) => Ok(bytes),
        Payload::Refused(refusal) => Err(Refused { code: refusal.code.name(), detail: refusal.detail }),
    };
    (origin, bytes)
}
