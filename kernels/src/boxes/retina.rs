//! RetinaFace's decode rule (Deng et al., "RetinaFace", 2019): priors on a pyramid, a box, a score and landmarks each.
//!
//! With a prior's centre `c` and side `s`: centre = `c + loc[:2] · v0 · s`, side = `s · exp(loc[2:] · v1)`, a landmark
//! = `c + landmark · v0 · s`. Priors are counted level by level, row by row, column by column, then by size; the
//! grid of a level has `ceil(side / step)` cells. They are computed from their index, not stored, and only for the
//! scores that pass.

use super::Detected;
use crate::error::{Error, Result, check_len, check_size};
use crate::geometry::Rect;

/// The pyramid of priors.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorSpec {
    /// The levels, finest first.
    pub levels: Vec<PriorLevel>,
    /// The two variances, of places and of sizes.
    pub variances: [f32; 2],
}

/// One level of the pyramid.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorLevel {
    /// Input pixels between two cells.
    pub step: usize,
    /// Side lengths of the square priors of a cell, in input pixels.
    pub sizes: Vec<f32>,
}

impl Default for PriorSpec {
    /// The published configuration: steps 8, 16, 32 with two sizes each.
    fn default() -> Self {
        let level = |step, sizes: [f32; 2]| PriorLevel { step, sizes: sizes.to_vec() };
        Self {
            levels: vec![level(8, [24.0, 48.0]), level(16, [96.0, 192.0]), level(32, [384.0, 768.0])],
            variances: [0.1, 0.2],
        }
    }
}

/// A prior: a square around a centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Centre, horizontally.
    pub cx: f32,
    /// Centre, vertically.
    pub cy: f32,
    /// Side length.
    pub side: f32,
}

/// A net's three outputs for one image.
#[derive(Clone, Copy, Debug)]
pub struct RetinaOutputs<'a> {
    /// Boxes, `[n, 4]`.
    pub loc: &'a [f32],
    /// Scores of background and object after the softmax, `[n, 2]`.
    pub conf: &'a [f32],
    /// Four corners, `[n, 8]`.
    pub landmarks: &'a [f32],
}

impl PriorSpec {
    /// Checks that every level has a step, sizes above zero, and that there is one at all.
    pub fn check(&self) -> Result<()> {
        let sound =
            |level: &PriorLevel| level.step > 0 && !level.sizes.is_empty() && level.sizes.iter().all(|s| *s > 0.0);
        if !self.levels.is_empty() && self.levels.iter().all(sound) {
            return Ok(());
        }
        Err(Error::Spec { kernel: "boxes", reason: "every level of priors needs a step and sizes above zero" })
    }

    /// How many priors an input of this size has.
    pub fn count(&self, width: usize, height: usize) -> usize {
        let cells = |step: usize| width.div_ceil(step) * height.div_ceil(step);
        self.levels.iter().map(|level| cells(level.step) * level.sizes.len()).sum()
    }

    /// The prior of an index; `None` beyond the last.
    pub fn prior(&self, width: usize, height: usize, index: usize) -> Option<Prior> {
        let mut rest = index;
        for level in &self.levels {
            let columns = width.div_ceil(level.step);
            let count = columns * height.div_ceil(level.step) * level.sizes.len();
            if rest < count {
                let (cell, size) = (rest / level.sizes.len(), rest % level.sizes.len());
                let centre = |cell: usize| (cell as f32 + 0.5) * level.step as f32;
                return Some(Prior { cx: centre(cell % columns), cy: centre(cell / columns), side: level.sizes[size] });
            }
            rest -= count;
        }
        None
    }
}

impl<'a> RetinaOutputs<'a> {
    /// The outputs of one image of a batch with `priors` priors each; the lengths were checked.
    pub(crate) fn image(&self, index: usize, priors: usize) -> Self {
        let part = |values: &'a [f32], columns: usize| &values[index * priors * columns..][..priors * columns];
        Self { loc: part(self.loc, 4), conf: part(self.conf, 2), landmarks: part(self.landmarks, 8) }
    }
}

/// What a detector found in one image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The boxes that are left, by falling score.
    pub boxes: Vec<Detected>,
    /// The best-scoring box of all, whether it passed the threshold or not.
    pub best: Option<Detected>,
}

impl Found {
    /// The boxes, or the best one where nothing reached the threshold.
    pub fn or_best(self) -> Vec<Detected> {
        if self.boxes.is_empty() { self.best.into_iter().collect() } else { self.boxes }
    }
}

/// [`decode`], then [`nms`](super::nms): the plain reference of what [`GpuBoxes`](super::GpuBoxes) does in one go.
pub fn find(
    spec: &PriorSpec,
    input: (usize, usize),
    outputs: &RetinaOutputs<'_>,
    threshold: f32,
    max_iou: f32,
) -> Result<Found> {
    let mut found = Found::default();
    found.best = decode(spec, input, outputs, threshold, &mut found.boxes)?;
    super::nms(&mut found.boxes, max_iou);
    Ok(found)
}

/// Appends the boxes that score above `threshold` to `found`, in the order of their priors, and returns the
/// best-scoring box of all, whether it passes or not: the caller may look again at another size on its score.
///
/// Boxes with a coordinate that is not finite are left out. Fails where an output's length does not follow from
/// the input's size.
pub fn decode(
    spec: &PriorSpec,
    (width, height): (usize, usize),
    outputs: &RetinaOutputs<'_>,
    threshold: f32,
    found: &mut Vec<Detected>,
) -> Result<Option<Detected>> {
    spec.check()?;
    check_size("the detector input", width, height)?;
    let count = spec.count(width, height);
    check_len("the detector output loc", outputs.loc.len(), count * 4)?;
    check_len("the detector output conf", outputs.conf.len(), count * 2)?;
    check_len("the detector output landmarks", outputs.landmarks.len(), count * 8)?;
    let mut best = (f32::NEG_INFINITY, None);
    for (index, scores) in outputs.conf.chunks_exact(2).enumerate() {
        let score = scores[1];
        if score > best.0 {
            best = (score, Some(index));
        }
        if score > threshold {
            found.extend(decode_one(spec, (width, height), outputs, index));
        }
    }
    Ok(best.1.and_then(|index| decode_one(spec, (width, height), outputs, index)))
}

/// The box of one prior; `None` where a coordinate is not finite.
fn decode_one(
    spec: &PriorSpec,
    (width, height): (usize, usize),
    outputs: &RetinaOutputs<'_>,
    index: usize,
) -> Option<Detected> {
    let prior = spec.prior(width, height, index)?;
    let [place, size] = spec.variances;
    let loc = &outputs.loc[index * 4..][..4];
    let near = |dx: f32, dy: f32| [prior.cx + dx * place * prior.side, prior.cy + dy * place * prior.side];
    let [cx, cy] = near(loc[0], loc[1]);
    let [w, h] = [loc[2], loc[3]].map(|log| prior.side * (log * size).exp());
    let landmarks = &outputs.landmarks[index * 8..][..8];
    let detected = Detected {
        rect: Rect { x: cx - w / 2.0, y: cy - h / 2.0, w, h },
        score: outputs.conf[index * 2 + 1],
        class: 0,
        corners: [0, 2, 4, 6].map(|at| near(landmarks[at], landmarks[at + 1])),
    };
    detected.is_finite().then_some(detected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_count_as_published() {
        let spec = PriorSpec::default();
        // 640: 80² + 40² + 20² cells, two sizes each.
        assert_eq!(spec.count(640, 640), 16_800);
        assert_eq!(spec.count(33, 20), (5 * 3 + 3 * 2 + 2) * 2);
        let prior = |index| spec.prior(33, 20, index).unwrap();
        assert_eq!(prior(0), Prior { cx: 4.0, cy: 4.0, side: 24.0 });
        assert_eq!(prior(3), Prior { cx: 12.0, cy: 4.0, side: 48.0 });
        assert_eq!(prior(10), Prior { cx: 4.0, cy: 12.0, side: 24.0 });
        assert_eq!(prior(30), Prior { cx: 8.0, cy: 8.0, side: 96.0 });
        assert_eq!(prior(45), Prior { cx: 48.0, cy: 16.0, side: 768.0 });
        assert_eq!(spec.prior(33, 20, 46), None);
    }

    fn outputs(count: usize) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        (vec![0.0; count * 4], vec![0.0; count * 2], vec![0.0; count * 8])
    }

    #[test]
    fn one_box_by_hand() {
        let spec = PriorSpec::default();
        let count = spec.count(64, 32);
        let (mut loc, mut conf, mut landmarks) = outputs(count);
        // Index 2 is the 24-pixel prior of the second cell, centred on (12, 4).
        loc[8..12].copy_from_slice(&[1.0, -0.5, 0.0, 5.0 * 2f32.ln()]);
        conf[5] = 0.75;
        landmarks[16..24].copy_from_slice(&[-1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0]);
        let outputs = RetinaOutputs { loc: &loc, conf: &conf, landmarks: &landmarks };
        let mut found = Vec::new();
        let best = decode(&spec, (64, 32), &outputs, 0.5, &mut found).unwrap().unwrap();
        assert_eq!(found, [best]);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-4;
        // Centre (12 + 2.4, 4 - 1.2), sides 24 and 48.
        assert!(near(best.rect.x, 2.4) && near(best.rect.y, -21.2), "{best:?}");
        assert!(near(best.rect.w, 24.0) && near(best.rect.h, 48.0), "{best:?}");
        assert!(near(best.corners[0][0], 9.6) && near(best.corners[2][1], 6.4), "{best:?}");
        assert_eq!(best.score, 0.75);
        found.clear();
        assert_eq!(decode(&spec, (64, 32), &outputs, 0.75, &mut found).unwrap(), Some(best));
        assert!(found.is_empty());
    }

    #[test]
    fn broken_numbers_do_not_become_boxes() {
        let spec = PriorSpec::default();
        let count = spec.count(32, 32);
        let (mut loc, mut conf, landmarks) = outputs(count);
        conf.fill(f32::NAN);
        conf[3] = 0.9;
        loc[6] = 1e9;
        let outputs = RetinaOutputs { loc: &loc, conf: &conf, landmarks: &landmarks };
        let mut found = Vec::new();
        assert_eq!(decode(&spec, (32, 32), &outputs, 0.1, &mut found).unwrap(), None);
        assert!(found.is_empty());
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let spec = PriorSpec::default();
        let (loc, conf, landmarks) = outputs(spec.count(32, 32));
        let outputs = RetinaOutputs { loc: &loc, conf: &conf, landmarks: &landmarks };
        assert!(decode(&spec, (64, 32), &outputs, 0.1, &mut Vec::new()).is_err());
        assert!(decode(&spec, (0, 32), &outputs, 0.1, &mut Vec::new()).is_err());
        let none = PriorSpec { levels: Vec::new(), ..spec };
        assert!(decode(&none, (32, 32), &outputs, 0.1, &mut Vec::new()).is_err());
    }
}
