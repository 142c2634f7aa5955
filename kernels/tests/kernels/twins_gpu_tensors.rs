//! The GPU's boxes and ctc against the CPU's, over seeded random tensors.

use crate::device::{both_forms, gpu};
use crate::seeded::Seeded;
use tollgate_kernels::boxes::retina::{Found, PriorSpec, RetinaOutputs, find};
use tollgate_kernels::boxes::{Detected, GpuBoxes};
use tollgate_kernels::ctc::{Charset, Decoded, GpuCtc, Rule, Scores, decode_ctc, decode_slots};

/// Outputs of a batch in which about one prior in `rarity` scores above a half.
fn outputs(seeded: &mut Seeded, count: usize, rarity: usize) -> [Vec<f32>; 3] {
    let mut around =
        |len: usize, spread: f32| -> Vec<f32> { (0..len).map(|_| (seeded.unit() - 0.5) * spread).collect() };
    let (loc, landmarks) = (around(count * 4, 8.0), around(count * 8, 8.0));
    let score = |seeded: &mut Seeded| {
        let high = seeded.range(0, rarity - 1) == 0;
        // In steps, so that there are ties.
        seeded.range(0, 49) as f32 / 100.0 + if high { 0.5 } else { 0.0 }
    };
    let conf = (0..count).flat_map(|_| [0.5, score(seeded)]).collect();
    [loc, conf, landmarks]
}

fn near(a: f32, b: f32, side: f32) -> bool {
    (a - b).abs() <= 1e-4 * side.max(a.abs())
}

fn assert_same(found: &Detected, expected: &Detected, side: f32) {
    let flat =
        |d: &Detected| [d.rect.x, d.rect.y, d.rect.w, d.rect.h].into_iter().chain(d.corners.into_iter().flatten());
    assert_eq!(found.score, expected.score);
    for (a, b) in flat(found).collect::<Vec<_>>().into_iter().zip(flat(expected)) {
        assert!(near(a, b, side), "{found:?} for {expected:?}");
    }
}

fn assert_found(found: &Found, expected: &Found, side: f32) {
    assert_eq!(found.boxes.len(), expected.boxes.len());
    found.boxes.iter().zip(&expected.boxes).for_each(|(a, b)| assert_same(a, b, side));
    assert_eq!(found.best.is_some(), expected.best.is_some());
    if let (Some(a), Some(b)) = (&found.best, &expected.best) {
        assert_same(a, b, side);
    }
}

#[test]
fn boxes_twins_agree() {
    let Some(gpu) = gpu() else { return };
    let mut seeded = Seeded::new(3);
    let spec = PriorSpec::default();
    for (input, rarity) in [((64, 64), 3), ((320, 192), 40), ((33, 97), 5), ((320, 320), 900), ((320, 320), 1)] {
        let priors = spec.count(input.0, input.1);
        let images = 3;
        let [mut loc, mut conf, landmarks] = outputs(&mut seeded, priors * images, rarity);
        // One score and one box that are no numbers.
        conf[2 * 5 + 1] = f32::NAN;
        conf[2 * 6 + 1] = 1.0;
        loc[4 * 6 + 2] = 1e9;
        let batch = RetinaOutputs { loc: &loc, conf: &conf, landmarks: &landmarks };
        let kernel = GpuBoxes::new(&gpu, spec.clone(), input).unwrap();
        for max_iou in [0.4, 0.05] {
            let found = kernel.run(&batch, images, 0.5, max_iou).unwrap();
            assert_eq!(found.len(), images);
            for (image, found) in found.iter().enumerate() {
                let one = RetinaOutputs {
                    loc: &loc[image * priors * 4..][..priors * 4],
                    conf: &conf[image * priors * 2..][..priors * 2],
                    landmarks: &landmarks[image * priors * 8..][..priors * 8],
                };
                let expected = find(&spec, input, &one, 0.5, max_iou).unwrap();
                assert_found(found, &expected, input.0.max(input.1) as f32);
            }
        }
        assert!(kernel.run(&batch, images + 1, 0.5, 0.4).is_err());
        assert!(kernel.run(&batch, 0, 0.5, 0.4).is_err());
    }
}

/// Probabilities or logits whose rows have a clear winner about every other time, and many ties.
fn scores(seeded: &mut Seeded, rows: usize, classes: usize, kind: Scores) -> Vec<f32> {
    let mut values = Vec::with_capacity(rows * classes);
    for _ in 0..rows {
        let winner = if seeded.range(0, 2) == 0 { 0 } else { seeded.range(0, classes - 1) };
        let row: Vec<f32> = (0..classes)
            .map(|class| seeded.range(0, 20) as f32 / 4.0 + if class == winner { 6.0 } else { 0.0 })
            .collect();
        match kind {
            Scores::Logits => values.extend(row.iter().map(|value| value - 3.0)),
            Scores::Probabilities => {
                let total: f32 = row.iter().sum();
                values.extend(row.iter().map(|value| value / total));
            }
        }
    }
    values
}

fn assert_reading(found: &Decoded, expected: &Decoded) {
    assert_eq!(found.text, expected.text);
    assert_eq!(found.confidences.len(), expected.confidences.len());
    assert!(found.confidences.iter().zip(&expected.confidences).all(|(a, b)| (a - b).abs() <= 1e-5));
    assert_eq!(found.candidates.len(), expected.candidates.len());
    for ((text, a), (other, b)) in found.candidates.iter().zip(&expected.candidates) {
        assert!((a - b).abs() <= 1e-5);
        // Where two candidates are as likely as one another, rounding may turn them round; the last one's equal may be
        // one that is not shown any more.
        let as_likely = |(_, p): &&(String, f32)| (p - b).abs() <= 1e-5;
        let tied = expected.candidates.iter().filter(as_likely).count() > 1
            || (expected.candidates.len() == 5 && expected.candidates.last().as_ref().is_some_and(as_likely));
        assert!(text == other || tied, "{found:?} for {expected:?}");
    }
}

#[test]
fn ctc_twins_agree() {
    let gpus = both_forms();
    let mut seeded = Seeded::new(9);
    let characters = || "0123456789abcdefghijABCDEFGHIJKLMNOPQRSTUVWXYZ-·äöü".chars();
    let many = characters().chain((0x4e00..0x4e00 + 3000).filter_map(char::from_u32));
    let sets = [
        (Charset::with_blank(characters()).plates_only(), Rule::Ctc),
        (Charset::with_blank(many).plates_only(), Rule::Ctc),
        (Charset::with_pad("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_", '_'), Rule::Slots),
        (Charset::with_pad("A_", '_'), Rule::Slots),
    ];
    for (set, rule) in &sets {
        let kinds = [Scores::Probabilities, Scores::Logits];
        for (kind, gpu) in kinds.into_iter().flat_map(|kind| gpus.iter().map(move |gpu| (kind, gpu))) {
            let (plates, steps) = (7, 11);
            let values = scores(&mut seeded, plates * steps, set.len(), kind);
            let kernel = GpuCtc::new(gpu, set.clone(), *rule, kind).unwrap();
            let mut found = vec![Decoded::default(); 2];
            kernel.run(&values, steps, 5, &mut found).unwrap();
            assert_eq!(found.len(), plates);
            for (plate, found) in values.chunks_exact(steps * set.len()).zip(&found) {
                let mut expected = Decoded::default();
                match rule {
                    Rule::Ctc => decode_ctc(plate, set, kind, 5, &mut expected).unwrap(),
                    Rule::Slots => decode_slots(plate, set, kind, 5, &mut expected).unwrap(),
                }
                assert_reading(found, &expected);
            }
        }
    }
}

#[test]
fn ctc_refuses_broken_scores_like_its_twin() {
    for gpu in both_forms() {
        let set = Charset::with_blank("AB".chars());
        let kernel = GpuCtc::new(&gpu, set.clone(), Rule::Ctc, Scores::Probabilities).unwrap();
        let mut out = Vec::new();
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let values = [0.1, 0.8, 0.1, broken, broken, broken];
            assert!(kernel.run(&values, 2, 5, &mut out).is_err(), "{broken}");
            assert!(decode_ctc(&values, &set, Scores::Probabilities, 5, &mut Decoded::default()).is_err(), "{broken}");
        }
        kernel.run(&[0.1, 0.8, f32::NAN], 1, 5, &mut out).unwrap();
        assert_eq!((out[0].text.as_str(), out[0].candidates.len()), ("A", 1));
        assert!(kernel.run(&[0.1; 5], 1, 5, &mut out).is_err());
        assert!(kernel.run(&[], 1, 5, &mut out).is_err());
        assert!(kernel.run(&[0.1; 3], 0, 5, &mut out).is_err());
    }
}
