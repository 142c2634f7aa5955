//! One path, taken apart into its stages.

use super::photos::Target;
use crate::Result;
use crate::pipeline::{self, Device, Limits};
use crate::setup::Setup;
use std::time::Instant;
use tollgate_kernels::gpu::{Gpu, PassTimes};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::photo::see_parts;
use tollgate_kernels::{Photo, Rect};
use tollgate_models::detector::Retina;
use tollgate_models::network::Job;
use tollgate_models::reader::{CropReader, CtcReader, SlotReader};
use tollgate_models::{Decode, Detector};

/// The stages in their order, and what is done in each.
pub(super) const STAGES: [(&str, &str); 5] = [
    ("decode", "JPEG bytes to the picture that the detector looks at"),
    ("letterbox", "that picture to the detector's tensor"),
    ("detector", "tensor to boxes"),
    ("crop", "the plate's own pixels to the reader's tensor"),
    ("reader", "tensor to text"),
];

/// The nets and buffers of a path.
pub(super) struct Path<'s> {
    device: Option<&'s Device>,
    limits: Limits,
    detector: Retina,
    reader: Box<dyn CropReader>,
    /// Buffers to be used again.
    free: Vec<Photo>,
}

/// A stage's time for a chunk, and what the device's clock says of its passes, if that was asked for.
pub(super) type Taken = [(f64, PassTimes); STAGES.len()];

impl<'s> Path<'s> {
    pub(super) fn new(setup: &'s Setup, max_pixels: u64) -> Result<Self> {
        let chosen = &setup.chosen;
        let detector = Retina::on(setup.net(&chosen.detector)?, chosen.detector.clone())?;
        let (net, info) = (setup.net(&chosen.reader)?, chosen.reader.clone());
        let reader: Box<dyn CropReader> = match info.decode {
            Decode::Slots => Box::new(SlotReader::on(net, info)?),
            _ => Box::new(CtcReader::on(net, info)?),
        };
        let limits = Limits { max_pixels, long_side: detector.long_side() };
        let device = setup.backend.device();
        Ok(Self { device, limits, detector, reader, free: Vec::new() })
    }

    /// The GPU behind it.
    pub(super) fn gpu(&self) -> Option<Gpu> {
        self.device.map(|device| device.gpu().gpu())
    }

    /// The best plate of a photo, or its middle; `None` for one that cannot be decoded.
    pub(super) fn plate(&mut self, bytes: Vec<u8>) -> Result<Option<Rect>> {
        let opened = pipeline::open(vec![bytes], self.device, self.limits, &mut self.free).pop();
        let Some(Ok(mut photo)) = opened else { return Ok(None) };
        let size = (photo.width(), photo.height());
        let found = self.detector.detect(&mut [&mut photo])?.pop().unwrap_or_default();
        let (w, h) = (size.0 as f32, size.1 as f32);
        let middle = Rect { x: w * 0.4, y: h * 0.45, w: w * 0.2, h: h * 0.1 };
        let inside = |rect: &Rect| rect.clamp(size.0, size.1).area() >= 1.0;
        Ok(Some(found.first().map(|best| best.rect).filter(inside).unwrap_or(middle)))
    }

    /// Takes a chunk through all stages, as the flow does: as many at once as each stage takes. With
    /// `timed`, every pass of the device is timed by its clock.
    pub(super) fn run(&mut self, chunk: &[Target], timed: bool) -> Result<Taken> {
        let mut taken = Taken::default();
        let at_once = if self.device.is_some() { chunk.len().max(1) } else { 1 };
        for part in chunk.chunks(at_once) {
            let files: Vec<_> = part.iter().map(|target| target.bytes.clone()).collect();
            let mut photos = Vec::with_capacity(part.len());
            clock(&mut taken[0], self.gpu().as_ref(), timed, || self.decode(files, &mut photos))?;
            self.detect(&mut photos, timed, &mut taken)?;
            self.read(&mut photos, part, timed, &mut taken)?;
            self.free = photos;
        }
        Ok(taken)
    }

    /// Decodes and waits for the pictures.
    fn decode(&mut self, files: Vec<Vec<u8>>, photos: &mut Vec<Photo>) -> Result<()> {
        photos.extend(pipeline::open(files, self.device, self.limits, &mut self.free).into_iter().flatten());
        self.gpu().map_or(Ok(()), |gpu| Ok(gpu.finish()?))
    }

    /// First looks, those of one shape at once where the net does that.
    fn detect(&mut self, photos: &mut [Photo], timed: bool, taken: &mut Taken) -> Result<()> {
        let gpu = self.gpu();
        let gpu = gpu.as_ref();
        let mut looks: Vec<_> =
            photos.iter_mut().map(|photo| (Retina::first_look(photo.width(), photo.height()), photo)).collect();
        let kind =
            |((_, spec), photo): &((usize, LetterboxSpec), &mut Photo)| (spec.out_w, spec.out_h, photo.is_on_device());
        looks.sort_by_key(kind);
        for alike in looks.chunk_by_mut(|a, b| kind(a) == kind(b)) {
            for group in alike.chunks_mut(self.detector.at_once()) {
                let jobs =
                    group.iter_mut().map(|((long, spec), photo)| Ok(Job::Letterbox(photo.at_least(*long)?, spec)));
                let jobs = jobs.collect::<Result<Vec<_>>>()?;
                let made: Vec<_> = jobs.iter().map(|job| Job::Made(job.shape())).collect();
                clock(&mut taken[1], gpu, timed, || Ok(self.detector.net().make_inputs(&jobs)?))?;
                clock(&mut taken[2], gpu, timed, || Ok(self.detector.find(&made).map(drop)?))?;
            }
        }
        Ok(())
    }

    /// One plate a photo, some at once where the net does that.
    fn read(&mut self, photos: &mut [Photo], targets: &[Target], timed: bool, taken: &mut Taken) -> Result<()> {
        let gpu = self.gpu();
        let gpu = gpu.as_ref();
        let reader = self.reader.as_mut();
        let crop = reader.crops().spec();
        let at_once = reader.at_once();
        for (photos, targets) in photos.chunks_mut(at_once).zip(targets.chunks(at_once)) {
            let mut photos: Vec<_> = photos.iter_mut().collect();
            let wanted: Vec<_> =
                targets.iter().map(|target| reader.around(target.plate)).enumerate().take(photos.len()).collect();
            let mut made = Vec::new();
            clock(&mut taken[3], gpu, timed, || {
                see_parts(&mut photos, &wanted, |_, parts| {
                    let jobs: Vec<_> = parts.iter().map(|(view, rect)| Job::Crop(*view, *rect, &crop)).collect();
                    made = jobs.iter().map(|job| Job::Made(job.shape())).collect();
                    Ok::<_, crate::Error>(reader.crops().net().make_inputs(&jobs)?)
                })
            })?;
            clock(&mut taken[4], gpu, timed, || Ok(reader.crops().read_jobs(&made).map(drop)?))?;
        }
        Ok(())
    }
}

/// Adds the milliseconds that `step` takes, and its passes.
fn clock(
    taken: &mut (f64, PassTimes),
    gpu: Option<&Gpu>,
    timed: bool,
    step: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let gpu = gpu.filter(|_| timed);
    gpu.map_or(Ok(()), Gpu::start_profile)?;
    let start = Instant::now();
    step()?;
    taken.0 += start.elapsed().as_secs_f64() * 1e3;
    let passes = gpu.map_or_else(|| Ok(PassTimes::default()), Gpu::end_profile)?;
    taken.1.passes.extend(passes.passes);
    taken.1.untimed += passes.untimed;
    Ok(())
}
