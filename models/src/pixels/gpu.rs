//! The kernels' wgpu twins, with the CPU path behind them: a GPU that fails costs time, never a photo.

use super::{CpuPixels, Pixels};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tollgate_kernels::crop::{CropJob, CropSpec, GpuCrop, Region};
use tollgate_kernels::gpu::{Gpu, Photos};
use tollgate_kernels::letterbox::{GpuLetterbox, LetterboxSpec};
use tollgate_kernels::{Error, Rect, Result, RgbView};

/// An open GPU with its compiled kernels, shared by all lanes.
#[derive(Debug)]
pub struct SharedGpu {
    gpu: Gpu,
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
        let (letterbox, crop) = (GpuLetterbox::new(&gpu)?, GpuCrop::new(&gpu)?);
        let (given_up, warned) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { gpu, letterbox, crop, given_up, warned, on_cpu: AtomicU64::new(0) })
    }

    /// The GPU.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
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
            match attempt() {
                Ok(()) => return Ok(false),
                Err(error) => match error.of_gpu() {
                    Some(error) => self.note(error),
                    None => return Err(error),
                },
            }
        }
        self.on_cpu.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    fn note(&self, error: &Error) {
        // A lost GPU stays lost, and one that hangs would hold each photo up for as long again.
        let for_good = matches!(error, Error::DeviceLost { .. } | Error::GpuTimeout { .. });
        let first_loss = for_good && !self.given_up.swap(true, Ordering::Relaxed);
        let first = !self.warned.swap(true, Ordering::Relaxed);
        if first_loss {
            tracing::warn!(%error, "the CPU makes the nets' inputs from here on");
        } else if first {
            tracing::warn!(%error, "the CPU finishes what the GPU cannot");
        }
    }
}

/// An error that may be the GPU's alone.
pub(crate) trait MaybeOfGpu {
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

impl Pixels for GpuPixels {
    fn letterbox(&mut self, photo: RgbView<'_>, spec: &LetterboxSpec, out: &mut [f32]) -> Result<()> {
        let SharedGpu { gpu, letterbox, .. } = &*self.shared;
        let on_gpu = || letterbox.submit(&Photos::upload(gpu, &[photo])?, &[*spec])?.read(out);
        if self.shared.falls_back(on_gpu)? { self.cpu.letterbox(photo, spec, out) } else { Ok(()) }
    }

    fn crop_u8(&mut self, view: RgbView<'_>, rect: Rect, spec: &CropSpec, out: &mut [u8]) -> Result<()> {
        let SharedGpu { gpu, crop, .. } = &*self.shared;
        let on_gpu = || {
            let (rows, job) = rows_of(view, rect)?;
            crop.submit_u8(&Photos::upload(gpu, &[rows])?, &[job], spec)?.read(out)
        };
        if self.shared.falls_back(on_gpu)? { self.cpu.crop_u8(view, rect, spec, out) } else { Ok(()) }
    }

    fn crop_f32(&mut self, view: RgbView<'_>, rect: Rect, spec: &CropSpec, out: &mut [f32]) -> Result<()> {
        let SharedGpu { gpu, crop, .. } = &*self.shared;
        let on_gpu = || {
            let (rows, job) = rows_of(view, rect)?;
            crop.submit_f32(&Photos::upload(gpu, &[rows])?, &[job], spec)?.read(out)
        };
        if self.shared.falls_back(on_gpu)? { self.cpu.crop_f32(view, rect, spec, out) } else { Ok(()) }
    }
}

/// The rows of `view` that `rect` covers, which are all that need be uploaded, and the crop of `rect` out of them.
pub(crate) fn rows_of(view: RgbView<'_>, rect: Rect) -> Result<(RgbView<'_>, CropJob)> {
    let pixels = rect.pixels(view.width(), view.height())?;
    let row = view.width() * 3;
    let rows = &view.data()[pixels.y * row..(pixels.y + pixels.height) * row];
    let (w, h) = (pixels.width as f32, pixels.height as f32);
    let region = Region::Rect(Rect { x: pixels.x as f32, y: 0.0, w, h });
    Ok((RgbView::new(rows, view.width(), pixels.height)?, CropJob { photo: 0, region }))
}
