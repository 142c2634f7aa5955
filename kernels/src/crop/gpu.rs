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

/// What the layouts differ in.
struct Output {
    entry: &'static str,
    /// Elements that an invocation writes, and pixels that it looks at for them.
    each: usize,
    pixels: usize,
    order: ChannelOrder,
    affines: [Affine; 3],
}

impl Output {
    fn new(spec: &CropSpec) -> Result<Self> {
        let bytes = |entry, pixels| {
            spec.check_u8(spec.output_len())?;
            Ok(Self { entry, each: 12, pixels, order: ChannelOrder::Rgb, affines: [Affine::IDENTITY; 3] })
        };
        match spec.layout {
            Layout::NhwcU8Rgb => bytes("crop_u8", 4),
            Layout::Ycc420 => bytes("crop_ycc", 8),
            Layout::PlanarF32 { .. } => {
                let (order, affines) = spec.check_f32(spec.output_len())?;
                Ok(Self { entry: "crop_f32", each: 3, pixels: 1, order, affines })
            }
        }
    }
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
        gpu.pipeline(SHADER, "crop_ycc")?;
        gpu.pipeline(SHADER, "crop_f32")?;
        Ok(Self { gpu: gpu.clone() })
    }

    /// Crops into bytes of the layout, to be read from what is returned.
    pub fn submit_u8(&self, photos: &Photos, crops: &[CropJob], spec: &CropSpec) -> Result<Pending<u8>> {
        spec.check_u8(spec.output_len())?;
        self.submit(photos, crops, spec, &Output::new(spec)?)
    }

    /// Crops into planar tensors `[n, 3, out_h, out_w]`, to be read from what is returned.
    pub fn submit_f32(&self, photos: &Photos, crops: &[CropJob], spec: &CropSpec) -> Result<Pending<f32>> {
        spec.check_f32(spec.output_len())?;
        self.submit(photos, crops, spec, &Output::new(spec)?)
    }

    /// Crops into bytes, each out of a batch of its own and by its own specification, all in one submission. Waits.
    ///
    /// # Errors
    /// A region lies outside, a layout is no bytes, or the GPU's.
    pub fn each_u8(&self, crops: &[(&Photos, CropJob, CropSpec)]) -> Result<Vec<Vec<u8>>> {
        let (mut steps, mut results) = (Vec::with_capacity(crops.len()), Vec::with_capacity(crops.len()));
        for (photos, crop, spec) in crops {
            spec.check_u8(spec.output_len())?;
            // Whole words, so that one result follows the other.
            let len = spec.output_len().next_multiple_of(4);
            let result = Resident::new(self.gpu.scratch(len as u64, "the crops in bytes")?, len);
            steps.push(self.prepare(photos, &[*crop], spec, &[0], &result)?);
            results.push(result);
        }
        let (steps, results): (Vec<_>, Vec<_>) = (steps.iter().collect(), results.iter().collect());
        let pending = self.gpu.submit_prepared("a batch of pictures", &steps, &results)?;
        let mut all = vec![0; pending.len()];
        pending.read(&mut all)?;
        let mut rest = all.as_slice();
        let one = |(_, _, spec): &(&Photos, CropJob, CropSpec)| {
            let (bytes, others) = rest.split_at(spec.output_len().next_multiple_of(4));
            rest = others;
            bytes[..spec.output_len()].to_vec()
        };
        Ok(crops.iter().map(one).collect())
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
            groups: grid(&self.gpu, len.div_ceil(GROUP * output.each))?,
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
        let output = Output::new(spec)?;
        let is_moved = !images.iter().copied().eq(0..images.len());
        if spec.layout.is_bytes() && is_moved && !spec.output_len().is_multiple_of(4) {
            return Err(Error::Spec { kernel: "crop", reason: "images of a batch would share a word" });
        }
        let len = crops.len() * spec.output_len();
        check_images("the reader tensor", tensor.len(), images, spec.output_len())?;
        let [common, jobs] = self.tables(photos, crops, spec, &output, images)?;
        let pass = Bindings {
            shader: SHADER,
            entry: output.entry,
            buffers: &[photos.buffer(), &common, &jobs, tensor.pooled()],
            groups: grid(&self.gpu, len.div_ceil(GROUP * output.each))?,
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
        let jobs = crops.iter().zip(images).map(|(crop, image)| job(photos, crop, spec, output.pixels, *image));
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

fn job(photos: &Photos, crop: &CropJob, spec: &CropSpec, pixels: usize, image: usize) -> Result<Job> {
    let image = image as u32;
    let size = photos.size(crop.photo)?;
    match crop.region {
        Region::Rect(rect) => {
            let rect = rect.pixels(size.0, size.1)?;
            let (source, target) = ((rect.width, rect.height), (spec.out_w, spec.out_h));
            let filter = spec.filter.effective(source, target);
            resample::check_gpu_shrink(source, target, filter, pixels)?;
            let window = photos.window(crop.photo, rect)?;
            Ok(Job { window, kind: u32::from(filter == Filter::Area), homography: [0.0; 9], image })
        }
        Region::Quad(quad) => {
            let homography = Homography::new(&quad, spec.out_w, spec.out_h)?.0;
            Ok(Job { window: photos.whole(crop.photo)?, kind: 2, homography, image })
        }
    }
}
