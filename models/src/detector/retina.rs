//! RetinaFace-style detector: priors on three strides, four-corner landmarks.

use super::region::{self, Region};
use super::{Detector, to_photo};
use crate::network::{BoxRule, Job, Network, OnnxRuntimeNet, Provider, and_left, named};
use crate::{ModelInfo, Pixels, Result, Runtime};
use tollgate_kernels::boxes::retina::{self, Found, PriorSpec, RetinaOutputs};
use tollgate_kernels::boxes::{self, Detected};
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::photo::make_parts;
use tollgate_kernels::{ChannelOrder, Filter, Photo, RgbView};

const RULE: &str = "retina";
const OUTPUTS: [&str; 3] = ["loc", "conf", "landms"];
/// The stock threshold of .5 loses a sixth of the plates; judging comes later and sees the score.
const THRESHOLD: f32 = 0.1;
const OVERLAP: f32 = 0.4;
/// The long side of the first pass, in pixels.
const LONG_SIDE: usize = 640;
/// The first look enlarges a small photo by no more than this: it would cost time and show nothing new.
const ENLARGED: f32 = 1.2;
/// The long side of the closer look, which small and far plates need.
const LONG_SIDE_FAR: usize = 960;
/// The side of the input that a net gets ready with, where a small one will do.
const WARM_UP_SIDE: usize = 64;
/// Blue, green, red means the net was trained with.
const MEAN_BGR: [f32; 3] = [104.0, 117.0, 123.0];

/// A detector decoded by the `retina` rule.
pub struct Retina {
    net: Box<dyn Network>,
    info: ModelInfo,
    priors: PriorSpec,
}

impl Retina {
    /// Loads the net into ONNX Runtime, on the CPU; `pixels` makes its input.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let net = OnnxRuntimeNet::load(runtime, &info, pixels, Provider::Cpu)?;
        Self::on(Box::new(net), info)
    }

    /// With a net that is loaded already.
    ///
    /// # Errors
    /// It has not the outputs of this rule, or does not run.
    pub fn on(net: Box<dyn Network>, info: ModelInfo) -> Result<Self> {
        let found = net.outputs();
        for output in OUTPUTS {
            if !found.iter().any(|name| name == output) {
                return Err(info.misfit(RULE, format!("it has no output `{output}`")));
            }
        }
        let long = if net.takes_memory_at_once() { LONG_SIDE_FAR } else { WARM_UP_SIDE };
        let mut detector = Self { net, info, priors: PriorSpec::default() };
        // Takes at once the memory of the largest look, and the first photo takes no longer than the others.
        let spec = Self::layout(1, 1, long);
        detector.find(&[Job::Letterbox(RgbView::new(&[0; 3], 1, 1)?.into(), &spec)])?;
        Ok(detector)
    }

    /// How the first look at a photo of that size is laid into the net's input, and the long side of the picture that
    /// is wanted for it.
    pub fn first_look(width: usize, height: usize) -> (usize, LetterboxSpec) {
        let most = (width.max(height) as f32 * ENLARGED) as usize;
        let long = LONG_SIDE.min(most.max(1));
        (long, Self::layout(width, height, long))
    }

    /// The net.
    pub fn net(&mut self) -> &mut dyn Network {
        self.net.as_mut()
    }

    /// How a photo of that size is laid into the net's input: long side scaled to `long`, zeros right and bottom, and
    /// only as many as fill the stride of 32.
    pub fn layout(width: usize, height: usize, long: usize) -> LetterboxSpec {
        let scale = long as f32 / width.max(height) as f32;
        let side = |n: usize| ((n as f32 * scale).round() as usize).max(1);
        let (content_w, content_h) = (side(width), side(height));
        LetterboxSpec {
            out_w: content_w.next_multiple_of(32),
            out_h: content_h.next_multiple_of(32),
            content_x: 0,
            content_y: 0,
            content_w,
            content_h,
            filter: Filter::Area,
            order: ChannelOrder::Bgr,
            mean: MEAN_BGR,
            scale: [1.0; 3],
            pad: [0.0; 3],
        }
    }

    /// Runs the net; boxes of each job in input pixels.
    ///
    /// # Errors
    /// The net's, or the kernels'.
    pub fn find(&mut self, jobs: &[Job<'_>]) -> Result<Vec<Vec<Detected>>> {
        let Self { net, info, priors } = self;
        let rule = BoxRule { priors, outputs: OUTPUTS, threshold: THRESHOLD, max_iou: OVERLAP };
        let (seen, left) = and_left(net.boxes(jobs, &rule)?, jobs.len());
        let mut found: Vec<_> = seen.into_iter().map(|seen| seen.map_or_else(Vec::new, Found::or_best)).collect();
        let jobs: Vec<_> = left.iter().map(|job| jobs[*job]).collect();
        net.run(&jobs, &mut |job, outputs| {
            let of = |name| named(outputs, name).ok_or_else(|| info.misfit(RULE, format!("it gave no `{name}`")));
            let [loc, conf, landmarks] = OUTPUTS.map(of);
            let outputs = RetinaOutputs { loc: loc?, conf: conf?, landmarks: landmarks? };
            let [_, _, height, width] = jobs[job].shape();
            let found = &mut found[left[job]];
            let best = retina::decode(priors, (width, height), &outputs, THRESHOLD, found)?;
            if found.is_empty() {
                found.extend(best);
            }
            boxes::nms(found, OVERLAP);
            Ok(())
        })?;
        Ok(found)
    }
}

/// How a photo is looked at for the second time.
enum Closer {
    Part(Region, CropSpec),
    Whole(LetterboxSpec),
}

impl Closer {
    fn new(first: &[Detected], (width, height): (usize, usize)) -> Self {
        match region::around(first, (width, height), LONG_SIDE_FAR) {
            Some(region) => {
                let (out_w, out_h) = region.input;
                let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: MEAN_BGR, scale: [1.0; 3] };
                Self::Part(region, CropSpec { out_w, out_h, filter: Filter::Area, layout })
            }
            None => Self::Whole(Retina::layout(width, height, LONG_SIDE_FAR)),
        }
    }

    fn job<'a>(&'a self, photo: &'a mut Photo) -> Result<Job<'a>> {
        Ok(match self {
            Self::Part(region, spec) => {
                let (view, rect) = photo.part(region.rect)?;
                Job::Crop(view, rect, spec)
            }
            Self::Whole(spec) => Job::Letterbox(photo.at_least(LONG_SIDE_FAR)?, spec),
        })
    }

    /// Moves boxes from input pixels to photo pixels.
    fn to_photo(&self, found: &mut [Detected], photo: (usize, usize)) {
        match self {
            Self::Part(region, _) => found.iter_mut().for_each(|d| region.to_photo(d)),
            Self::Whole(spec) => to_photo(found, spec, photo),
        }
    }
}

fn size(photo: &Photo) -> (usize, usize) {
    (photo.width(), photo.height())
}

impl Detector for Retina {
    fn detect(&mut self, photos: &mut [&mut Photo]) -> Result<Vec<Vec<Detected>>> {
        let sizes: Vec<_> = photos.iter().map(|photo| size(photo)).collect();
        let looks: Vec<_> = sizes.iter().map(|(width, height)| Self::first_look(*width, *height)).collect();
        let looked = photos.iter_mut().zip(&looks);
        let jobs = looked.map(|(photo, (long, spec))| Ok(Job::Letterbox(photo.at_least(*long)?, spec)));
        let mut found = self.find(&jobs.collect::<Result<Vec<_>>>()?)?;
        for ((found, (_, spec)), size) in found.iter_mut().zip(&looks).zip(sizes) {
            to_photo(found, spec, size);
        }
        Ok(found)
    }

    fn detect_closer(
        &mut self,
        photos: &mut [&mut Photo],
        first: &[&[Detected]],
    ) -> Result<Option<Vec<Vec<Detected>>>> {
        let sizes: Vec<_> = photos.iter().map(|photo| size(photo)).collect();
        let looks: Vec<_> = first.iter().zip(&sizes).map(|(first, size)| Closer::new(first, *size)).collect();
        let part = |(photo, look): (usize, &Closer)| match look {
            Closer::Part(region, _) => Some((photo, region.rect)),
            Closer::Whole(_) => None,
        };
        make_parts(photos, &looks.iter().enumerate().filter_map(part).collect::<Vec<_>>())?;
        let jobs = photos.iter_mut().zip(&looks).map(|(photo, look)| look.job(photo));
        let mut found = self.find(&jobs.collect::<Result<Vec<_>>>()?)?;
        for ((found, look), size) in found.iter_mut().zip(&looks).zip(sizes) {
            look.to_photo(found, size);
        }
        Ok(Some(found))
    }

    fn at_once(&self) -> usize {
        self.net.at_once()
    }

    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn long_side(&self) -> usize {
        LONG_SIDE
    }

    fn threshold(&self) -> f32 {
        THRESHOLD
    }
}
