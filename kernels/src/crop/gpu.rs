//! The wgpu twin: plates of any photos of a batch in one dispatch.

use bytemuck::{Pod, Zeroable};

use super::{CropSpec, Homography, Layout, Region};
use crate::error::{Error, Result, check_images, check_len};
use crate::gpu::{Bindings, Gpu, Pending, Photos, Pooled, Prepared, Resident, Shader, WindowTable, grid};
use crate::resample::{self, Affine, ChannelOrder, Filter};

pub(crate) const SHADER: Shader =
    Shader::new("crop", &[include_str!("../resample/resample.wgsl"), include_str!("crop.wgsl")], 3);

const GROUP: usize = 64;

/// A region and the photo of the batch that it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropJob {
    /// The photo's index.
    pub photo: usize,
    /// What is cut out of it.
    pub region: Region,
}

/// Crops batches of plates out of uploaded photos.
#[derive(Clone, Debug)]
pub struct GpuCrop {
    gpu: Gpu,
}

/// What the two layouts differ in.
struct Output {
    entry: &'static str,
    /// Pixels that an invocation writes.
    pixels: usize,
    order: ChannelOrder,
    affines: [Affine; 3],
}

/// What all crops of a batch share; laid out as `Shared` in the shader.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Common {
    scale: [f32; 4],
    offset: [f32; 4],
    plane: [u32; 4],
    size: [u32; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Job {
    window: WindowTable,
    kind: u32,
    homography: [f32; 9],
    image: u32,
}

impl GpuCrop {
    /// Compiles the shaders, unless that was done before on this GPU.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.pipeline(SHADER, "crop_u8")?;
        gpu.pipeline(SHADER, "crop_f32")?;
        Ok(Self { gpu: gpu.clone() })
    }

    /// Crops into interleaved RGB bytes `[n, out_h, out_w, 3]`, to be read from what is returned.
    pub fn submit_u8(&self, photos: &Photos, crops: &[CropJob], spec: &CropSpec) -> Result<Pending<u8>> {
        spec.check_u8(spec.output_len())?;
        let affines = [Affine::IDENTITY; 3];
        self.submit(photos, crops, spec, &Output { entry: "crop_u8", pixels: 4, order: ChannelOrder::Rgb, affines })
    }

    /// Crops into planar tensors `[n, 3, out_h, out_w]`, to be read from what is returned.
    pub fn submit_f32(&self, photos: &Photos, crops: &[CropJob], spec: &CropSpec) -> Result<Pending<f32>> {
        let (order, affines) = spec.check_f32(spec.output_len())?;
        self.submit(photos, crops, spec, &Output { entry: "crop_f32", pixels: 1, order, affines })
    }

    fn submit<T: Pod>(
        &self,
        photos: &Photos,
        crops: &[CropJob],
        spec: &CropSpec,
        output: &Output,
    ) -> Result<Pending<T>> {
        let images: Vec<_> = (0..crops.len()).collect();
        let [common, jobs] = self.tables(photos, crops, spec, output, &images)?;
        let len = crops.len() * spec.output_len();
        let out = self.gpu.scratch((len * size_of::<T>()) as u64, "the crops in bytes")?;
        let pass = Bindings {
            shader: SHADER,
            entry: output.entry,
            buffers: &[photos.buffer(), &common, &jobs, &out],
            groups: grid(&self.gpu, (len / 3).div_ceil(GROUP * output.pixels))?,
        };
        self.gpu.submit("a crop batch", &[pass], &out, len)
    }

    /// Crop `i` becomes image `images[i]` of a tensor that stays on the GPU, as bytes or floats by the layout; to be
    /// submitted with what reads it. The photos must live until then.
    ///
    /// Fails where the tensor has no such image, and where bytes of two images would share a word, unless crop `i`
    /// becomes image `i`.
    pub fn prepare(
        &self,
        photos: &Photos,
        crops: &[CropJob],
        spec: &CropSpec,
        images: &[usize],
        tensor: &Resident,
    ) -> Result<Prepared> {
        let output = match spec.layout {
            Layout::NhwcU8Rgb => {
                spec.check_u8(spec.output_len())?;
                if !spec.output_len().is_multiple_of(4) && !images.iter().copied().eq(0..images.len()) {
                    return Err(Error::Spec { kernel: "crop", reason: "images of a batch would share a word" });
                }
                Output { entry: "crop_u8", pixels: 4, order: ChannelOrder::Rgb, affines: [Affine::IDENTITY; 3] }
            }
            Layout::PlanarF32 { .. } => {
                let (order, affines) = spec.check_f32(spec.output_len())?;
                Output { entry: "crop_f32", pixels: 1, order, affines }
            }
        };
        let len = crops.len() * spec.output_len();
        check_images("the reader tensor", tensor.len(), images, spec.output_len())?;
        let [common, jobs] = self.tables(photos, crops, spec, &output, images)?;
        let pass = Bindings {
            shader: SHADER,
            entry: output.entry,
            buffers: &[photos.buffer(), &common, &jobs, tensor.pooled()],
            groups: grid(&self.gpu, (len / 3).div_ceil(GROUP * output.pixels))?,
        };
        Ok(self.gpu.prepare(&pass)?.keeping(vec![common, jobs]))
    }

    /// What the shader is told of a batch.
    fn tables(
        &self,
        photos: &Photos,
        crops: &[CropJob],
        spec: &CropSpec,
        output: &Output,
        images: &[usize],
    ) -> Result<[Pooled; 2]> {
        check_len("the images of a crop batch", images.len(), crops.len())?;
        if crops.is_empty() {
            return Err(Error::Spec { kernel: "crop", reason: "the batch is empty" });
        }
        let jobs = crops.iter().zip(images).map(|(crop, image)| job(photos, crop, spec, *image));
        let jobs = jobs.collect::<Result<Vec<_>>>()?;
        let common = self.gpu.upload(&[common(spec, output, crops.len())], "the crop parameters in bytes")?;
        Ok([common, self.gpu.upload(&jobs, "the crop parameters in bytes")?])
    }
}

fn common(spec: &CropSpec, output: &Output, count: usize) -> Common {
    let four = |[a, b, c]: [f32; 3]| [a, b, c, 0.0];
    let [red, green, blue] = [0, 1, 2].map(|channel| output.order.plane(channel) as u32);
    Common {
        scale: four(output.affines.map(|map| map.scale)),
        offset: four(output.affines.map(|map| map.offset)),
        plane: [red, green, blue, 0],
        size: [spec.out_w as u32, spec.out_h as u32, count as u32, 0],
    }
}

fn job(photos: &Photos, crop: &CropJob, spec: &CropSpec, image: usize) -> Result<Job> {
    let image = image as u32;
    let size = photos.size(crop.photo)?;
    match crop.region {
        Region::Rect(rect) => {
            let rect = rect.pixels(size.0, size.1)?;
            let (source, target) = ((rect.width, rect.height), (spec.out_w, spec.out_h));
            let filter = spec.filter.effective(source, target);
            resample::check_gpu_shrink(source, target, filter)?;
            let window = photos.window(crop.photo, rect)?;
            Ok(Job { window, kind: u32::from(filter == Filter::Area), homography: [0.0; 9], image })
        }
        Region::Quad(quad) => {
            let homography = Homography::new(&quad, spec.out_w, spec.out_h)?.0;
            Ok(Job { window: photos.whole(crop.photo)?, kind: 2, homography, image })
        }
    }
}
