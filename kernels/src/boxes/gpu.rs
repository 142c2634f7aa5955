//! The wgpu twin of [`super::retina::find`]: priors, threshold and suppression of a batch in two dispatches.

use bytemuck::{Pod, Zeroable};

use super::Detected;
use super::retina::{self, Found, PriorSpec, RetinaOutputs};
use crate::error::{Error, Result, check_len, check_size};
use crate::geometry::Rect;
use crate::gpu::{Bindings, Gpu, Pooled, Prepared, Resident, Shader, grid};

pub(crate) const SHADER: Shader = Shader::new("boxes", &[include_str!("boxes.wgsl")], 6).writing(2);

/// Candidates an image on the GPU, as in the shader.
const CAPACITY: usize = 512;
/// Boxes an image that come back.
const MAX_BOXES: usize = 24;
/// Priors of a part that a workgroup looks through, and what it says of them in words, as in the shader.
const PART: usize = 1024;
const PART_WORDS: usize = 3 + 2 * CAPACITY;
const PARAMETERS: &str = "the boxes' parameters in bytes";
const HEADER: usize = 3;
const ROW: usize = 13;
const RESULT: usize = HEADER + (1 + MAX_BOXES) * ROW;

/// Decodes batches of one detector's outputs at one input size.
#[derive(Debug)]
pub struct GpuBoxes {
    gpu: Gpu,
    spec: PriorSpec,
    input: (usize, usize),
    levels: Pooled,
    sizes: Pooled,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    images: u32,
    priors: u32,
    levels: u32,
    max_boxes: u32,
    threshold: f32,
    max_iou: f32,
    variances: [f32; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Level {
    first: u32,
    columns: u32,
    step: f32,
    sizes_at: u32,
    sizes: u32,
}

impl GpuBoxes {
    /// Compiles the shader, unless that was done before on this GPU, and uploads the pyramid for inputs of `input`
    /// (width, height).
    pub fn new(gpu: &Gpu, spec: PriorSpec, input: (usize, usize)) -> Result<Self> {
        spec.check()?;
        check_size("the detector input", input.0, input.1)?;
        gpu.pipeline(SHADER, "scan")?;
        gpu.pipeline(SHADER, "boxes")?;
        let (mut first, mut sizes, mut levels) = (0, Vec::new(), Vec::new());
        for level in &spec.levels {
            let columns = input.0.div_ceil(level.step);
            let (sizes_at, count) = (sizes.len() as u32, level.sizes.len());
            sizes.extend_from_slice(&level.sizes);
            levels.push(Level {
                first,
                columns: columns as u32,
                step: level.step as f32,
                sizes_at,
                sizes: count as u32,
            });
            first += (columns * input.1.div_ceil(level.step) * count) as u32;
        }
        let levels = gpu.upload(&levels, "the priors in bytes")?;
        let sizes = gpu.upload(&sizes, "the priors in bytes")?;
        Ok(Self { gpu: gpu.clone(), spec, input, levels, sizes })
    }

    /// Decodes the outputs of `images` images, one after the other in `outputs`, as [`retina::find`] does for each.
    ///
    /// An image with more candidates or boxes than the shader has room for (512, 24) is done on the CPU.
    pub fn run(&self, outputs: &RetinaOutputs<'_>, images: usize, threshold: f32, max_iou: f32) -> Result<Vec<Found>> {
        let priors = self.spec.count(self.input.0, self.input.1);
        if images == 0 {
            return Err(Error::Spec { kernel: "boxes", reason: "the batch is empty" });
        }
        check_len("the detector output loc", outputs.loc.len(), images * priors * 4)?;
        check_len("the detector output conf", outputs.conf.len(), images * priors * 2)?;
        check_len("the detector output landmarks", outputs.landmarks.len(), images * priors * 8)?;
        let rows = self.dispatch(self.params(images, priors, threshold, max_iou), outputs, images, priors)?;
        let of_image = |(image, result): (usize, &[u32])| match found(result) {
            Some(found) => Ok(found),
            None => retina::find(&self.spec, self.input, &outputs.image(image, priors), threshold, max_iou),
        };
        rows.chunks_exact(RESULT).enumerate().map(of_image).collect()
    }

    /// The same for what `steps` leave on the GPU: locations, scores and landmarks. One submission; the outputs stay
    /// where they are. `None` for an image with more candidates or boxes than the shader has room for (512, 24).
    pub fn run_after(
        &self,
        steps: &[&Prepared],
        outputs: [&Resident; 3],
        images: usize,
        (threshold, max_iou): (f32, f32),
    ) -> Result<Vec<Option<Found>>> {
        let priors = self.spec.count(self.input.0, self.input.1);
        for (output, width) in outputs.iter().zip([4, 2, 8]) {
            check_len("a detector output", output.len(), images * priors * width)?;
        }
        let params = self.gpu.upload(&[self.params(images, priors, threshold, max_iou)], PARAMETERS)?;
        let len = images * RESULT;
        let results = Resident::new(self.gpu.scratch((len * size_of::<u32>()) as u64, "the boxes in bytes")?, len);
        let parts = self.parts(images, priors)?;
        let [loc, conf, landmarks] = outputs.map(Resident::pooled);
        let buffers = [&params, &self.levels, &self.sizes, loc, conf, landmarks, results.pooled(), &parts];
        let passes = self.passes(&buffers, images, priors)?;
        let own = [self.gpu.prepare(&passes[0])?, self.gpu.prepare(&passes[1])?];
        let steps: Vec<_> = steps.iter().copied().chain(&own).collect();
        let mut rows = vec![0; len];
        self.gpu.submit_prepared("a batch of boxes", &steps, &[&results])?.read(&mut rows)?;
        Ok(rows.chunks_exact(RESULT).map(found).collect())
    }

    /// Room for what the first dispatch tells the second.
    fn parts(&self, images: usize, priors: usize) -> Result<Pooled> {
        let words = images * priors.div_ceil(PART) * PART_WORDS;
        self.gpu.scratch((words * size_of::<u32>()) as u64, "the boxes' candidates in bytes")
    }

    fn passes<'a>(&self, buffers: &'a [&'a Pooled], images: usize, priors: usize) -> Result<[Bindings<'a>; 2]> {
        let pass = |entry, count| Ok(Bindings { shader: SHADER, entry, buffers, groups: grid(&self.gpu, count)? });
        Ok([pass("scan", images * priors.div_ceil(PART))?, pass("boxes", images)?])
    }

    fn params(&self, images: usize, priors: usize, threshold: f32, max_iou: f32) -> Params {
        Params {
            images: images as u32,
            priors: priors as u32,
            levels: self.spec.levels.len() as u32,
            max_boxes: MAX_BOXES as u32,
            // Nothing is greater than NaN; the shader would have it below everything.
            threshold: if threshold.is_nan() { f32::INFINITY } else { threshold },
            max_iou,
            variances: self.spec.variances,
        }
    }

    fn dispatch(&self, params: Params, outputs: &RetinaOutputs<'_>, images: usize, priors: usize) -> Result<Vec<u32>> {
        let params = self.gpu.upload(&[params], PARAMETERS)?;
        let upload = |values| self.gpu.upload::<f32>(values, "the detector output in bytes");
        let (loc, conf, landmarks) = (upload(outputs.loc)?, upload(outputs.conf)?, upload(outputs.landmarks)?);
        let len = images * RESULT;
        let results = self.gpu.scratch((len * size_of::<u32>()) as u64, "the boxes in bytes")?;
        let parts = self.parts(images, priors)?;
        let buffers = [&params, &self.levels, &self.sizes, &loc, &conf, &landmarks, &results, &parts];
        let mut rows = vec![0; len];
        self.gpu.submit("a batch of boxes", &self.passes(&buffers, images, priors)?, &results, len)?.read(&mut rows)?;
        Ok(rows)
    }
}

/// What the shader found in an image; `None` where there was too much.
fn found(result: &[u32]) -> Option<Found> {
    if result[1] as usize > CAPACITY || result[2] as usize > MAX_BOXES {
        return None;
    }
    let row = |index: usize| detected(&result[HEADER + index * ROW..][..ROW]);
    let best = (result[0] != u32::MAX).then(|| row(0));
    Some(Found { boxes: (0..result[2] as usize).map(|index| row(1 + index)).collect(), best })
}

fn detected(row: &[u32]) -> Detected {
    let value = |index: usize| f32::from_bits(row[index]);
    Detected {
        rect: Rect { x: value(0), y: value(1), w: value(2), h: value(3) },
        score: value(4),
        class: 0,
        corners: [5, 7, 9, 11].map(|index| [value(index), value(index + 1)]),
    }
}
