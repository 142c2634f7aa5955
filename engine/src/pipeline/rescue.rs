//! A photo that the GPU fails at is begun anew on the CPU: a GPU that is lost costs time, never a photo.

use super::decode::{self, Device, GPU_FAILED, Limits};
use super::item::Refused;
use crate::{Error, Result};
use tollgate_kernels::Photo;

/// How a photo is begun anew.
#[derive(Clone, Debug)]
pub(super) struct Rescue {
    limits: Limits,
    device: Option<Device>,
}

impl Rescue {
    /// Within these limits; counted by `device`.
    pub(super) fn new(limits: Limits, device: Option<Device>) -> Self {
        Self { limits, device }
    }

    /// Does a step with things that have a photo each, all at once. Where the GPU fails at that, one after the other; at
    /// which it still fails, once more with the photo decoded on the CPU. The step gives one result a thing, in their
    /// order.
    ///
    /// # Errors
    /// Those of the step that are not the GPU's.
    pub(super) fn step<W, T>(
        &self,
        things: &mut [W],
        photo: fn(&mut W) -> &mut Photo,
        step: &mut dyn FnMut(&mut [W]) -> Result<Vec<T>>,
    ) -> Result<Vec<std::result::Result<T, Refused>>> {
        let error = match step(things) {
            Err(error) if error.is_of_gpu() => error,
            outcome => return Ok(outcome?.into_iter().map(Ok).collect()),
        };
        match things {
            [] => Err(error),
            [thing] => match self.begin_anew(photo(thing), error)? {
                Ok(()) => Ok(step(things)?.into_iter().map(Ok).collect()),
                Err(refused) => Ok(vec![Err(refused)]),
            },
            several => {
                let mut done = Vec::with_capacity(several.len());
                for one in several.chunks_mut(1) {
                    done.append(&mut self.step(one, photo, step)?);
                }
                Ok(done)
            }
        }
    }

    /// Decodes a photo that the GPU failed at, with this error, on the CPU.
    fn begin_anew(&self, photo: &mut Photo, error: Error) -> Result<std::result::Result<(), Refused>> {
        let Some(file) = photo.leave_device() else { return Err(error) };
        if let Some(device) = &self.device {
            device.tally().moved(GPU_FAILED);
        }
        Ok(decode::decode(file, self.limits, photo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skipped::or_skipped;
    use std::path::Path;
    use std::sync::Arc;
    use tollgate_kernels::Rect;
    use tollgate_kernels::gpu::AdapterChoice;
    use tollgate_models::pixels::SharedGpu;

    const LIMITS: Limits = Limits { max_pixels: 1 << 26, long_side: 64 };

    /// Photos of the sample set on a GPU; none, said aloud, without an adapter.
    fn on_device(count: usize) -> Option<(Device, Vec<Photo>)> {
        let gpu = or_skipped(SharedGpu::open(AdapterChoice::AllowSoftware), "no GPU was lost")?;
        let device = Device::new(Arc::new(gpu));
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1");
        let paths = std::fs::read_dir(dir).expect("the sample set").map(|entry| entry.expect("the sample set").path());
        let jpegs = paths.filter(|path| path.extension().is_some_and(|end| end == "jpg")).take(count);
        let files = jpegs.map(|path| std::fs::read(path).expect("the sample set")).collect();
        let photos = decode::open(files, Some(&device), LIMITS, &mut Vec::new());
        Some((device, photos.into_iter().map(|photo| photo.expect("a sound file")).collect()))
    }

    #[test]
    fn a_gpu_that_is_lost_under_several_photos_costs_none() {
        let Some((device, mut photos)) = on_device(3) else { return };
        assert!(photos.iter().all(Photo::is_on_device));
        let rescue = Rescue::new(LIMITS, Some(device.clone()));
        let mut given = Vec::new();
        let mut look = |photos: &mut [Photo]| {
            given.push(photos.len());
            if given.len() == 1 {
                device.gpu().gpu().lose();
            }
            let rect = Rect { x: 8.0, y: 8.0, w: 16.0, h: 8.0 };
            let size = |photo: &mut Photo| photo.part(rect).map(|(view, _)| (view.width() >= 16, view.height() >= 8));
            Ok(photos.iter_mut().map(size).collect::<tollgate_kernels::Result<Vec<_>>>()?)
        };
        let seen = rescue.step(&mut photos, |photo| photo, &mut look).unwrap();
        assert_eq!(seen, vec![Ok((true, true)); 3]);
        // All at once, then each on the lost GPU and on the CPU.
        assert_eq!(given, [3, 1, 1, 1, 1, 1, 1]);
        assert!(photos.iter().all(|photo| !photo.is_on_device()));
        assert_eq!(device.decoding().on_cpu.get(GPU_FAILED), Some(&3));
    }

    #[test]
    fn what_is_not_the_gpus_fault_is_passed_on() {
        let rescue = Rescue::new(LIMITS, None);
        let mut fails = |_: &mut [Photo]| -> Result<Vec<()>> {
            Err(tollgate_kernels::Error::Spec { kernel: "test", reason: "it does not fit" }.into())
        };
        let failed = rescue.step(&mut [Photo::default(), Photo::default()], |photo| photo, &mut fails);
        assert!(failed.is_err_and(|error| !error.is_of_gpu()));
    }
}
