//! A user's own detector: YOLOv8 style, or with the suppression inside the net.

use super::Detector;
use super::to_photo;
use crate::network::Provider;
use crate::{Decode, ModelInfo, Pixels, Result, Runtime};
use ort::session::Session;
use ort::value::{TensorRef, ValueType};
use tollgate_kernels::boxes::{self, Detected, rows};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{ChannelOrder, Filter, Photo};

const THRESHOLD: f32 = 0.25;
const OVERLAP: f32 = 0.45;
/// The side of the square input where the net leaves it open.
const DEFAULT_SIDE: usize = 640;
/// The grey the YOLO family is trained to see around a photo.
const PAD: f32 = 114.0;

/// A detector decoded by the `yolo-v8` or the `end-to-end` rule.
pub struct Yolo {
    session: Session,
    info: ModelInfo,
    side: (usize, usize),
    tensor: Vec<f32>,
    pixels: Box<dyn Pixels>,
}

impl Yolo {
    /// Loads the net; `pixels` makes its input.
    pub fn load(runtime: &Runtime, info: ModelInfo, pixels: Box<dyn Pixels>) -> Result<Self> {
        let session = runtime.session(&info.name, &info.path, Provider::Cpu)?;
        let side = input_side(&session, &info)?;
        Ok(Self { session, info, side, tensor: Vec::new(), pixels })
    }

    /// Centred letterbox, grey around.
    fn layout(&self, width: usize, height: usize) -> LetterboxSpec {
        let (out_w, out_h) = self.side;
        let scale = (out_w as f32 / width as f32).min(out_h as f32 / height as f32);
        let side = |n: usize, most: usize| ((n as f32 * scale).round() as usize).clamp(1, most);
        let (content_w, content_h) = (side(width, out_w), side(height, out_h));
        LetterboxSpec {
            out_w,
            out_h,
            content_x: (out_w - content_w) / 2,
            content_y: (out_h - content_h) / 2,
            content_w,
            content_h,
            filter: Filter::Bilinear,
            order: ChannelOrder::Rgb,
            mean: [0.0; 3],
            scale: [1.0 / 255.0; 3],
            pad: [PAD; 3],
        }
    }
}

fn input_side(session: &Session, info: &ModelInfo) -> Result<(usize, usize)> {
    let rule = rule(info.decode);
    let Some(ValueType::Tensor { shape, .. }) = session.inputs().first().map(|i| i.dtype()) else {
        return Err(info.misfit(rule, "its first input is no tensor"));
    };
    match shape[..] {
        [_, 3, h, w] => Ok((usize::try_from(w).unwrap_or(DEFAULT_SIDE), usize::try_from(h).unwrap_or(DEFAULT_SIDE))),
        _ => Err(info.misfit(rule, format!("its input is {shape:?}, not [1,3,H,W]"))),
    }
}

fn rule(decode: Decode) -> &'static str {
    if decode == Decode::EndToEnd { "end-to-end" } else { "yolo-v8" }
}

impl Yolo {
    fn detect_one(&mut self, photo: &mut Photo) -> Result<Vec<Detected>> {
        let size = (photo.width(), photo.height());
        let spec = self.layout(size.0, size.1);
        self.tensor.resize(3 * spec.out_w * spec.out_h, 0.0);
        self.pixels.letterbox(photo.at_least(self.long_side())?, &spec, &mut self.tensor)?;
        let run = self.info.failed("detecting");
        let shape = [1, 3, spec.out_h, spec.out_w];
        let input = TensorRef::from_array_view((shape, self.tensor.as_slice())).map_err(&run)?;
        let outputs = self.session.run(ort::inputs![input]).map_err(&run)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(&run)?;
        let mut found = Vec::new();
        match (self.info.decode, &shape[..]) {
            (Decode::EndToEnd, [_, 7]) => rows::decode_end_to_end(values, 0, THRESHOLD, &mut found)?,
            (Decode::YoloV8, [1, columns, _]) if *columns > 4 => {
                rows::decode_yolo(values, *columns as usize - 4, THRESHOLD, &mut found)?
            }
            (decode, _) => return Err(self.info.misfit(rule(decode), format!("its output is {shape:?}"))),
        };
        boxes::nms(&mut found, OVERLAP);
        to_photo(&mut found, &spec, size);
        Ok(found)
    }
}

impl Detector for Yolo {
    fn detect(&mut self, photos: &mut [&mut Photo]) -> Result<Vec<Vec<Detected>>> {
        photos.iter_mut().map(|photo| self.detect_one(photo)).collect()
    }

    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn long_side(&self) -> usize {
        self.side.0.max(self.side.1)
    }

    fn threshold(&self) -> f32 {
        THRESHOLD
    }
}
