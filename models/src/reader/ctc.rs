//! CTC reader: a general text recogniser made to read plates, one or two crops a plate.

use super::{Reader, Reading};
use crate::{ModelInfo, Pixels, Result, Runtime};
use ort::session::Session;
use ort::value::TensorRef;
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::ctc::{self, Charset, Decoded, MAX_CANDIDATES, Scores};
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
    session: Session,
    info: ModelInfo,
    name: Arc<str>,
    /// Writes plate characters.
    plate: Charset,
    /// Writes every class.
    raw: Charset,
    spec: CropSpec,
    pixels: Box<dyn Pixels>,
    tensor: Vec<f32>,
}

impl CtcReader {
    /// Loads the net; its classes stand in the ONNX metadata under `character`, one a line. `pixels` makes its input.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let session = runtime.session(&info.name, &info.path)?;
        let classes = session.metadata().map_err(info.failed("reading metadata"))?.custom("character");
        let Some(classes) = classes else {
            return Err(info.misfit(RULE, "its metadata has no `character` list"));
        };
        let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
        let spec = CropSpec { out_w: WIDTH, out_h: HEIGHT, filter: Filter::Bilinear, layout };
        // The list leaves out its last class, the space.
        let raw = Charset::with_blank(classes.split('\n').map(|c| c.chars().next().unwrap_or(' ')).chain([' ']));
        let mut reader = Self {
            session,
            name: info.name.as_str().into(),
            info,
            plate: raw.clone().plates_only(),
            raw,
            spec,
            pixels,
            tensor: vec![0.0; 3 * HEIGHT * WIDTH],
        };
        // Takes at once the memory it will ever need, and the first plate is read as quickly as the others.
        reader.infer()?;
        Ok(reader)
    }

    fn read_one(&mut self, photo: &mut Photo, rect: Rect) -> Result<Reading> {
        let (view, rect) = photo.part(rect)?;
        self.pixels.crop_f32(view, rect, &self.spec, &mut self.tensor)?;
        self.infer()
    }

    /// Runs the net on the tensor.
    fn infer(&mut self) -> Result<Reading> {
        let run = self.info.failed("reading");
        let input = TensorRef::from_array_view(([1, 3, HEIGHT, WIDTH], self.tensor.as_slice())).map_err(&run)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(&run)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(&run)?;
        let classes = self.plate.len();
        if !matches!(shape[..], [1, _, c] if c == classes as i64) {
            return Err(self.info.misfit(RULE, format!("its output is {shape:?}, not [1,T,{classes}]")));
        }
        let (mut decoded, mut raw) = (Decoded::default(), Decoded::default());
        ctc::decode_ctc(values, &self.plate, Scores::Probabilities, MAX_CANDIDATES, &mut decoded)?;
        ctc::decode_ctc(values, &self.raw, Scores::Probabilities, 0, &mut raw)?;
        Ok(Reading {
            text: decoded.text,
            raw_text: raw.text,
            confidences: decoded.confidences,
            candidates: decoded.candidates,
            region: None,
            reader: self.name.clone(),
        })
    }
}

/// The more confident of two readings, those long enough to be a plate first.
fn better(a: Reading, b: Reading) -> Reading {
    let worth = |r: &Reading| r.mean_confidence() + if r.text.len() >= SHORTEST { 1.0 } else { 0.0 };
    if worth(&b) > worth(&a) { b } else { a }
}

impl Reader for CtcReader {
    fn read(&mut self, photo: &mut Photo, plates: &[Detected], readings: &mut Vec<Reading>) -> Result<()> {
        for Detected { rect, .. } in plates {
            let mut reading = self.read_one(photo, *rect)?;
            if reading.mean_confidence() < SURE || reading.text.len() < SHORTEST {
                let band = Rect { y: rect.y + rect.h * BAND.0, h: rect.h * (BAND.1 - BAND.0), ..*rect };
                reading = better(reading, self.read_one(photo, band)?);
            }
            readings.push(reading);
        }
        Ok(())
    }

    fn infos(&self) -> Vec<&ModelInfo> {
        vec![&self.info]
    }
}
