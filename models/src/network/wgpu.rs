//! A net on a GPU by the executor of [`tollgate_kernels::net`]: the photo's rows go up, the outputs come back, and what
//! lies between stays there.

use super::{BoxRule, Job, Network, Output};
use crate::net::OnnxNet;
use crate::pixels::{MaybeOfGpu, SharedGpu, part, whole};
use crate::{ModelInfo, Result};
use std::sync::Arc;
use tollgate_kernels::Picture;
use tollgate_kernels::boxes::GpuBoxes;
use tollgate_kernels::boxes::retina::Found;
use tollgate_kernels::gpu::{Photos, Prepared};
use tollgate_kernels::net::{GpuNet, Precision};

/// Sizes of input whose graphs are kept, with their memory; the one that was not used for longest makes room.
const SIZES: usize = 8;

/// A net on a GPU. Where the GPU fails, ONNX Runtime does the photo on the CPU.
pub struct WgpuNet {
    shared: Arc<SharedGpu>,
    file: OnnxNet,
    precision: Precision,
    /// By the shape of the input, the one used last at the end.
    sizes: Vec<Size>,
    /// How often the GPU was opened anew when they were made.
    opened: u64,
    instead: Box<dyn Network>,
    values: Vec<f32>,
}

/// The net for one size of input.
struct Size {
    shape: [usize; 4],
    net: GpuNet,
    /// What decodes its boxes, once that was asked for.
    boxes: Option<GpuBoxes>,
}

impl WgpuNet {
    /// Reads the file; `instead` is the same net on the CPU. On a GPU without 16-bit floats the precision is
    /// [`Precision::F32`] in any case.
    ///
    /// # Errors
    /// It is no ONNX file, or of another kind than the executor takes.
    pub fn load(
        shared: Arc<SharedGpu>,
        info: &ModelInfo,
        precision: Precision,
        instead: Box<dyn Network>,
    ) -> Result<Self> {
        let file = OnnxNet::open(&info.name, &info.path)?;
        Ok(Self { shared, file, precision, sizes: Vec::new(), opened: 0, instead, values: Vec::new() })
    }

    /// The graph for that size, made at its first use.
    fn size(&mut self, shape: [usize; 4]) -> Result<&mut Size> {
        // Graphs of a GPU that was lost are of no use.
        let opened = self.shared.reopened();
        if std::mem::replace(&mut self.opened, opened) != opened {
            self.sizes.clear();
        }
        match self.sizes.iter().position(|size| size.shape == shape) {
            Some(at) => self.sizes[at..].rotate_left(1),
            None => {
                let net = GpuNet::new(&self.shared.gpu(), &self.file.graph(&[&shape])?, self.precision)?;
                self.shared.save_pipelines();
                if self.sizes.len() >= SIZES {
                    self.sizes.remove(0);
                }
                self.sizes.push(Size { shape, net, boxes: None });
            }
        }
        let missing = tollgate_kernels::Error::Spec { kernel: "net", reason: "no graph was made" };
        Ok(self.sizes.last_mut().ok_or(missing)?)
    }

    /// Runs the net; its outputs lie in `values`, one after the other.
    fn attempt(&mut self, job: Job<'_>) -> Result<Vec<usize>> {
        let (shared, mut values) = (Arc::clone(&self.shared), std::mem::take(&mut self.values));
        let net = &self.size(job.shape())?.net;
        let input = input(&shared, job, net)?;
        let pending = match &input {
            Some((_photos, prepared)) => net.submit(&[prepared])?,
            None => net.submit(&[])?,
        };
        let ends = net.outputs().iter().scan(0, |end, output| {
            *end += output.len();
            Some(*end)
        });
        let ends = ends.collect();
        values.resize(pending.len(), 0.0);
        pending.read(&mut values)?;
        self.values = values;
        Ok(ends)
    }
}

impl Size {
    /// Runs the net and decodes its boxes; `None` where there are too many for the GPU.
    fn find(
        &mut self,
        shared: &SharedGpu,
        job: Job<'_>,
        rule: &BoxRule<'_>,
        names: &[String],
    ) -> Result<Option<Found>> {
        let [_, _, height, width] = self.shape;
        let boxes = match self.boxes.take() {
            Some(boxes) => boxes,
            None => GpuBoxes::new(&shared.gpu(), rule.priors.clone(), (width, height))?,
        };
        let boxes = self.boxes.insert(boxes);
        let of = |name: &str| names.iter().position(|known| known == name).and_then(|at| self.net.outputs().get(at));
        let [Some(loc), Some(conf), Some(landmarks)] = rule.outputs.map(of) else { return Ok(None) };
        let input = input(shared, job, &self.net)?;
        let steps: Vec<_> = input.iter().map(|(_, prepared)| prepared).chain(self.net.steps()).collect();
        let limits = (rule.threshold, rule.max_iou);
        Ok(boxes.run_after(&steps, [loc, conf, landmarks], 1, limits)?.pop().flatten())
    }
}

/// What makes the input out of the job's picture, and that picture, uploaded if it was not there; `None` where the input
/// is there already.
fn input(shared: &SharedGpu, job: Job<'_>, net: &GpuNet) -> tollgate_kernels::Result<Option<(Photos, Prepared)>> {
    let none = tollgate_kernels::Error::Spec { kernel: "net", reason: "the net has no input" };
    let tensor = net.inputs().first().ok_or(none)?;
    Ok(match job {
        Job::Made(_) => None,
        Job::Letterbox(photo, spec) => {
            let photos = whole(&shared.gpu(), photo)?;
            let prepared = shared.letterbox().prepare(&photos, &[*spec], tensor)?;
            Some((photos, prepared))
        }
        Job::Crop(view, rect, spec) => {
            let (photos, job) = part(&shared.gpu(), view, rect)?;
            let prepared = shared.crop().prepare(&photos, &[job], spec, tensor)?;
            Some((photos, prepared))
        }
    })
}

/// Whether what the job begins with can be had on the GPU alone.
fn is_on_device(job: &Job<'_>) -> bool {
    matches!(job, Job::Made(_) | Job::Letterbox(Picture::Device(_), _) | Job::Crop(Picture::Device(_), _, _))
}

impl Network for WgpuNet {
    fn run(&mut self, job: Job<'_>, read: &mut dyn FnMut(&[Output<'_>]) -> Result<()>) -> Result<()> {
        let mut ends = Vec::new();
        let shared = Arc::clone(&self.shared);
        let attempt = || {
            ends = self.attempt(job)?;
            Ok::<_, crate::Error>(())
        };
        // A picture that lies on the GPU is out of the CPU's reach: whoever has the photo's file begins anew.
        let falls_back =
            if is_on_device(&job) { shared.noting(attempt).map(|()| false)? } else { shared.falls_back(attempt)? };
        if falls_back {
            return self.instead.run(job, read);
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let parts = starts.zip(&ends).map(|(start, end)| &self.values[start..*end]);
        let outputs: Vec<_> =
            self.file.outputs().iter().zip(parts).map(|(name, values)| Output { name, values }).collect();
        read(&outputs)
    }

    /// Shaders are compiled, weights uploaded and memory taken when the graph is made, so nothing is gained by a run on
    /// the GPU, which takes a software adapter long. What the outputs look like, the CPU says as well.
    fn get_ready(&mut self, job: Job<'_>, read: &mut dyn FnMut(&[Output<'_>]) -> Result<()>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        shared.noting(|| self.size(job.shape()).map(drop)).or_else(|error| match error.of_gpu() {
            // Each run tries again, or falls back.
            Some(_) => Ok(()),
            None => Err(error),
        })?;
        self.instead.run(job, read)
    }

    fn boxes(&mut self, job: Job<'_>, rule: &BoxRule<'_>) -> Result<Option<Found>> {
        let (shared, names) = (Arc::clone(&self.shared), self.file.outputs().to_vec());
        let mut found = None;
        let attempt = || {
            found = self.size(job.shape())?.find(&shared, job, rule, &names)?;
            Ok::<_, crate::Error>(())
        };
        // Where the GPU fails on a picture in main memory, nothing is found here, and `run` does it on the CPU.
        if is_on_device(&job) {
            shared.noting(attempt)?;
        } else {
            shared.falls_back(attempt)?;
        }
        Ok(found)
    }

    fn make_input(&mut self, job: Job<'_>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let net = &self.size(job.shape())?.net;
        if let Some((_photos, prepared)) = input(&shared, job, net)? {
            shared.gpu().run_prepared(&[&prepared])?;
            shared.gpu().finish()?;
        }
        Ok(())
    }

    fn takes_memory_at_once(&self) -> bool {
        false
    }

    fn outputs(&self) -> Vec<String> {
        self.file.outputs().to_vec()
    }

    fn input(&self) -> Vec<i64> {
        self.instead.input()
    }

    fn metadata(&self, key: &str) -> Result<Option<String>> {
        Ok(self.file.metadata(key).map(str::to_owned))
    }
}
