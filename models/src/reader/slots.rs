//! Fixed-slot reader: a character for each of a fixed number of places, and the region the plate comes from.

use super::crops::{self, CropNet, Speller};
use super::{CropReader, Reader, Reading};
use crate::network::{Network, OnnxRuntimeNet, Provider};
use crate::{ModelInfo, Pixels, Result, Runtime};
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{Charset, Rule};
use tollgate_kernels::{Filter, Photo, Rect};

const RULE: &str = "slots";
/// The alphabet of fast-plate-ocr's Latin models; `_` fills the places that a short plate leaves.
const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
const PAD: char = '_';
/// The net was trained with boxes a little wider than the plate: this share of each side is added around.
const MARGIN: f32 = 0.1;

/// A reader decoded by the `slots` rule.
pub struct SlotReader {
    net: CropNet,
}

impl SlotReader {
    /// Loads the net into ONNX Runtime, on the CPU; its input, which `pixels` makes, must be `u8[n,H,W,3]`.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let net = OnnxRuntimeNet::load(runtime, &info, pixels, Provider::Cpu)?;
        Self::on(Box::new(net), info)
    }

    /// With a net that is loaded already; its input must be `u8[n,H,W,3]`.
    ///
    /// # Errors
    /// It is another, or does not run.
    pub fn on(net: Box<dyn Network>, info: ModelInfo) -> Result<Self> {
        let shape = net.input();
        let Some(spec) = Self::layout(&shape) else {
            return Err(info.misfit(RULE, format!("its input is {shape:?}, not [n,H,W,3]")));
        };
        let name = info.name.as_str().into();
        let plate = Charset::with_pad(ALPHABET, PAD).plates_only();
        let raw = Charset::new(ALPHABET.chars().map(Some));
        let speller = Speller { info, rule: Rule::Slots, plate, raw, pad: Some(PAD), name };
        Ok(Self { net: CropNet::new(net, spec, speller)? })
    }

    fn layout(shape: &[i64]) -> Option<CropSpec> {
        match *shape {
            [_, h, w, 3] if h > 0 && w > 0 => {
                let (out_h, out_w) = (h as usize, w as usize);
                Some(CropSpec { out_w, out_h, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb })
            }
            _ => None,
        }
    }

    /// What of a photo is read for a plate in `rect`.
    fn around(rect: Rect) -> Rect {
        rect.pad(MARGIN)
    }
}

impl Reader for SlotReader {
    fn read(&mut self, photos: &mut [&mut Photo], plates: &[&[Detected]]) -> Result<Vec<Vec<Reading>>> {
        let wanted = crops::wanted(plates, Self::around);
        Ok(crops::by_photo(self.net.read(photos, &wanted)?, plates))
    }

    fn at_once(&self) -> usize {
        self.net.at_once()
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        vec![self.net.info()]
    }
}

impl CropReader for SlotReader {
    fn crops(&mut self) -> &mut CropNet {
        &mut self.net
    }

    fn around(&self, plate: Rect) -> Rect {
        Self::around(plate)
    }
}
