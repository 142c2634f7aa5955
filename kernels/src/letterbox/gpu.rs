//! The wgpu twin: a batch of photos in one dispatch.

use bytemuck::{Pod, Zeroable};

use super::LetterboxSpec;
use crate::error::{Error, Result, check_images, check_len};
use crate::gpu::{Bindings, Gpu, Pending, Photos, Prepared, Resident, Shader, WindowTable};
use crate::resample::{self, Filter};

pub(crate) const SHADER: Shader =
    Shader::new("letterbox", &[include_str!("../resample/resample.wgsl"), include_str!("letterbox.wgsl")], 3);

const GROUP: [usize; 2] = [32, 8];

/// Letterboxes batches of uploaded photos.
#[derive(Clone, Debug)]
pub struct GpuLetterbox {
    gpu: Gpu,
}

/// What all photos of a batch share; laid out as `Shared` in the shader.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Pod, Zeroable)]
struct Common {
    scale: [f32; 4],
    offset: [f32; 4],
    pad: [f32; 4],
    plane: [u32; 4],
    size: [u32; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Job {
    window: WindowTable,
    content: [u32; 4],
    is_area: u32,
    image: u32,
}

impl GpuLetterbox {
    /// Compiles the shader, unless that was done before on this GPU.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.pipeline(SHADER, "letterbox")?;
        Ok(Self { gpu: gpu.clone() })
    }

    /// Letterboxes photo `i` by `specs[i]` into `[n, 3, out_h, out_w]`, to be read from what is returned.
    ///
    /// The specifications may differ in content and filter; output size, channel order and normalisation are those of
    /// the whole batch. Fails where they differ, where there are not as many as photos, and beyond the GPU's limits.
    pub fn submit(&self, photos: &Photos, specs: &[LetterboxSpec]) -> Result<Pending<f32>> {
        let images: Vec<_> = (0..specs.len()).collect();
        let (shared, jobs, groups) = jobs(photos, specs, &images)?;
        let len = specs.iter().map(LetterboxSpec::output_len).sum();
        let tensor = self.gpu.scratch((len * size_of::<f32>()) as u64, "the detector tensor in bytes")?;
        let common = self.gpu.upload(&[shared], "the letterbox parameters in bytes")?;
        let jobs = self.gpu.upload(&jobs, "the letterbox parameters in bytes")?;
        let pass = Bindings {
            shader: SHADER,
            entry: "letterbox",
            buffers: &[photos.buffer(), &common, &jobs, &tensor],
            groups,
        };
        self.gpu.submit("a letterbox batch", &[pass], &tensor, len)
    }

    /// The same, photo `i` into image `images[i]` of a tensor that stays on the GPU; to be submitted with what reads it.
    /// The photos must live until then. Fails where the tensor has no such image.
    pub fn prepare(
        &self,
        photos: &Photos,
        specs: &[LetterboxSpec],
        images: &[usize],
        tensor: &Resident,
    ) -> Result<Prepared> {
        let (shared, jobs, groups) = jobs(photos, specs, images)?;
        let each = specs.first().map_or(0, LetterboxSpec::output_len);
        check_images("the detector tensor", tensor.len(), images, each)?;
        let common = self.gpu.upload(&[shared], "the letterbox parameters in bytes")?;
        let jobs = self.gpu.upload(&jobs, "the letterbox parameters in bytes")?;
        let buffers = [photos.buffer(), &common, &jobs, tensor.pooled()];
        let pass = Bindings { shader: SHADER, entry: "letterbox", buffers: &buffers, groups };
        Ok(self.gpu.prepare(&pass)?.keeping(vec![common, jobs]))
    }
}

/// What the shader is told of a batch, and its workgroups.
fn jobs(photos: &Photos, specs: &[LetterboxSpec], images: &[usize]) -> Result<(Common, Vec<Job>, [u32; 3])> {
    check_len("the letterbox specifications", specs.len(), photos.len())?;
    check_len("the images of a letterbox batch", images.len(), photos.len())?;
    let first = specs.first().ok_or(Error::Spec { kernel: "letterbox", reason: "the batch is empty" })?;
    let shared = common(first);
    let mut jobs = Vec::with_capacity(specs.len());
    for (index, (spec, image)) in specs.iter().zip(images).enumerate() {
        spec.check()?;
        if common(spec) != shared {
            return Err(Error::Spec { kernel: "letterbox", reason: "a batch shares output size and normalisation" });
        }
        jobs.push(job(photos.whole(index)?, spec, *image)?);
    }
    let [width, height] = [first.out_w.div_ceil(GROUP[0]), first.out_h.div_ceil(GROUP[1])];
    Ok((shared, jobs, [width as u32, height as u32, specs.len() as u32]))
}

fn common(spec: &LetterboxSpec) -> Common {
    let affines = spec.affines();
    let four = |[a, b, c]: [f32; 3]| [a, b, c, 0.0];
    let [red, green, blue] = [0, 1, 2].map(|channel| spec.order.plane(channel) as u32);
    Common {
        scale: four(affines.map(|map| map.scale)),
        offset: four(affines.map(|map| map.offset)),
        pad: four(spec.pad_values()),
        plane: [red, green, blue, 0],
        size: [spec.out_w as u32, spec.out_h as u32, 0, 0],
    }
}

fn job(window: WindowTable, spec: &LetterboxSpec, image: usize) -> Result<Job> {
    let source = (window.width as usize, window.height as usize);
    let target = (spec.content_w, spec.content_h);
    let filter = spec.filter.effective(source, target);
    resample::check_gpu_shrink(source, target, filter, 1)?;
    let content = [spec.content_x, spec.content_y, spec.content_w, spec.content_h].map(|value| value as u32);
    Ok(Job { window, content, is_area: u32::from(filter == Filter::Area), image: image as u32 })
}
