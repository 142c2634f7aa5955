//! The accuracy that is promised, on real photos and on the sample set.

use crate::common::{number, replay, sample, shared};
use serde_json::Value;

fn at_least(summary: &Value, floors: &[(&str, f64)]) {
    for (key, floor) in floors {
        assert!(number(summary, key) >= *floor, "{key} is under {floor}: {summary}");
    }
}

#[test]
fn the_best_reader_on_real_photos() {
    let Some(shared) = shared() else { return };
    let out = tempfile::tempdir().unwrap();
    let summary = replay(&shared.join("plates"), &out.path().join("out"), &["--reader", "cct_xs_v2_global"]);
    assert_eq!(number(&summary, "images"), 226.0);
    at_least(&summary, &[("recall", 98.0), ("exact", 88.0), ("exact_folded", 92.0)]);
}

#[test]
fn the_registry_reader_on_real_photos() {
    let Some(shared) = shared() else { return };
    let out = tempfile::tempdir().unwrap();
    let summary = replay(&shared.join("plates"), &out.path().join("out"), &["--reader", "PP-OCRv6_rec_small"]);
    at_least(&summary, &[("recall", 98.0), ("exact", 84.0), ("exact_folded", 89.0)]);
}

/// Whichever reader this machine can have.
#[test]
fn auto_on_the_sample_set() {
    let out = tempfile::tempdir().unwrap();
    let summary = replay(&sample(), &out.path().join("out"), &[]);
    assert_eq!(number(&summary, "images"), 35.0);
    at_least(&summary, &[("recall", 97.0), ("exact", 75.0), ("read_exact", 90.0)]);
    let sum = number(&summary, "reads") + number(&summary, "manual") + number(&summary, "rejected");
    assert_eq!(sum, number(&summary, "images"));
}

#[test]
fn models_that_a_user_brings() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let models = shared.join("models/fast-alpr");
    let config = format!(
        "[models]\ndetector = {{ path = {:?}, decode = \"end-to-end\" }}\nreader = {{ path = {:?}, decode = \"slots\" }}\n",
        models.join("yolo-v9-t-416-license-plate-end2end.onnx"),
        models.join("cct_xs_v2_global.onnx"),
    );
    let file = dir.path().join("tollgate.toml");
    std::fs::write(&file, config).unwrap();
    let more = ["--config", file.to_str().unwrap()];
    let summary = replay(&shared.join("plates/br"), &dir.path().join("out"), &more);
    at_least(&summary, &[("recall", 98.0), ("exact", 88.0)]);
}
