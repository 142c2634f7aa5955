//! CTC reader: a general text recogniser made to read plates, one or two crops a plate.

use super::crops::{self, CropNet, Speller};
use super::{CropReader, Reader, Reading};
use crate::network::{Network, OnnxRuntimeNet, Provider};
use crate::{ModelInfo, Pixels, Result, Runtime};
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{Charset, Rule};
use tollgate_kernels::{ChannelOrder, Filter, Photo, Rect};

const RULE: &str = "ctc";
const HEIGHT: usize = 48;
const WIDTH: usize = 160;
/// Under this mean confidence the middle band is read as well: slogans above and below a number disturb the net.
const SURE: f32 = 0.97;
/// A plate has at least this many characters; fewer ask for the second crop and lose against a longer reading.
const SHORTEST: usize = 4;
/// The rows of the second crop as shares of the box's height.
const BAND: (f32, f32) = (0.2, 0.9);

/// A reader decoded by the `ctc` rule.
pub struct CtcReader {
    net: CropNet,
}

impl CtcReader {
    /// Loads the net into ONNX Runtime, on the CPU; `pixels` makes its input.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let net = OnnxRuntimeNet::load(runtime, &info, pixels, Provider::Cpu)?;
        Self::on(Box::new(net), info)
    }

    /// With a net that is loaded already; its classes stand in the ONNX metadata under `character`, one a line.
    ///
    /// # Errors
    /// It is another, or does not run.
    pub fn on(net: Box<dyn Network>, info: ModelInfo) -> Result<Self> {
        let Some(classes) = net.metadata("character")? else {
            return Err(info.misfit(RULE, "its metadata has no `character` list"));
        };
        // The list leaves out its last class, the space.
        let raw = Charset::with_blank(classes.split('\n').map(|c| c.chars().next().unwrap_or(' ')).chain([' ']));
        let (name, plate) = (info.name.as_str().into(), raw.clone().plates_only());
        let speller = Speller { info, rule: Rule::Ctc, plate, raw, pad: None, name };
        Ok(Self { net: CropNet::new(net, Self::layout(), speller)? })
    }

    /// The net's input.
    fn layout() -> CropSpec {
        let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
        CropSpec { out_w: WIDTH, out_h: HEIGHT, filter: Filter::Bilinear, layout }
    }
}

/// The more confident of two readings, those long enough to be a plate first.
fn better(a: Reading, b: Reading) -> Reading {
    let worth = |r: &Reading| r.mean_confidence() + if r.text.len() >= SHORTEST { 1.0 } else { 0.0 };
    if worth(&b) > worth(&a) { b } else { a }
}

/// The rows of the second crop.
fn band(rect: Rect) -> Rect {
    Rect { y: rect.y + rect.h * BAND.0, h: rect.h * (BAND.1 - BAND.0), ..rect }
}

impl Reader for CtcReader {
    fn read(&mut self, photos: &mut [&mut Photo], plates: &[&[Detected]]) -> Result<Vec<Vec<Reading>>> {
        let wanted = crops::wanted(plates, |rect| rect);
        let mut readings = self.net.read(photos, &wanted)?;
        let is_unsure = |reading: &Reading| reading.mean_confidence() < SURE || reading.text.len() < SHORTEST;
        let unsure: Vec<_> = (0..readings.len()).filter(|index| is_unsure(&readings[*index])).collect();
        let bands: Vec<_> = unsure.iter().map(|index| (wanted[*index].0, band(wanted[*index].1))).collect();
        for (index, second) in unsure.into_iter().zip(self.net.read(photos, &bands)?) {
            let first = std::mem::replace(&mut readings[index], Reading::none());
            readings[index] = better(first, second);
        }
        Ok(crops::by_photo(readings, plates))
    }

    fn at_once(&self) -> usize {
        self.net.at_once()
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        vec![self.net.info()]
    }
}

impl CropReader for CtcReader {
    fn crops(&mut self) -> &mut CropNet {
        &mut self.net
    }

    fn around(&self, plate: Rect) -> Rect {
        plate
    }
}
