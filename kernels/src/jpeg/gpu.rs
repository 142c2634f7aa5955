//! The wgpu twin: the files of a batch decoded at once, coefficients kept on the device, pictures made of them.

mod batch;
mod pixels;
mod spare;

pub use batch::{DecodedBatch, JpegFile};

use std::sync::Arc;

use super::{Scale, Status};
use crate::error::Result;
use crate::geometry::PixelRect;
use crate::gpu::{Gpu, LANE, Photos, SUBGROUP_LANE, Shader};
use spare::Spare;

const CHUNK: &str = include_str!("chunk.wgsl");
const PASSES: &str = include_str!("entropy.wgsl");
pub(crate) const ENTROPY: Shader = Shader::new("jpeg entropy", &[CHUNK, LANE, include_str!("scan.wgsl"), PASSES], 4)
    .writing(4)
    .with_subgroups(&[CHUNK, SUBGROUP_LANE, include_str!("scan_subgroup.wgsl"), PASSES]);
pub(crate) const TRANSFORM: Shader =
    Shader::new("jpeg transform", &[include_str!("job.wgsl"), include_str!("transform.wgsl")], 3);
pub(crate) const COLOUR: Shader =
    Shader::new("jpeg colour", &[include_str!("job.wgsl"), include_str!("colour.wgsl")], 2);

/// Decodes batches of JPEG files.
#[derive(Clone, Debug)]
pub struct GpuJpeg {
    gpu: Gpu,
    spare: Arc<Spare>,
}

impl GpuJpeg {
    /// Compiles the shaders, unless that was done before on this GPU.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        for entry in ["guess", "stitch_even", "stitch_odd", "place", "write"] {
            gpu.pipeline(ENTROPY, entry)?;
        }
        gpu.pipeline(TRANSFORM, "transform")?;
        gpu.pipeline(COLOUR, "colour")?;
        Ok(Self { gpu: gpu.clone(), spare: Arc::default() })
    }

    /// Uploads the files' coded data and decodes their coefficients. Returns at once.
    ///
    /// A file that is not of the kinds done, or has more than `max_pixels`, is refused by itself
    /// ([`DecodedBatch::refusal`]). Fails where the batch does not fit the GPU: use a smaller one then.
    pub fn submit(&self, files: &[JpegFile<'_>], max_pixels: u64) -> Result<DecodedBatch> {
        DecodedBatch::submit(&self.gpu, &self.spare, files, max_pixels)
    }

    /// Makes whole pictures, upright, each of a photo of the batch at a scale. Returns at once.
    ///
    /// Where a photo's [`Status`] turns out to be another than [`Status::Decoded`], its picture is meaningless. Fails
    /// on photos that the batch does not have or refused.
    pub fn scaled(&self, batch: &DecodedBatch, pictures: &[(usize, Scale)]) -> Result<Photos> {
        let windows = pictures.iter().map(|(photo, scale)| batch.whole(*photo, *scale)).collect::<Result<Vec<_>>>()?;
        batch.make(&self.gpu, &windows)
    }

    /// Makes parts of the upright pictures in full resolution, as [`GpuJpeg::scaled`] makes whole ones. Fails on parts
    /// that lie outside as well.
    pub fn rects(&self, batch: &DecodedBatch, parts: &[(usize, PixelRect)]) -> Result<Photos> {
        let windows = parts.iter().map(|(photo, rect)| batch.part(*photo, *rect)).collect::<Result<Vec<_>>>()?;
        batch.make(&self.gpu, &windows)
    }
}

/// What the shader's flags say.
fn status(flags: u32) -> Status {
    match flags {
        0 => Status::Decoded,
        flags if flags & 2 != 0 => Status::Unsettled,
        _ => Status::Damaged,
    }
}
