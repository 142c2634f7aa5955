//! JPEGs of a batch decoded at once on a GPU, where their pixels stay.

use super::jpeg_end;
use super::pixels::Limits;
use super::tally::{Decoding, Tally};
use image::ImageFormat;
use std::sync::Arc;
use tollgate_ingest::capture;
use tollgate_kernels::Error as KernelError;
use tollgate_kernels::jpeg::{JpegFile, Orientation};
use tollgate_kernels::photo::{Declined, DevicePhoto};
use tollgate_models::pixels::SharedGpu;

/// Why a photo that was on the GPU is begun anew on the CPU.
pub(in crate::pipeline) const GPU_FAILED: &str = "the GPU failed";
const TOO_MUCH: &str = "too much for the GPU";
const NO_JPEG: &str = "no JPEG";
const CUT_SHORT: &str = "cut short";

/// A GPU that decodes photos, shared by all lanes, with the counts of what it did.
#[derive(Clone, Debug)]
pub struct Device {
    gpu: Arc<SharedGpu>,
    tally: Arc<Tally>,
}

impl Device {
    /// With no photo counted yet.
    pub fn new(gpu: Arc<SharedGpu>) -> Self {
        Self { gpu, tally: Arc::default() }
    }

    /// The GPU.
    pub fn gpu(&self) -> &Arc<SharedGpu> {
        &self.gpu
    }

    /// Where photos were decoded so far.
    pub fn decoding(&self) -> Decoding {
        self.tally.counts()
    }

    pub(in crate::pipeline) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Each photo on the GPU, or why it is not; `None` for what is no photo at all.
    pub(super) fn open(
        &self,
        files: &[Option<&[u8]>],
        limits: Limits,
    ) -> Vec<Option<Result<DevicePhoto, &'static str>>> {
        let jpegs: Vec<_> = files.iter().map(|file| file.map(jpeg)).collect();
        let sound: Vec<_> = jpegs.iter().flatten().filter_map(|jpeg| jpeg.as_ref().ok().copied()).collect();
        let mut opened = self.open_jpegs(&sound, limits).into_iter();
        let place = |jpeg: Option<Result<_, _>>| Some(jpeg?.and_then(|_| opened.next().unwrap_or(Err(GPU_FAILED))));
        jpegs.into_iter().map(place).collect()
    }

    /// All in one batch; in two halves where that is too much for the GPU.
    fn open_jpegs(&self, files: &[JpegFile<'_>], limits: Limits) -> Vec<Result<DevicePhoto, &'static str>> {
        if files.is_empty() {
            return Vec::new();
        }
        let open = || DevicePhoto::open_batch(&self.gpu.jpeg(), files, limits.max_pixels, limits.long_side);
        let failed = |reason| files.iter().map(|_| Err(reason)).collect();
        if self.gpu.is_given_up() {
            return failed(GPU_FAILED);
        }
        match open() {
            Ok(opened) => opened.into_iter().map(|photo| photo.map_err(reason)).collect(),
            Err(KernelError::GpuLimit { .. } | KernelError::OutOfMemory { .. }) if files.len() > 1 => {
                let (first, second) = files.split_at(files.len() / 2);
                let mut opened = self.open_jpegs(first, limits);
                opened.append(&mut self.open_jpegs(second, limits));
                opened
            }
            Err(KernelError::GpuLimit { .. }) => failed(TOO_MUCH),
            Err(error) => {
                // Noted by the GPU's keeper, who gives it up if it was lost.
                let noted: Result<(), _> = self.gpu.noting(|| Err(error));
                drop(noted);
                failed(GPU_FAILED)
            }
        }
    }
}

/// A whole JPEG with its orientation, or why a file is none.
fn jpeg(bytes: &[u8]) -> Result<JpegFile<'_>, &'static str> {
    if !image::guess_format(bytes).is_ok_and(|format| format == ImageFormat::Jpeg) {
        return Err(NO_JPEG);
    }
    if !jpeg_end::is_complete(bytes) {
        return Err(CUT_SHORT);
    }
    Ok(JpegFile { bytes, orientation: Orientation::from_exif(capture::orientation(bytes)) })
}

fn reason(declined: Declined) -> &'static str {
    match declined {
        Declined::Unsupported(feature) => feature,
        Declined::TooLarge => "too large",
        Declined::Unsound => "unsound headers",
        Declined::Damaged => "damaged",
        Declined::Unsettled => "did not settle",
    }
}
