//! `tollgate bench`, run as a user would, on whatever adapter there is.

use crate::common::{sample, summary, text, tollgate};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tollgate_kernels::gpu::adapters;

/// Short, on small photos: a software adapter takes long for large ones.
fn bench(dir: &Path, more: &[&str]) -> std::process::Output {
    let mut command = tollgate();
    command.current_dir(dir).args(["bench", "--json", "--seconds", "0.5", "--workers", "1"]).args(more);
    if let Some(python) = std::env::var_os("TOLLGATE_TEST_PYTHON") {
        command.arg("--python").arg(python);
    }
    command.output().expect("the program starts")
}

fn positive(value: &Value, context: &Value) -> f64 {
    value.as_f64().filter(|number| *number > 0.0).unwrap_or_else(|| panic!("{value} in {context}"))
}

/// Every stage has its CPU time, and its GPU time where there is an adapter.
fn check_stages(report: &Value, has_gpu: bool) {
    let stages = report["stages"].as_array().expect("stages");
    let names: Vec<_> = stages.iter().map(|stage| stage["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["decode", "letterbox", "detector", "crop", "reader", "total"]);
    for stage in stages {
        let spread = &stage["cpu"];
        let (low, high) = (positive(&spread["low"], stage), positive(&spread["high"], stage));
        let median = positive(&stage["cpu_ms"], stage);
        assert!(low <= median && median <= high, "{stage}");
        assert_eq!(stage["gpu_ms"].is_null(), !has_gpu, "{stage}");
        if has_gpu {
            positive(&stage["gpu_ms"], stage);
        }
        assert_eq!(stage["gpu_busy_ms"].is_null(), report["timestamps"] != true, "{stage}");
    }
    if report["timestamps"] == true {
        let passes = report["passes"].as_array().expect("passes");
        for kernel in ["jpeg entropy", "jpeg transform", "jpeg colour", "letterbox", "crop"] {
            assert!(passes.iter().any(|pass| pass["kernel"] == kernel), "{kernel} in {passes:?}");
        }
    }
}

#[test]
fn both_paths_on_photos() {
    let dir = tempfile::tempdir().unwrap();
    let photos = sample().join("lane-2");
    let output = bench(dir.path(), &["--photos", photos.to_str().unwrap(), "--count", "6", "--batch", "3"]);
    assert!(output.status.success(), "{}", text(&output));
    let report = summary(&output);
    let adapter = adapters().into_iter().next();
    assert!(adapter.is_some() || std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1"), "no adapter");
    check_stages(&report, adapter.is_some());
    positive(&report["end_to_end"]["cpu_images_per_s"], &report);
    assert_eq!(report["photos"]["count"], 6);
    if let Some(adapter) = adapter {
        assert_eq!(report["adapter"]["name"], adapter.name.as_str());
        assert_eq!(report["adapter"]["software"], adapter.software);
        assert_eq!(report["adapter"]["driver"], adapter.driver.as_str());
        positive(&report["end_to_end"]["gpu_images_per_s"], &report);
        let same = &report["agreement"];
        assert_eq!((&same["photos"], &same["same_text"]), (&6.into(), &6.into()), "{same}");
        assert!(positive(&same["mean_iou"], same) > 0.95, "{same}");
        assert_eq!(report["decoding"]["on_gpu"], 6, "{report}");
        let moved = &report["moved"];
        let most = 1.1 * positive(&moved["photo_bytes"], moved) + 4096.0;
        assert!(positive(&moved["to_device_bytes"], moved) <= most, "{moved}");
        positive(&moved["from_device_bytes"], moved);
        positive(&report["memory"]["device_peak_bytes"], &report);
    } else {
        assert!(report["adapter"].is_null() && text(&output).contains("no GPU path"), "{}", text(&output));
    }
    check_files(dir.path(), &report);
    check_peers(&report);
}

/// The page is whole and asks nothing of a network; the numbers beside it are those that were printed.
fn check_files(dir: &Path, report: &Value) {
    let json: Value =
        serde_json::from_str(&fs::read_to_string(dir.join("bench.json")).expect("bench.json")).expect("JSON");
    assert_eq!(&json, report);
    let page = fs::read_to_string(dir.join("bench.html")).expect("bench.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for tag in ["svg", "table", "section", "figure", "main"] {
        let (opened, closed) = (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
        assert!(opened > 0 && opened == closed, "{tag}: {opened} opened, {closed} closed");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"), "it asks others");
    assert!(page.contains("letterbox") && page.contains("Images a second"));
    assert_eq!(page.contains("Beside the peers"), report["peers"].as_array().is_some_and(|peers| !peers.is_empty()));
    if report["adapter"]["software"] == true {
        assert!(page.contains("software adapter, no GPU"), "the page does not say that it is software");
    }
}

/// Each peer where it is installed, and a word on how to get it where not.
fn check_peers(report: &Value) {
    let peers = report["peers"].as_array().expect("peers");
    let notices = report["notices"].to_string();
    for (what, cases) in [("OpenCV", 2), ("libjpeg-turbo", 2), ("Python reference", 1)] {
        let rows: Vec<_> =
            peers.iter().filter(|peer| peer["name"].as_str().is_some_and(|n| n.starts_with(what))).collect();
        let missing = notices.contains(&format!("no {what} to compare with"));
        assert_eq!(rows.len(), if missing { 0 } else { cases }, "{what}: {peers:?} {notices}");
        if missing {
            let required = std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
            assert!(!required, "REQUIRE_PEERS=1, but: {notices}");
            eprintln!("SKIPPED: {notices}");
        }
        for peer in rows {
            positive(&peer["ms"], peer);
            // The same nets on the same photos: nearly always the same text.
            let reads = what == "Python reference";
            assert_eq!(peer["same_text_share"].as_f64().is_some_and(|share| share >= 0.8), reads, "{peer}");
        }
    }
}

/// A Python without their packages: each is left out, and said how it is had.
#[test]
fn peers_that_are_not_there_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--resolution", "320x200", "--count", "1", "--batch", "1"];
    let mut command = tollgate();
    command.current_dir(dir.path()).args(["bench", "--json", "--seconds", "0.1", "--workers", "1"]).args(more);
    let output = command.args(["--python", "no-such-python"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for what in ["OpenCV", "libjpeg-turbo", "Python reference"] {
        let notice = format!("note: no {what} to compare with (no-such-python");
        assert!(text(&output).contains(&notice), "{notice} in {}", text(&output));
    }
    assert_eq!(summary(&output)["peers"], Value::Array(Vec::new()));
}

#[test]
fn generated_photos_of_a_size() {
    let dir = tempfile::tempdir().unwrap();
    let more = ["--resolution", "320x200", "--count", "2", "--batch", "2", "--html", "small.html"];
    let output = bench(dir.path(), &more);
    assert!(output.status.success(), "{}", text(&output));
    let report = summary(&output);
    check_stages(&report, !adapters().is_empty());
    assert!(report["photos"]["source"].as_str().is_some_and(|source| source.contains("320×200")), "{report}");
    assert!(dir.path().join("small.html").exists() && dir.path().join("small.json").exists());
}

#[test]
fn what_cannot_be_measured_is_said() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(bench(dir.path(), &["--resolution", "9x9"]).status.code(), Some(2));
    assert_eq!(bench(dir.path(), &["--photos", "not-there"]).status.code(), Some(1));
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = bench(dir.path(), &["--photos", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(!dir.path().join("bench.html").exists());
    let help = tollgate().args(["bench", "--help"]).output().unwrap();
    assert!(text(&help).contains("Examples:") && text(&help).contains("--resolution"));
}
