//! The kernels' wgpu twins, with the CPU path behind them: a GPU that fails costs time, never a photo.

use super::{CpuPixels, Pixels};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tollgate_kernels::crop::{CropJob, CropSpec, GpuCrop, Region};
use tollgate_kernels::gpu::{Gpu, Photos};
use tollgate_kernels::jpeg::GpuJpeg;
use tollgate_kernels::letterbox::{GpuLetterbox, LetterboxSpec};
use tollgate_kernels::{Error, Picture, Rect, Result, RgbView};

/// An open GPU with its compiled kernels, shared by all lanes.
#[derive(Debug)]
pub struct SharedGpu {
    gpu: Gpu,
    jpeg: GpuJpeg,
    letterbox: GpuLetterbox,
    crop: GpuCrop,
    /// Set once there is no use in asking it again.
    given_up: AtomicBool,
    warned: AtomicBool,
    on_cpu: AtomicU64,
}

impl SharedGpu {
    /// Compiles the kernels. Fails where the driver refuses one.
    pub fn new(gpu: Gpu) -> Result<Self> {
        let (jpeg, letterbox, crop) = (GpuJpeg::new(&gpu)?, GpuLetterbox::new(&gpu)?, GpuCrop::new(&gpu)?);
        let (given_up, warned) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { gpu, jpeg, letterbox, crop, given_up, warned, on_cpu: AtomicU64::new(0) })
    }

    /// The GPU.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Decodes JPEG files.
    pub fn jpeg(&self) -> &GpuJpeg {
        &self.jpeg
    }

    /// Letterboxes, crops and runs of nets that the CPU had to do, because the GPU failed or could not take them.
    pub fn finished_on_cpu(&self) -> u64 {
        self.on_cpu.load(Ordering::Relaxed)
    }

    pub(crate) fn letterbox(&self) -> &GpuLetterbox {
        &self.letterbox
    }

    pub(crate) fn crop(&self) -> &GpuCrop {
        &self.crop
    }

    /// Whether the CPU has to do what the GPU was asked for; passes on what the CPU would refuse as well.
    pub(crate) fn falls_back<E: MaybeOfGpu>(&self, attempt: impl FnOnce() -> Result<(), E>) -> Result<bool, E> {
        if !self.given_up.load(Ordering::Relaxed) {
            match self.noting(attempt) {
                Ok(()) => return Ok(false),
                Err(error) if error.of_gpu().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        self.on_cpu.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Does what the GPU alone can do; its failure is noted and passed on.
    ///
    /// # Errors
    /// Those of `attempt`.
    pub fn noting<T, E: MaybeOfGpu>(&self, attempt: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let outcome = attempt();
        if let Err(error) = &outcome
            && let Some(error) = error.of_gpu()
        {
            self.note(error);
        }
        outcome
    }

    /// Whether there is no use in asking the GPU again: it was lost, or hangs.
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    fn note(&self, error: &Error) {
        // A lost GPU stays lost, and one that hangs would hold each photo up for as long again.
        let for_good = matches!(error, Error::DeviceLost { .. } | Error::GpuTimeout { .. });
        let first_loss = for_good && !self.given_up.swap(true, Ordering::Relaxed);
        let first = !self.warned.swap(true, Ordering::Relaxed);
        if first_loss {
            tracing::warn!(%error, "the CPU works on the pixels from here on");
        } else if first {
            tracing::warn!(%error, "the CPU finishes what the GPU cannot");
        }
    }
}

/// An error that may be the GPU's alone.
pub trait MaybeOfGpu {
    /// The GPU's error, if it is one.
    fn of_gpu(&self) -> Option<&Error>;
}

impl MaybeOfGpu for Error {
    fn of_gpu(&self) -> Option<&Error> {
        self.is_of_gpu().then_some(self)
    }
}

impl MaybeOfGpu for crate::Error {
    fn of_gpu(&self) -> Option<&Error> {
        match self {
            Self::Kernel(error) => error.of_gpu(),
            _ => None,
        }
    }
}

/// Makes inputs on a GPU, one call at a time; lanes keep it busy side by side.
#[derive(Debug)]
pub struct GpuPixels {
    shared: Arc<SharedGpu>,
    cpu: CpuPixels,
}

impl GpuPixels {
    /// On a GPU that others may use as well.
    pub fn new(shared: Arc<SharedGpu>) -> Self {
        Self { shared, cpu: CpuPixels::default() }
    }
}

impl GpuPixels {
    /// What the GPU makes of a picture; whether the CPU has to do it. Of a picture that lies on the GPU it cannot: that
    /// is an error, and the photo's file is where to begin anew.
    fn attempt(&self, picture: Picture<'_>, on_gpu: impl FnOnce() -> Result<()>) -> Result<bool> {
        match picture {
            Picture::Host(_) => self.shared.falls_back(on_gpu),
            Picture::Device(_) => self.shared.noting(on_gpu).map(|()| false),
        }
    }
}

impl Pixels for GpuPixels {
    fn letterbox(&mut self, photo: Picture<'_>, spec: &LetterboxSpec, out: &mut [f32]) -> Result<()> {
        let SharedGpu { gpu, letterbox, .. } = &*self.shared;
        let falls_back = self.attempt(photo, || letterbox.submit(&whole(gpu, photo)?, &[*spec])?.read(out))?;
        if falls_back { self.cpu.letterbox(photo, spec, out) } else { Ok(()) }
    }

    fn crop_u8(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [u8]) -> Result<()> {
        let SharedGpu { gpu, crop, .. } = &*self.shared;
        let falls_back = self.attempt(view, || {
            let (photos, job) = part(gpu, view, rect)?;
            crop.submit_u8(&photos, &[job], spec)?.read(out)
        })?;
        if falls_back { self.cpu.crop_u8(view, rect, spec, out) } else { Ok(()) }
    }

    fn crop_f32(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [f32]) -> Result<()> {
        let SharedGpu { gpu, crop, .. } = &*self.shared;
        let falls_back = self.attempt(view, || {
            let (photos, job) = part(gpu, view, rect)?;
            crop.submit_f32(&photos, &[job], spec)?.read(out)
        })?;
        if falls_back { self.cpu.crop_f32(view, rect, spec, out) } else { Ok(()) }
    }
}

/// A whole picture on the GPU.
pub(crate) fn whole(gpu: &Gpu, picture: Picture<'_>) -> Result<Photos> {
    match picture {
        Picture::Host(view) => Photos::upload(gpu, &[view]),
        Picture::Device(photos) => photos.one(0),
    }
}

/// What of a picture `rect` needs, on the GPU, and the crop of `rect` out of it. Of a picture in main memory the rows
/// that `rect` covers are all that is uploaded.
pub(crate) fn part(gpu: &Gpu, picture: Picture<'_>, rect: Rect) -> Result<(Photos, CropJob)> {
    let view = match picture {
        Picture::Device(photos) => return Ok((photos.one(0)?, CropJob { photo: 0, region: Region::Rect(rect) })),
        Picture::Host(view) => view,
    };
    let pixels = rect.pixels(view.width(), view.height())?;
    let row = view.width() * 3;
    let rows = &view.data()[pixels.y * row..(pixels.y + pixels.height) * row];
    let (w, h) = (pixels.width as f32, pixels.height as f32);
    let region = Region::Rect(Rect { x: pixels.x as f32, y: 0.0, w, h });
    let rows = RgbView::new(rows, view.width(), pixels.height)?;
    Ok((Photos::upload(gpu, &[rows])?, CropJob { photo: 0, region }))
}
