//! A photo that the GPU fails at is begun anew on the CPU: a GPU that is lost costs time, never a photo.

use super::decode::{self, Device, GPU_FAILED, Limits};
use super::item::Refused;
use crate::Result;
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

    /// Does a step with the photo; where the GPU fails at it, once more with the photo decoded on the CPU.
    ///
    /// # Errors
    /// Those of the step that are not the GPU's.
    pub(super) fn step<T>(
        &self,
        photo: &mut Photo,
        mut step: impl FnMut(&mut Photo) -> Result<T>,
    ) -> Result<std::result::Result<T, Refused>> {
        let error = match step(photo) {
            Err(error) if error.is_of_gpu() => error,
            outcome => return outcome.map(Ok),
        };
        let Some(file) = photo.leave_device() else { return Err(error) };
        if let Some(device) = &self.device {
            device.tally().moved(GPU_FAILED);
        }
        match decode::decode(file, self.limits, photo) {
            Ok(()) => step(photo).map(Ok),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Does a step with several photos at once; where the GPU fails at that, with one after the other as
    /// [`Rescue::step`] does. What the step gives is photo by photo.
    ///
    /// # Errors
    /// Those of the step that are not the GPU's.
    pub(super) fn steps<T>(
        &self,
        photos: &mut [&mut Photo],
        mut step: impl FnMut(&mut [&mut Photo]) -> Result<Vec<T>>,
    ) -> Result<Vec<std::result::Result<T, Refused>>> {
        if photos.len() > 1 {
            match step(photos) {
                Err(error) if error.is_of_gpu() => {}
                outcome => return Ok(outcome?.into_iter().map(Ok).collect()),
            }
        }
        let mut done = Vec::with_capacity(photos.len());
        for photo in photos {
            match self.step(photo, |photo| step(&mut [photo]))? {
                Ok(made) => done.extend(made.into_iter().map(Ok)),
                Err(refused) => done.push(Err(refused)),
            }
        }
        Ok(done)
    }
}
