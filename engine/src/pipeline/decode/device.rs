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
            Err(KernelError::OutOfMemory { .. }) => {
                self.gpu.make_room();
                failed(TOO_MUCH)
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skipped::or_skipped;
    use std::path::Path;
    use tollgate_kernels::gpu::{AdapterChoice, GpuOptions};

    /// Room for the coefficients, two bytes each, of two photos of 1024x640 in 4:4:4, and not of three.
    const ROOM: u64 = 1024 * 640 * 6 * 5 / 2;
    const LIMITS: Limits = Limits { max_pixels: 1 << 26, long_side: 64 };

    fn files(count: usize) -> Vec<Vec<u8>> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1");
        let paths = std::fs::read_dir(dir).expect("the sample set").map(|entry| entry.expect("the sample set").path());
        let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect();
        paths.sort();
        paths.iter().take(count).map(|path| std::fs::read(path).expect("the sample set")).collect()
    }

    /// A device whose buffers have so many bytes at most; `None`, said aloud, without an adapter.
    fn device(max_buffer_bytes: u64) -> Option<Device> {
        open(GpuOptions { max_buffer_bytes: Some(max_buffer_bytes), ..AdapterChoice::AllowSoftware.into() })
    }

    fn open(options: GpuOptions) -> Option<Device> {
        let gpu = or_skipped(SharedGpu::open(options), "no small GPU was tried")?;
        Some(Device::new(Arc::new(gpu)))
    }

    #[test]
    fn what_is_too_much_for_the_gpu_is_done_in_halves() {
        let Some(device) = device(ROOM) else { return };
        let files = files(5);
        let files: Vec<_> = files.iter().map(|file| Some(file.as_slice())).collect();
        let sound: Vec<_> = files.iter().flatten().map(|file| jpeg(file).unwrap()).collect();
        let whole = DevicePhoto::open_batch(&device.gpu.jpeg(), &sound, LIMITS.max_pixels, LIMITS.long_side);
        assert!(matches!(whole, Err(KernelError::GpuLimit { .. })), "five fit: this tests nothing");
        let opened = device.open(&files, LIMITS);
        let sizes: Vec<_> =
            opened.iter().map(|photo| photo.as_ref().map(|photo| photo.as_ref().map(|p| p.size()))).collect();
        assert_eq!(sizes, vec![Some(Ok((1024, 640))); 5]);
        assert!(device.gpu.gpu().check().is_ok() && !device.gpu.is_given_up());
    }

    /// Photos stay in the GPU's memory while they are looked at: those go there that it has room for.
    #[test]
    fn without_memory_for_all_the_gpu_takes_those_that_fit() {
        let options = GpuOptions { max_memory_bytes: Some(3 * ROOM / 2), ..AdapterChoice::AllowSoftware.into() };
        let Some(device) = open(options) else { return };
        let files = files(5);
        let files: Vec<_> = files.iter().map(|file| Some(file.as_slice())).collect();
        for _ in 0..2 {
            let opened: Vec<_> = device.open(&files, LIMITS).into_iter().flatten().collect();
            let declined: Vec<_> = opened.iter().filter_map(|photo| photo.as_ref().err()).collect();
            assert_eq!(opened.len(), 5);
            assert!((1..5).contains(&declined.len()) && declined.iter().all(|why| **why == TOO_MUCH), "{declined:?}");
        }
        assert!(device.gpu.gpu().usage().peak_bytes <= 3 * ROOM / 2);
        assert!(device.gpu.gpu().check().is_ok() && !device.gpu.is_given_up());
    }

    #[test]
    fn one_photo_that_is_too_much_goes_to_the_cpu_by_itself() {
        let Some(device) = device(1 << 20) else { return };
        let file = files(1).remove(0);
        let opened = device.open(&[Some(&file), Some(b"no photo"), None], LIMITS);
        let reasons: Vec<_> = opened.into_iter().map(|photo| photo.map(Result::err)).collect();
        assert_eq!(reasons, [Some(Some(TOO_MUCH)), Some(Some(NO_JPEG)), None]);
        assert!(device.gpu.gpu().check().is_ok() && !device.gpu.is_given_up());
    }
}
