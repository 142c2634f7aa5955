//! A net on ONNX Runtime, its input made by [`Pixels`].

use super::{Job, Network, Output};
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

    /// Makes the input in one of the two buffers.
    fn fill(&mut self, job: Job<'_>) -> Result<()> {
        let len = job.shape().iter().product();
        match job {
            Job::Crop(view, rect, spec) if spec.layout == Layout::NhwcU8Rgb => {
                self.is_bytes = true;
                self.bytes.resize(len, 0);
                self.pixels.crop_u8(view, rect, spec, &mut self.bytes)?;
            }
            Job::Crop(view, rect, spec) => {
                self.is_bytes = false;
                self.tensor.resize(len, 0.0);
                self.pixels.crop_f32(view, rect, spec, &mut self.tensor)?;
            }
            Job::Made(_) => {}
            Job::Letterbox(photo, spec) => {
                self.is_bytes = false;
                self.tensor.resize(len, 0.0);
                self.pixels.letterbox(photo, spec, &mut self.tensor)?;
            }
        }
        Ok(())
    }
}

impl Network for OnnxRuntimeNet {
    fn run(&mut self, job: Job<'_>, read: &mut dyn FnMut(&[Output<'_>]) -> Result<()>) -> Result<()> {
        self.fill(job)?;
        let run = self.info.failed("running");
        let shape = job.shape();
        let outputs = if self.is_bytes {
            let input = TensorRef::from_array_view((shape, self.bytes.as_slice())).map_err(&run)?;
            self.session.run(ort::inputs![input]).map_err(&run)?
        } else {
            let input = TensorRef::from_array_view((shape, self.tensor.as_slice())).map_err(&run)?;
            self.session.run(ort::inputs![input]).map_err(&run)?
        };
        let mut seen = Vec::with_capacity(outputs.len());
        for (index, name) in outputs.keys().enumerate() {
            let (_, values) = outputs[index].try_extract_tensor::<f32>().map_err(&run)?;
            seen.push(Output { name, values });
        }
        read(&seen)
    }

    fn make_input(&mut self, job: Job<'_>) -> Result<()> {
        self.fill(job)
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
