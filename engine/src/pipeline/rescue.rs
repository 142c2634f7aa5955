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
