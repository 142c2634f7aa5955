//! One crop a plate, run through a net and spelled: all plates of some photos at once where pictures and net lie on a
//! GPU.

use super::{Reading, regions::REGIONS};
use crate::network::{Job, Network, Output, Spelled, TextRule, and_left, named};
use crate::{ModelInfo, Result};
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::CropSpec;
use tollgate_kernels::ctc::{self, Charset, Decoded, MAX_CANDIDATES, Rule, Scores};
use tollgate_kernels::photo::see_parts;
use tollgate_kernels::{Photo, Rect, RgbView};

/// The output of fixed-slot readers that tells the plate's country or region.
const REGION: &str = "region";

/// A net that reads one crop a plate, taken apart for measuring each step by itself.
pub struct CropNet {
    net: Box<dyn Network>,
    spec: CropSpec,
    speller: Speller,
}

impl CropNet {
    /// Takes at once the memory it will ever need, so that the first plate is read as quickly as the others; fails where
    /// the net does not fit its rule.
    pub(super) fn new(mut net: Box<dyn Network>, spec: CropSpec, speller: Speller) -> Result<Self> {
        let job = Job::Crop(RgbView::new(&[0; 3], 1, 1)?.into(), Rect { x: 0.0, y: 0.0, w: 1.0, h: 1.0 }, &spec);
        net.get_ready(job, &mut |_, outputs| speller.scores(outputs).map(drop))?;
        Ok(Self { net, spec, speller })
    }

    /// The net.
    pub fn net(&mut self) -> &mut dyn Network {
        self.net.as_mut()
    }

    /// The net's input.
    pub fn spec(&self) -> CropSpec {
        self.spec
    }

    pub(super) fn at_once(&self) -> usize {
        self.net.at_once()
    }

    pub(super) fn info(&self) -> &ModelInfo {
        &self.speller.info
    }

    /// A reading for each part that is wanted.
    pub(super) fn read(&mut self, photos: &mut [&mut Photo], wanted: &[(usize, Rect)]) -> Result<Vec<Reading>> {
        let mut readings = Vec::with_capacity(wanted.len());
        let spec = self.spec;
        see_parts(photos, wanted, |_, parts| {
            let jobs: Vec<_> = parts.iter().map(|(view, rect)| Job::Crop(*view, *rect, &spec)).collect();
            readings.append(&mut self.read_jobs(&jobs)?);
            Ok::<_, crate::Error>(())
        })?;
        Ok(readings)
    }

    /// A reading for each job.
    ///
    /// # Errors
    /// The net's, or it does not fit its rule.
    pub fn read_jobs(&mut self, jobs: &[Job<'_>]) -> Result<Vec<Reading>> {
        let Self { net, speller, .. } = self;
        let (texts, left) = and_left(net.texts(jobs, &speller.text_rule())?, jobs.len());
        let spelled = |text: Option<Spelled>| text.map_or_else(Reading::none, |text| speller.text(text));
        let mut readings: Vec<_> = texts.into_iter().map(spelled).collect();
        let jobs: Vec<_> = left.iter().map(|job| jobs[*job]).collect();
        net.run(&jobs, &mut |job, outputs| {
            readings[left[job]] = speller.scores(outputs)?;
            Ok(())
        })?;
        Ok(readings)
    }
}

/// Makes readings of what a net gives.
pub(super) struct Speller {
    pub(super) info: ModelInfo,
    pub(super) rule: Rule,
    /// Writes plate characters.
    pub(super) plate: Charset,
    /// Writes every class.
    pub(super) raw: Charset,
    /// What fixed slots are filled up with.
    pub(super) pad: Option<char>,
    /// The model's name, as every reading has it.
    pub(super) name: Arc<str>,
}

impl Speller {
    /// For whoever decodes where the net runs.
    fn text_rule(&self) -> TextRule<'_> {
        let (scores, limit) = (Scores::Probabilities, MAX_CANDIDATES);
        TextRule { rule: self.rule, charset: &self.plate, scores, limit, also: REGION }
    }

    /// Of scores.
    fn scores(&self, outputs: &[Output<'_>]) -> Result<Reading> {
        let scores = outputs.first().map_or(&[][..], |output| output.values);
        if scores.is_empty() || !scores.len().is_multiple_of(self.plate.len()) {
            let (rule, each) = match self.rule {
                Rule::Ctc => ("ctc", "step"),
                Rule::Slots => ("slots", "slot"),
            };
            let reason = format!("its output has {} scores, not {} a {each}", scores.len(), self.plate.len());
            return Err(self.info.misfit(rule, reason));
        }
        let (mut plate, mut all) = (Decoded::default(), Decoded::default());
        let decode = match self.rule {
            Rule::Ctc => ctc::decode_ctc,
            Rule::Slots => ctc::decode_slots,
        };
        decode(scores, &self.plate, Scores::Probabilities, MAX_CANDIDATES, &mut plate)?;
        decode(scores, &self.raw, Scores::Probabilities, 0, &mut all)?;
        Ok(self.reading(plate, &all.text, named(outputs, REGION).unwrap_or_default()))
    }

    /// Of a text that was decoded where the net runs.
    fn text(&self, Spelled { text, also }: Spelled) -> Reading {
        let raw = ctc::spell(self.rule, &text.classes, &self.raw);
        self.reading(text.decoded, &raw, &also)
    }

    fn reading(&self, plate: Decoded, raw: &str, regions: &[f32]) -> Reading {
        Reading {
            text: plate.text,
            raw_text: self.pad.map_or(raw, |pad| raw.trim_end_matches(pad)).into(),
            confidences: plate.confidences,
            candidates: plate.candidates,
            region: likeliest(regions),
            reader: Arc::clone(&self.name),
        }
    }
}

fn likeliest(scores: &[f32]) -> Option<(&'static str, f32)> {
    let (best, score) = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some((REGIONS.get(best)?, *score))
}

/// What of its photo each plate is read from, photo by photo, with the photo's number.
pub(super) fn wanted(plates: &[&[Detected]], around: impl Fn(Rect) -> Rect) -> Vec<(usize, Rect)> {
    let numbered = plates.iter().enumerate();
    let plates = numbered.flat_map(|(photo, plates)| plates.iter().map(move |plate| (photo, plate.rect)));
    plates.map(|(photo, rect)| (photo, around(rect))).collect()
}

/// Readings photo by photo.
pub(super) fn by_photo(readings: Vec<Reading>, plates: &[&[Detected]]) -> Vec<Vec<Reading>> {
    let mut readings = readings.into_iter();
    plates.iter().map(|plates| readings.by_ref().take(plates.len()).collect()).collect()
}
