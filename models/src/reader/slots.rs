//! Fixed-slot reader: a character for each of a fixed number of places, and the region the plate comes from.

use super::regions::REGIONS;
use super::{Reader, Reading, crops};
use crate::network::{Job, Network, OnnxRuntimeNet, Output, Provider, named};
use crate::{ModelInfo, Pixels, Result, Runtime};
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{self, Charset, Decoded, MAX_CANDIDATES, Scores};
use tollgate_kernels::{Filter, Photo, Rect, RgbView};

const RULE: &str = "slots";
/// The alphabet of fast-plate-ocr's Latin models; `_` fills the places that a short plate leaves.
const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
const PAD: char = '_';
/// The net was trained with boxes a little wider than the plate: this share of each side is added around.
const MARGIN: f32 = 0.1;
/// A reader decoded by the `slots` rule.
pub struct SlotReader {
    net: Box<dyn Network>,
    info: ModelInfo,
    name: Arc<str>,
    /// Writes plate characters.
    plate: Charset,
    /// Writes every slot, padding too.
    raw: Charset,
    spec: CropSpec,
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
        let mut reader = Self {
            net,
            name: info.name.as_str().into(),
            info,
            plate: Charset::with_pad(ALPHABET, PAD).plates_only(),
            raw: Charset::new(ALPHABET.chars().map(Some)),
            spec,
        };
        // Takes at once the memory it will ever need, and the first plate is read as quickly as the others.
        let Self { net, info, name, plate, raw, spec } = &mut reader;
        let job = Job::Crop(RgbView::new(&[0; 3], 1, 1)?.into(), Rect { x: 0.0, y: 0.0, w: 1.0, h: 1.0 }, spec);
        net.get_ready(job, &mut |_, outputs| decode(info, name, [plate, raw], outputs).map(drop))?;
        Ok(reader)
    }

    /// The input of a net whose first input has this shape; `None` unless that is `[n,H,W,3]`.
    pub fn layout(shape: &[i64]) -> Option<CropSpec> {
        match *shape {
            [_, h, w, 3] if h > 0 && w > 0 => {
                let (out_h, out_w) = (h as usize, w as usize);
                Some(CropSpec { out_w, out_h, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb })
            }
            _ => None,
        }
    }

    /// What of a photo is read for a plate in `rect`.
    pub fn around(rect: Rect) -> Rect {
        rect.pad(MARGIN)
    }
}

/// The reading of one plate; the charsets are those of plates and of every slot.
fn decode(info: &ModelInfo, name: &Arc<str>, charsets: [&Charset; 2], outputs: &[Output<'_>]) -> Result<Reading> {
    let [plate, raw] = charsets;
    let scores = outputs.first().map_or(&[][..], |output| output.values);
    if scores.is_empty() || !scores.len().is_multiple_of(plate.len()) {
        return Err(info.misfit(RULE, format!("its output has {} scores, not {} a slot", scores.len(), plate.len())));
    }
    let (mut decoded, mut all) = (Decoded::default(), Decoded::default());
    ctc::decode_slots(scores, plate, Scores::Probabilities, MAX_CANDIDATES, &mut decoded)?;
    ctc::decode_slots(scores, raw, Scores::Probabilities, 0, &mut all)?;
    Ok(Reading {
        text: decoded.text,
        raw_text: all.text.trim_end_matches(PAD).into(),
        confidences: decoded.confidences,
        candidates: decoded.candidates,
        region: named(outputs, "region").and_then(likeliest),
        reader: Arc::clone(name),
    })
}

impl Reader for SlotReader {
    fn read(&mut self, photos: &mut [&mut Photo], plates: &[&[Detected]]) -> Result<Vec<Vec<Reading>>> {
        let Self { net, info, name, plate, raw, spec } = self;
        let wanted = crops::wanted(plates, |plate| Self::around(plate.rect));
        let decode = |outputs: &[Output<'_>]| decode(info, name, [plate, raw], outputs);
        Ok(crops::by_photo(crops::read(net.as_mut(), spec, photos, &wanted, decode)?, plates))
    }

    fn at_once(&self) -> usize {
        self.net.at_once()
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        vec![&self.info]
    }
}

fn likeliest(scores: &[f32]) -> Option<(&'static str, f32)> {
    let (best, score) = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some((REGIONS.get(best)?, *score))
}
