//! A net on a GPU by the executor of [`tollgate_kernels::net`]: the photo's rows go up, the outputs come back, and what
//! lies between stays there.

use super::groups::{MOST, batch_size, groups, is_on_device};
use super::inputs::Inputs;
use super::{BoxRule, Job, Network, Output, Show, Spelled, TextRule};
use crate::net::OnnxNet;
use crate::pixels::{MaybeOfGpu, SharedGpu};
use crate::{ModelInfo, Result};
use std::sync::Arc;
use tollgate_kernels::Error as KernelError;
use tollgate_kernels::boxes::GpuBoxes;
use tollgate_kernels::boxes::retina::Found;
use tollgate_kernels::ctc::GpuCtc;
use tollgate_kernels::net::{GpuNet, Precision};

/// Sizes of input whose graphs are kept, with their memory; the one that was not used for longest makes room.
const SIZES: usize = 16;
/// Bytes that they hold, all but the one in use: the detector's activations for 32 inputs of 640 × 640 are 490 MB.
const MAX_BYTES: usize = 1 << 30;

/// A net on a GPU. Where the GPU fails, ONNX Runtime does the photo on the CPU.
pub struct WgpuNet {
    shared: Arc<SharedGpu>,
    file: Arc<OnnxNet>,
    precision: Precision,
    /// By the shape of the input, the one used last at the end.
    sizes: Vec<Size>,
    /// [`SharedGpu::epoch`] when they were made.
    epoch: (u64, u64),
    instead: Box<dyn Network>,
    values: Vec<f32>,
}

/// The net for one size of input.
struct Size {
    shape: [usize; 4],
    net: GpuNet,
    /// What decodes its boxes, once that was asked for.
    boxes: Option<GpuBoxes>,
    /// What decodes its texts, once that was asked for.
    ctc: Option<GpuCtc>,
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
        let file = shared.net(info)?;
        Ok(Self { shared, file, precision, sizes: Vec::new(), epoch: (0, 0), instead, values: Vec::new() })
    }

    /// The graph for jobs that are alike, made at its first use.
    fn size(&mut self, jobs: &[Job<'_>]) -> Result<&mut Size> {
        let [_, a, b, c] = jobs.first().map_or([0; 4], Job::shape);
        let shape = [batch_size(jobs.len()), a, b, c];
        let epoch = self.shared.epoch();
        if std::mem::replace(&mut self.epoch, epoch) != epoch {
            self.sizes.clear();
        }
        match self.sizes.iter().position(|size| size.shape == shape) {
            Some(at) => self.sizes[at..].rotate_left(1),
            None => {
                let net = self.make(shape)?;
                self.shared.save_pipelines();
                self.sizes.push(Size { shape, net, boxes: None, ctc: None });
                self.make_room();
            }
        }
        let missing = KernelError::Spec { kernel: "net", reason: "no graph was made" };
        Ok(self.sizes.last_mut().ok_or(missing)?)
    }

    /// A graph; where there is no memory for it, in place of those of other sizes. Where that is not enough, other lanes
    /// are asked for room, for the next time.
    fn make(&mut self, shape: [usize; 4]) -> Result<GpuNet> {
        let graph = self.file.graph(&[&shape])?;
        let (shared, precision) = (&self.shared, self.precision);
        let make = || GpuNet::new(&shared.gpu(), &graph, precision, &shared.weights());
        let mut made = make();
        if matches!(made, Err(KernelError::OutOfMemory { .. })) && !self.sizes.is_empty() {
            self.sizes.clear();
            made = make();
        }
        if matches!(made, Err(KernelError::OutOfMemory { .. })) {
            shared.make_room();
        }
        Ok(made?)
    }

    /// The shapes of inputs that it has graphs for, the one used last at the end.
    pub fn shapes(&self) -> impl Iterator<Item = [usize; 4]> + '_ {
        self.sizes.iter().map(|size| size.shape)
    }

    /// Lets go of the sizes that were not used for longest, never of the last one.
    fn make_room(&mut self) {
        let held = |sizes: &[Size]| sizes.iter().rev().skip(1).map(|size| size.net.bytes()).sum::<usize>();
        while self.sizes.len() > SIZES || (self.sizes.len() > 1 && held(&self.sizes) > MAX_BYTES) {
            self.sizes.remove(0);
        }
    }

    /// Gives jobs to `attempt` in groups that are done at once, with their numbers; in halves where a group is too much
    /// for the GPU. Returns the numbers of those that the CPU has to do.
    ///
    /// A picture that lies on the GPU is out of the CPU's reach: there the GPU's error is passed on, and whoever has the
    /// photo's file begins anew.
    fn in_groups(
        &mut self,
        jobs: &[Job<'_>],
        mut attempt: impl FnMut(&mut Self, &[Job<'_>], &[usize]) -> Result<()>,
    ) -> Result<Vec<usize>> {
        let (shared, mut left) = (Arc::clone(&self.shared), Vec::new());
        let mut waiting = groups(jobs, self.at_once());
        waiting.reverse();
        while let Some(mut group) = waiting.pop() {
            let alike: Vec<_> = group.iter().map(|index| jobs[*index]).collect();
            let mut is_too_much = false;
            let attempt = || match attempt(self, &alike, &group) {
                Err(error) if group.len() > 1 && error.is_too_much() => {
                    is_too_much = true;
                    Ok(())
                }
                outcome => outcome,
            };
            let is_on_device = alike.first().is_some_and(is_on_device);
            let falls_back =
                if is_on_device { shared.noting(attempt).map(|()| false)? } else { shared.falls_back(attempt)? };
            if is_too_much {
                let half = group.split_off(group.len() / 2);
                waiting.extend([half, group]);
            } else if falls_back {
                left.extend(group);
            }
        }
        Ok(left)
    }

    /// What `decode` makes of jobs that are alike where the net runs, job by job. Where the GPU fails on pictures in main
    /// memory there is nothing, and [`Network::run`] does them on the CPU.
    fn decoded<T: Clone>(
        &mut self,
        jobs: &[Job<'_>],
        mut decode: impl FnMut(&mut Size, &SharedGpu, &[Job<'_>], &[String]) -> Result<Vec<Option<T>>>,
    ) -> Result<Vec<Option<T>>> {
        let (shared, names) = (Arc::clone(&self.shared), self.file.outputs().to_vec());
        let mut decoded = vec![None; jobs.len()];
        self.in_groups(jobs, |net, alike, group| {
            let of_group = decode(net.size(alike)?, &shared, alike, &names)?;
            for (index, of_job) in group.iter().zip(of_group) {
                decoded[*index] = of_job;
            }
            Ok(())
        })?;
        Ok(decoded)
    }

    /// Runs the net on jobs that are alike; its outputs lie in `values`, one after the other. Returns where each ends,
    /// and how many inputs they are of.
    fn outputs_of(&mut self, jobs: &[Job<'_>]) -> Result<(Vec<usize>, usize)> {
        let (shared, mut values) = (Arc::clone(&self.shared), std::mem::take(&mut self.values));
        let Size { net, shape: [count, ..], .. } = self.size(jobs)?;
        let inputs = Inputs::new(&shared, jobs, net.inputs())?;
        let pending = net.submit(&inputs.steps())?;
        let ends = net.outputs().iter().scan(0, |end, output| {
            *end += output.len();
            Some(*end)
        });
        let (ends, count) = (ends.collect(), *count);
        values.resize(pending.len(), 0.0);
        pending.read(&mut values)?;
        self.values = values;
        Ok((ends, count))
    }

    /// Runs the net on jobs that are alike and shows their outputs.
    fn run_group(&mut self, jobs: &[Job<'_>], group: &[usize], show: &mut Show<'_>) -> Result<()> {
        let (ends, count) = self.outputs_of(jobs)?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let parts: Vec<_> = starts.zip(&ends).map(|(start, end)| &self.values[start..*end]).collect();
        let mut outputs = Vec::with_capacity(parts.len());
        for (image, index) in group.iter().enumerate() {
            let of = |values: &&[f32]| image * (values.len() / count)..(image + 1) * (values.len() / count);
            outputs.clear();
            outputs.extend(
                self.file.outputs().iter().zip(&parts).map(|(name, all)| Output { name, values: &all[of(all)] }),
            );
            show(*index, &outputs)?;
        }
        Ok(())
    }
}

impl Size {
    /// Runs the net on jobs that are alike and decodes their boxes; `None` for those with too many for the GPU, and for
    /// all where the net has not the rule's outputs.
    fn find(
        &mut self,
        shared: &SharedGpu,
        jobs: &[Job<'_>],
        rule: &BoxRule<'_>,
        names: &[String],
    ) -> Result<Vec<Option<Found>>> {
        let [count, _, height, width] = self.shape;
        let boxes = match self.boxes.take() {
            Some(boxes) => boxes,
            None => GpuBoxes::new(&shared.gpu(), rule.priors.clone(), (width, height))?,
        };
        let boxes = self.boxes.insert(boxes);
        let of = |name: &str| names.iter().position(|known| known == name).and_then(|at| self.net.outputs().get(at));
        let [Some(loc), Some(conf), Some(landmarks)] = rule.outputs.map(of) else { return Ok(vec![None; jobs.len()]) };
        let inputs = Inputs::new(shared, jobs, self.net.inputs())?;
        let steps: Vec<_> = inputs.steps().into_iter().chain(self.net.steps()).collect();
        let limits = (rule.threshold, rule.max_iou);
        Ok(boxes.run_after(&steps, [loc, conf, landmarks], count, limits)?)
    }

    /// Runs the net on jobs that are alike and decodes their texts.
    fn spell(
        &mut self,
        shared: &SharedGpu,
        jobs: &[Job<'_>],
        rule: &TextRule<'_>,
        names: &[String],
    ) -> Result<Vec<Option<Spelled>>> {
        let [count, ..] = self.shape;
        let ctc = match self.ctc.take() {
            Some(ctc) => ctc,
            None => GpuCtc::new(&shared.gpu(), rule.charset.clone(), rule.rule, rule.scores)?,
        };
        let ctc = self.ctc.insert(ctc);
        let outputs = self.net.outputs();
        let Some(scores) = outputs.first() else { return Ok(vec![None; jobs.len()]) };
        let also = names.iter().position(|name| name == rule.also).and_then(|at| outputs.get(at));
        let inputs = Inputs::new(shared, jobs, self.net.inputs())?;
        let steps: Vec<_> = inputs.steps().into_iter().chain(self.net.steps()).collect();
        let (texts, values) = ctc.run_after(&steps, scores, (count, jobs.len()), also.as_slice(), rule.limit)?;
        let each = values.len() / count;
        let of = |(image, text)| Some(Spelled { text, also: values[image * each..(image + 1) * each].to_vec() });
        Ok(texts.into_iter().enumerate().map(of).collect())
    }
}

impl Network for WgpuNet {
    fn run(&mut self, jobs: &[Job<'_>], show: &mut Show<'_>) -> Result<()> {
        let left = self.in_groups(jobs, |net, alike, group| net.run_group(alike, group, show))?;
        left.into_iter().try_for_each(|index| self.instead.run(&[jobs[index]], &mut |_, outputs| show(index, outputs)))
    }

    /// Shaders are compiled, weights uploaded and memory taken when the graph is made, so nothing is gained by a run on
    /// the GPU, which takes a software adapter long. What the outputs look like, the CPU says as well.
    fn get_ready(&mut self, job: Job<'_>, show: &mut Show<'_>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        shared.noting(|| self.size(&[job]).map(drop)).or_else(|error| match error.of_gpu() {
            // Each run tries again, or falls back.
            Some(_) => Ok(()),
            None => Err(error),
        })?;
        self.instead.run(&[job], show)
    }

    fn boxes(&mut self, jobs: &[Job<'_>], rule: &BoxRule<'_>) -> Result<Option<Vec<Option<Found>>>> {
        self.decoded(jobs, |size, shared, alike, names| size.find(shared, alike, rule, names)).map(Some)
    }

    fn texts(&mut self, jobs: &[Job<'_>], rule: &TextRule<'_>) -> Result<Option<Vec<Option<Spelled>>>> {
        self.decoded(jobs, |size, shared, alike, names| size.spell(shared, alike, rule, names)).map(Some)
    }

    fn make_inputs(&mut self, jobs: &[Job<'_>]) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let net = &self.size(jobs)?.net;
        let inputs = Inputs::new(&shared, jobs, net.inputs())?;
        shared.gpu().run_prepared(&inputs.steps())?;
        Ok(shared.gpu().finish()?)
    }

    /// One where the file says one: its shapes are then made for that.
    fn at_once(&self) -> usize {
        if self.input().first().is_some_and(|count| *count < 0) { MOST } else { 1 }
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
