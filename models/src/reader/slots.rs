//! Fixed-slot reader: a character for each of a fixed number of places, and the region the plate comes from.

use super::regions::REGIONS;
use super::{Reader, Reading};
use crate::{ModelInfo, Pixels, Result, Runtime};
use ort::session::Session;
use ort::value::{TensorRef, ValueType};
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{self, Charset, Decoded, MAX_CANDIDATES, Scores};
use tollgate_kernels::{Filter, Photo};

const RULE: &str = "slots";
/// The alphabet of fast-plate-ocr's Latin models; `_` fills the places that a short plate leaves.
const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
const PAD: char = '_';
/// The net was trained with boxes a little wider than the plate: this share of each side is added around.
const MARGIN: f32 = 0.1;
/// Plates of a photo that are read in one run, which bounds its memory; on a core larger runs gain nothing.
const AT_ONCE: usize = 4;

/// A reader decoded by the `slots` rule.
pub struct SlotReader {
    session: Session,
    info: ModelInfo,
    name: Arc<str>,
    /// Writes plate characters.
    plate: Charset,
    /// Writes every slot, padding too.
    raw: Charset,
    spec: CropSpec,
    pixels: Box<dyn Pixels>,
    crops: Vec<u8>,
}

impl SlotReader {
    /// Loads the net; its input, which `pixels` makes, must be `u8[n,H,W,3]`.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let session = runtime.session(&info.name, &info.path)?;
        let Some(ValueType::Tensor { shape, .. }) = session.inputs().first().map(|i| i.dtype()) else {
            return Err(info.misfit(RULE, "its first input is no tensor"));
        };
        let (out_h, out_w) = match shape[..] {
            [_, h, w, 3] if h > 0 && w > 0 => (h as usize, w as usize),
            _ => return Err(info.misfit(RULE, format!("its input is {shape:?}, not [n,H,W,3]"))),
        };
        let spec = CropSpec { out_w, out_h, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
        let mut reader = Self {
            session,
            name: info.name.as_str().into(),
            info,
            plate: Charset::with_pad(ALPHABET, PAD).plates_only(),
            raw: Charset::new(ALPHABET.chars().map(Some)),
            spec,
            pixels,
            crops: vec![0; AT_ONCE * out_w * out_h * 3],
        };
        // Takes at once the memory it will ever need, and the first plate is read as quickly as the others.
        reader.infer(AT_ONCE, &mut Vec::new())?;
        Ok(reader)
    }
}

impl SlotReader {
    /// Reads at most [`AT_ONCE`] plates.
    fn read_some(&mut self, photo: &mut Photo, plates: &[Detected], readings: &mut Vec<Reading>) -> Result<()> {
        let one = self.spec.out_w * self.spec.out_h * 3;
        self.crops.resize(plates.len() * one, 0);
        for (plate, out) in plates.iter().zip(self.crops.chunks_exact_mut(one)) {
            let (view, rect) = photo.part(plate.rect.pad(MARGIN))?;
            self.pixels.crop_u8(view, rect, &self.spec, out)?;
        }
        self.infer(plates.len(), readings)
    }

    /// Runs the net on the crops of that many plates.
    fn infer(&mut self, plates: usize, readings: &mut Vec<Reading>) -> Result<()> {
        let run = self.info.failed("reading");
        let shape = [plates, self.spec.out_h, self.spec.out_w, 3];
        let input = TensorRef::from_array_view((shape, self.crops.as_slice())).map_err(&run)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(&run)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(&run)?;
        let [_, slots, classes] = shape[..] else {
            return Err(self.info.misfit(RULE, format!("its output is {shape:?}, not [n,slots,classes]")));
        };
        let regions = match outputs.get("region") {
            Some(output) => Some(output.try_extract_tensor::<f32>().map_err(&run)?.1),
            None => None,
        };
        for (i, scores) in values.chunks_exact((slots * classes) as usize).enumerate() {
            let (mut decoded, mut raw) = (Decoded::default(), Decoded::default());
            ctc::decode_slots(scores, &self.plate, Scores::Probabilities, MAX_CANDIDATES, &mut decoded)?;
            ctc::decode_slots(scores, &self.raw, Scores::Probabilities, 0, &mut raw)?;
            readings.push(Reading {
                text: decoded.text,
                raw_text: raw.text.trim_end_matches(PAD).into(),
                confidences: decoded.confidences,
                candidates: decoded.candidates,
                region: regions.and_then(|r| r.chunks_exact(REGIONS.len()).nth(i)).and_then(likeliest),
                reader: self.name.clone(),
            });
        }
        Ok(())
    }
}

impl Reader for SlotReader {
    fn read(&mut self, photo: &mut Photo, plates: &[Detected], readings: &mut Vec<Reading>) -> Result<()> {
        plates.chunks(AT_ONCE).try_for_each(|some| self.read_some(photo, some, readings))
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        vec![&self.info]
    }
}

fn likeliest(scores: &[f32]) -> Option<(&'static str, f32)> {
    let (best, score) = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some((REGIONS.get(best)?, *score))
}
