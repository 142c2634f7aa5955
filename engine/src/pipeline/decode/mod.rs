//! Bytes to upright pixels, or the reason why not.

mod device;
mod jpeg_end;
mod pixels;
mod tally;

pub use device::Device;
pub(super) use device::GPU_FAILED;
pub(crate) use pixels::Limits;
pub(super) use pixels::decode;
pub use tally::Decoding;

use super::item::{Frame, Item, Origin, Refused, Timings};
use super::pool::Pool;
use crate::Result;
use crate::flow::Stage;
use std::sync::Arc;
use std::time::Instant;
use tollgate_ingest::capture::{self, TimeSource};
use tollgate_ingest::reference::References;
use tollgate_ingest::{Batch, Payload, Record, Refusal, RefusalCode};
use tollgate_kernels::Photo;
use tollgate_kernels::photo::DevicePhoto;

/// A photo on the GPU, or why it is not there; `None` for what is no photo at all.
type Opened = Option<std::result::Result<DevicePhoto, &'static str>>;

/// Decodes photos as the flow does, each by itself or refused, for whoever measures that; into `free` buffers first.
pub(crate) fn open(
    files: Vec<Vec<u8>>,
    device: Option<&Device>,
    limits: Limits,
    free: &mut Vec<Photo>,
) -> Vec<std::result::Result<Photo, Refused>> {
    let views: Vec<_> = files.iter().map(|file| Some(file.as_slice())).collect();
    let mut opened = device.map_or_else(Vec::new, |device| device.open(&views, limits)).into_iter();
    let one = |file: Vec<u8>| {
        let mut photo = free.pop().unwrap_or_default();
        match opened.next().flatten() {
            Some(Ok(device)) => photo.set_device(file, device),
            _ => decode(file, limits, &mut photo)?,
        }
        Ok(photo)
    };
    files.into_iter().map(one).collect()
}

/// The decode stage.
pub(super) struct Decode {
    pool: Pool,
    limits: Limits,
    references: Option<Arc<References>>,
    device: Option<Device>,
}

impl Decode {
    /// Buffers come from `pool`, photos sent by reference from `references`. JPEGs are decoded on `device` where there
    /// is one.
    pub(super) fn new(pool: Pool, limits: Limits, references: Option<Arc<References>>, device: Option<Device>) -> Self {
        Self { pool, limits, references, device }
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

impl Decode {
    /// A record with the photo's bytes.
    fn fetch(&self, record: Record) -> Item<Vec<u8>> {
        let Record { position, digest, file, lane, recorded, payload, .. } = record;
        let body = self.bytes(payload);
        // A photo's own word on its time counts, where it has one.
        let (captured, time_source) = match &body {
            Ok(bytes) => capture::capture_time(bytes, &file, recorded),
            Err(_) => (recorded, TimeSource::Record),
        };
        let origin = Origin { position, digest, file, lane, captured, time_source };
        Item { origin, timings: Timings::default(), body }
    }

    /// On the CPU, one after the other.
    fn decode(&mut self, item: Item<Vec<u8>>) -> Result<Item<Frame>> {
        item.step(|t| &mut t.decode, |bytes| Ok(self.frame(bytes)))
    }

    /// Those that the GPU takes at once; the CPU does what it left over. Each photo is booked an equal part of the
    /// batch's time.
    fn decode_on(&mut self, device: &Device, items: Vec<Item<Vec<u8>>>) -> Result<Vec<Item<Frame>>> {
        let start = Instant::now();
        let files: Vec<_> = items.iter().map(|item| item.body.as_deref().ok()).collect();
        let opened = device.open(&files, self.limits);
        let photos = opened.iter().flatten().count().max(1);
        let each_ms = start.elapsed().as_secs_f32() * 1e3 / photos as f32;
        let finish = |(item, opened): (Item<Vec<u8>>, Opened)| match opened {
            None => self.decode(item),
            Some(Ok(photo)) => {
                device.tally().on_gpu();
                let mut frame = item.step(|t| &mut t.decode, |bytes| Result::Ok(Ok(self.on_device(bytes, photo))))?;
                frame.timings.decode += each_ms;
                Ok(frame)
            }
            Some(Err(reason)) => {
                let mut frame = self.decode(item)?;
                frame.timings.decode += each_ms;
                match &frame.body {
                    Ok(_) => device.tally().on_cpu(reason),
                    Err(refused) => device.tally().refused(refused.code),
                }
                Ok(frame)
            }
        };
        items.into_iter().zip(opened).map(finish).collect()
    }

    fn on_device(&self, bytes: Vec<u8>, opened: DevicePhoto) -> Frame {
        let mut photo = self.pool.take();
        photo.set_device(bytes, opened);
        Frame { photo }
    }
}

impl Stage<Record> for Decode {
    type Out = Item<Frame>;

    fn run(&mut self, batch: Batch<Record>) -> Result<Batch<Self::Out>> {
        let Batch { end, items } = batch;
        let items: Vec<_> = items.into_iter().map(|record| self.fetch(record)).collect();
        let items = match self.device.clone() {
            None => items.into_iter().map(|item| self.decode(item)).collect::<Result<_>>()?,
            Some(device) => self.decode_on(&device, items)?,
        };
        Ok(Batch { end, items })
    }
}
