//! A net on ONNX Runtime, its input made by [`Pixels`].

use super::groups::{MOST, groups};
use super::{Job, Network, Output, Show};
use crate::{ModelInfo, Pixels, Provider, Result, Runtime};
use ort::session::Session;
use ort::value::{TensorRef, ValueType};
use tollgate_kernels::crop::Layout;

/// A session with the buffer of its input.
pub struct OnnxRuntimeNet {
    session: Session,
    info: ModelInfo,
    provider: Provider,
    pixels: Box<dyn Pixels>,
    tensor: Vec<f32>,
    bytes: Vec<u8>,
    /// Whether the input made last is in `bytes`.
    is_bytes: bool,
}

impl OnnxRuntimeNet {
    /// Loads the net; `pixels` makes its input.
    ///
    /// # Errors
    /// ONNX Runtime does not take the file, or the provider.
    pub fn load(runtime: &Runtime, info: &ModelInfo, pixels: Box<dyn Pixels>, provider: Provider) -> Result<Self> {
        let session = runtime.session(&info.name, &info.path, provider)?;
        let (tensor, bytes) = (Vec::new(), Vec::new());
        Ok(Self { session, info: info.clone(), provider, pixels, tensor, bytes, is_bytes: false })
    }

    /// Makes the inputs in one of the two buffers, one after the other; the jobs are alike.
    fn fill<'a>(&mut self, jobs: impl ExactSizeIterator<Item = Job<'a>>, each: usize) -> Result<()> {
        let len = each * jobs.len();
        for (index, job) in jobs.enumerate() {
            let place = index * each..(index + 1) * each;
            match job {
                Job::Crop(view, rect, spec) if spec.layout == Layout::NhwcU8Rgb => {
                    self.is_bytes = true;
                    self.bytes.resize(len, 0);
                    self.pixels.crop_u8(view, rect, spec, &mut self.bytes[place])?;
                }
                Job::Crop(view, rect, spec) => {
                    self.is_bytes = false;
                    self.tensor.resize(len, 0.0);
                    self.pixels.crop_f32(view, rect, spec, &mut self.tensor[place])?;
                }
                Job::Made(_) => {}
                Job::Letterbox(photo, spec) => {
                    self.is_bytes = false;
                    self.tensor.resize(len, 0.0);
                    self.pixels.letterbox(photo, spec, &mut self.tensor[place])?;
                }
            }
        }
        Ok(())
    }

    /// Runs the net on inputs that are alike, and shows their outputs.
    fn run_group(&mut self, jobs: &[Job<'_>], group: &[usize], show: &mut Show<'_>) -> Result<()> {
        let Some(first) = group.first() else { return Ok(()) };
        let [_, sides @ ..] = jobs[*first].shape();
        self.fill(group.iter().map(|index| jobs[*index]), sides.iter().product())?;
        let run = self.info.failed("running");
        let [a, b, c] = sides;
        let shape = [group.len(), a, b, c];
        let outputs = if self.is_bytes {
            let input = TensorRef::from_array_view((shape, self.bytes.as_slice())).map_err(&run)?;
            self.session.run(ort::inputs![input]).map_err(&run)?
        } else {
            let input = TensorRef::from_array_view((shape, self.tensor.as_slice())).map_err(&run)?;
            self.session.run(ort::inputs![input]).map_err(&run)?
        };
        let mut all = Vec::with_capacity(outputs.len());
        for (index, name) in outputs.keys().enumerate() {
            let (_, values) = outputs[index].try_extract_tensor::<f32>().map_err(&run)?;
            all.push(Output { name, values });
        }
        let of = |output: &Output<'_>, image: usize| {
            let each = output.values.len() / group.len();
            image * each..(image + 1) * each
        };
        let mut seen = Vec::with_capacity(all.len());
        for (image, index) in group.iter().enumerate() {
            seen.clear();
            seen.extend(all.iter().map(|output| Output { values: &output.values[of(output, image)], ..*output }));
            show(*index, &seen)?;
        }
        Ok(())
    }
}

impl Network for OnnxRuntimeNet {
    fn run(&mut self, jobs: &[Job<'_>], show: &mut Show<'_>) -> Result<()> {
        groups(jobs, self.at_once()).iter().try_for_each(|group| self.run_group(jobs, group, show))
    }

    fn make_inputs(&mut self, jobs: &[Job<'_>]) -> Result<()> {
        let each = jobs.first().map_or(0, |job| job.shape().iter().product());
        self.fill(jobs.iter().copied(), each)
    }

    /// A core is full with one input; a GPU is not. A net whose file says one input gets one.
    fn at_once(&self) -> usize {
        let is_free = self.input().first().is_some_and(|count| *count < 0);
        if self.provider != Provider::Cpu && is_free { MOST } else { 1 }
    }

    fn takes_memory_at_once(&self) -> bool {
        self.provider.takes_memory_at_once()
    }

    fn outputs(&self) -> Vec<String> {
        self.session.outputs().iter().map(|output| output.name().to_owned()).collect()
    }

    fn input(&self) -> Vec<i64> {
        match self.session.inputs().first().map(|input| input.dtype()) {
            Some(ValueType::Tensor { shape, .. }) => shape.to_vec(),
            _ => Vec::new(),
        }
    }

    fn metadata(&self, key: &str) -> Result<Option<String>> {
        Ok(self.session.metadata().map_err(self.info.failed("reading metadata"))?.custom(key))
    }
}
