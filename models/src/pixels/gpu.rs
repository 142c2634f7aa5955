//! The kernels' wgpu twins, with the CPU path behind them: a GPU that fails costs time, never a photo.

use super::{CpuPixels, Cut, Pixels, SharedGpu};
use std::sync::Arc;
use tollgate_kernels::crop::{CropJob, CropSpec, Region};
use tollgate_kernels::gpu::{Gpu, Photos};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{Picture, Rect, Result, RgbView};

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
        let falls_back = self.attempt(photo, || {
            self.shared.letterbox().submit(&whole(&self.shared.gpu(), photo)?, &[*spec])?.read(out)
        })?;
        if falls_back { self.cpu.letterbox(photo, spec, out) } else { Ok(()) }
    }

    fn crop_u8(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [u8]) -> Result<()> {
        let falls_back = self.attempt(view, || {
            let (photos, job) = part(&self.shared.gpu(), view, rect)?;
            self.shared.crop().submit_u8(&photos, &[job], spec)?.read(out)
        })?;
        if falls_back { self.cpu.crop_u8(view, rect, spec, out) } else { Ok(()) }
    }

    fn cut_out(&mut self, cuts: &[Cut<'_>]) -> Result<Vec<Vec<u8>>> {
        let there = |cut: &Cut<'_>| matches!(cut.view, Picture::Device(_));
        if cuts.len() < 2 || !cuts.iter().all(there) {
            return cuts.iter().map(|cut| self.cut_out_one(cut)).collect();
        }
        self.shared.noting(|| {
            let gpu = self.shared.gpu();
            let parts = cuts.iter().map(|cut| part(&gpu, cut.view, cut.rect)).collect::<Result<Vec<_>>>()?;
            let crops: Vec<_> = parts.iter().zip(cuts).map(|((photos, job), cut)| (photos, *job, cut.spec)).collect();
            self.shared.crop().each_u8(&crops)
        })
    }

    fn crop_f32(&mut self, view: Picture<'_>, rect: Rect, spec: &CropSpec, out: &mut [f32]) -> Result<()> {
        let falls_back = self.attempt(view, || {
            let (photos, job) = part(&self.shared.gpu(), view, rect)?;
            self.shared.crop().submit_f32(&photos, &[job], spec)?.read(out)
        })?;
        if falls_back { self.cpu.crop_f32(view, rect, spec, out) } else { Ok(()) }
    }
}

/// A whole picture on the GPU.
fn whole(gpu: &Gpu, picture: Picture<'_>) -> Result<Photos> {
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
