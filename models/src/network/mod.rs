//! Where a net runs: from pixels to its outputs, on ONNX Runtime or on a GPU without a way back in between.

mod groups;
mod inputs;
mod onnxruntime;
mod wgpu;

pub use crate::runtime::Provider;
pub use onnxruntime::OnnxRuntimeNet;
pub use wgpu::WgpuNet;

use crate::Result;
use tollgate_kernels::boxes::retina::{Found, PriorSpec};
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{Charset, Rule, Scores, Text};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{Picture, Rect};

/// What a net's input is made of.
#[derive(Clone, Copy, Debug)]
pub enum Job<'a> {
    /// A photo, laid into a tensor `[1, 3, out_h, out_w]`.
    Letterbox(Picture<'a>, &'a LetterboxSpec),
    /// A part of a photo: `[1, 3, out_h, out_w]`, or bytes `[1, out_h, out_w, 3]`.
    Crop(Picture<'a>, Rect, &'a CropSpec),
    /// An input that [`Network::make_inputs`] made last, of this shape; as many of them as it made.
    Made([usize; 4]),
}

impl Job<'_> {
    /// The shape of the input.
    pub fn shape(&self) -> [usize; 4] {
        match self {
            Self::Made(shape) => *shape,
            Self::Letterbox(_, spec) => [1, 3, spec.out_h, spec.out_w],
            Self::Crop(_, _, CropSpec { out_w, out_h, layout: Layout::NhwcU8Rgb, .. }) => [1, *out_h, *out_w, 3],
            Self::Crop(_, _, spec) => [1, 3, spec.out_h, spec.out_w],
        }
    }
}

/// An output of a net.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// Its name in the file.
    pub name: &'a str,
    /// Its values, rows last.
    pub values: &'a [f32],
}

/// How boxes are decoded from a net's outputs.
#[derive(Clone, Copy, Debug)]
pub struct BoxRule<'a> {
    /// The priors.
    pub priors: &'a PriorSpec,
    /// Names of the outputs: locations, scores, landmarks.
    pub outputs: [&'a str; 3],
    /// The lowest score that counts.
    pub threshold: f32,
    /// The largest overlap that two boxes may have.
    pub max_iou: f32,
}

/// How text is decoded from a net's first output.
#[derive(Clone, Copy, Debug)]
pub struct TextRule<'a> {
    /// From scores to characters.
    pub rule: Rule,
    /// What the classes write.
    pub charset: &'a Charset,
    /// What the scores are.
    pub scores: Scores,
    /// Candidates that are wanted.
    pub limit: usize,
    /// Another output whose values are wanted.
    pub also: &'a str,
}

/// A text that was decoded where its net runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spelled {
    /// The text.
    pub text: Text,
    /// The values of the other output; none where the net has no such.
    pub also: Vec<f32>,
}

/// Is shown a job's number and its outputs.
pub type Show<'a> = dyn FnMut(usize, &[Output<'_>]) -> Result<()> + 'a;

/// Runs a net. Not shared between threads: each worker has its own, with its own buffers.
pub trait Network: Send {
    /// Makes the input of each job, runs the net and shows the outputs, in the file's order, to `show`. Jobs of one shape
    /// are done at once where that is quicker, so they may be shown in another order than they come in.
    fn run(&mut self, jobs: &[Job<'_>], show: &mut Show<'_>) -> Result<()>;

    /// Gets ready for inputs of this shape, and shows outputs for `job`'s to `show`, so that a net that does not fit its
    /// rule is known before the first photo. Where it runs is the implementation's choice.
    fn get_ready(&mut self, job: Job<'_>, show: &mut Show<'_>) -> Result<()> {
        self.run(&[job], show)
    }

    /// Runs a net of the `retina` rule and decodes its boxes where it runs, in input pixels. `None` where that is not
    /// done there, for all jobs or for one: then [`Network::run`] it is.
    fn boxes(&mut self, _jobs: &[Job<'_>], _rule: &BoxRule<'_>) -> Result<Option<Vec<Option<Found>>>> {
        Ok(None)
    }

    /// Runs a reader and decodes its texts where it runs. `None` as for [`Network::boxes`].
    fn texts(&mut self, _jobs: &[Job<'_>], _rule: &TextRule<'_>) -> Result<Option<Vec<Option<Spelled>>>> {
        Ok(None)
    }

    /// Makes the inputs alone and waits for them; [`Job::Made`] runs the net on them. The others do both at once: this is for measuring each by itself. The jobs are of one shape, and as many
    /// as [`Network::at_once`] at most.
    fn make_inputs(&mut self, jobs: &[Job<'_>]) -> Result<()>;

    /// So many inputs of one shape are done at once.
    fn at_once(&self) -> usize;

    /// Whether its memory is that of the largest input it ever had, so that this is run first. Where memory is planned
    /// for each size, any small input will do to get ready.
    fn takes_memory_at_once(&self) -> bool {
        true
    }

    /// Names of the outputs.
    fn outputs(&self) -> Vec<String>;

    /// The first input's shape, -1 where it is free; none where the file does not say.
    fn input(&self) -> Vec<i64>;

    /// A text that the file carries.
    fn metadata(&self, key: &str) -> Result<Option<String>>;
}

/// What was decoded where a net runs, and the numbers of the jobs that [`Network::run`] is left with.
pub(crate) fn and_left<T: Clone>(decoded: Option<Vec<Option<T>>>, jobs: usize) -> (Vec<Option<T>>, Vec<usize>) {
    let decoded = decoded.unwrap_or_else(|| vec![None; jobs]);
    let left = decoded.iter().enumerate().filter(|(_, decoded)| decoded.is_none()).map(|(job, _)| job).collect();
    (decoded, left)
}

/// The values of an output, by name.
pub(crate) fn named<'a>(outputs: &[Output<'a>], name: &str) -> Option<&'a [f32]> {
    outputs.iter().find(|output| output.name == name).map(|output| output.values)
}
