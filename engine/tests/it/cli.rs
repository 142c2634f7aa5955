//! The command line as a person or a script meets it.

use crate::common::{events, sample, summary, text, tollgate};
use std::process::Output;

fn run(args: &[&str]) -> Output {
    tollgate().args(args).output().expect("the program starts")
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = String::from_utf8(run(&["replay", "--help"]).stdout).unwrap();
    assert!(help.contains("Examples:") && help.contains("--resume"), "{help}");
    let top = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(top.contains("Exit codes:"), "{top}");
}

#[test]
fn what_is_not_understood_is_exit_code_2() {
    assert_eq!(run(&["replay"]).status.code(), Some(2));
    assert_eq!(run(&["replya", "x"]).status.code(), Some(2));
    let both = run(&["replay", "x", "--out", "y", "--resume", "--overwrite"]);
    assert_eq!(both.status.code(), Some(2), "{}", text(&both));
}

#[test]
fn a_config_error_names_line_and_nearest_key() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("tollgate.toml");
    std::fs::write(&config, "[judge]\nread_min_score = 0.3\nread_min_confidense = 0.9\n").unwrap();
    let photos = sample();
    let args = ["replay", photos.to_str().unwrap(), "--out", "x", "--config", config.to_str().unwrap()];
    let output = run(&args);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("tollgate.toml: line 3") && said.contains("did you mean `read_min_confidence`"), "{said}");
}

#[test]
fn json_is_the_last_line_and_progress_is_not_on_stdout() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let photos = sample().join("lane-3");
    let output = run(&["replay", photos.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"]);
    let summary = summary(&output);
    for key in [
        "images",
        "reads",
        "manual",
        "rejected",
        "seconds",
        "images_per_s",
        "recall",
        "exact",
        "exact_folded",
        "chars",
        "chars_folded",
    ] {
        assert!(summary[key].is_number(), "{key} in {summary}");
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!stdout.contains("writing") && !stdout.contains('\u{1b}'), "{stdout}");
}

/// Every event tells what it is from, with which models, and how sure each character is.
#[test]
fn events_are_complete_cloudevents() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let photos = sample().join("lane-1");
    let output = run(&["replay", photos.to_str().unwrap(), "--out", out.to_str().unwrap(), "--source", "toll"]);
    assert!(output.status.success(), "{}", text(&output));
    let events = events(&out);
    assert!(events.iter().any(|e| e["type"] == "LicensePlate.Processed"));
    for event in &events {
        assert_eq!(event["specversion"], "1.0");
        assert!(event["source"].as_str().unwrap().starts_with("tollgate:toll/"), "{event}");
        let data = &event["data"];
        assert_eq!(data["timeSource"], "name", "{event}");
        assert!(data["timeStamp"].as_str().unwrap().starts_with("2026-03-"), "{event}");
        let text = data["licensePlateText"].as_str().unwrap();
        assert_eq!(data["charConfidences"].as_array().unwrap().len(), text.len(), "{event}");
        if !text.is_empty() {
            assert_eq!(data["candidates"][0]["text"], text, "{event}");
            assert!(data["candidates"].as_array().unwrap().len() <= 5);
            assert_eq!(data["detection"]["corners"].as_array().unwrap().len(), 4);
        }
        for model in data["models"].as_array().unwrap() {
            assert_eq!(model["sha256"].as_str().unwrap().len(), 64);
        }
    }
}

#[test]
fn completions_and_models_list() {
    let bash = String::from_utf8(run(&["completions", "bash"]).stdout).unwrap();
    assert!(bash.contains("_tollgate"));
    let list: serde_json::Value = serde_json::from_slice(&run(&["models", "list", "--json"]).stdout).unwrap();
    for model in list.as_array().unwrap() {
        for key in ["name", "path", "sha256", "licence"] {
            assert!(model[key].is_string(), "{key} in {model}");
        }
    }
}

#[test]
fn doctor_says_what_is_there() {
    let output = run(&["doctor", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let whats: Vec<_> = found["findings"].as_array().unwrap().iter().filter_map(|f| f["what"].as_str()).collect();
    for what in ["CPU", "python3 with pip", "model cache", "ONNX Runtime", "GPU adapter", "inference = \"cuda\""] {
        assert!(whats.contains(&what), "{what} in {whats:?}");
    }
}

/// Ctrl-C: what is in flight is finished and kept, and the run can be resumed.
#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let (out, photos) = (dir.path().join("out"), sample());
    let mut child =
        tollgate().arg("replay").arg(&photos).arg("--out").arg(&out).arg("--workers").arg("1").spawn().unwrap();
    let journal = out.join(".run/journal");
    while std::fs::metadata(&journal).map_or(0, |m| m.len()) < 20_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!out.join("events.jsonl").exists());
    let output = run(&["replay", photos.to_str().unwrap(), "--out", out.to_str().unwrap(), "--resume", "--json"]);
    assert_eq!(summary(&output)["images"], 35, "{}", text(&output));
}

#[test]
fn the_demo_says_where_to_look() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    for _ in 0..2 {
        let output = run(&["demo", "--out", out.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("report.html"), "{}", text(&output));
    }
    assert!(out.join("report.html").exists() && out.join("photos/lane-1/labels.csv").exists());
}

/// A person takes what is unsure, nobody else gets it meanwhile, and a second replay asks for it no more.
#[test]
fn the_manual_queue_is_worked_off_once() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let (photos, folder) = (sample(), out.to_str().unwrap());
    assert!(run(&["replay", photos.to_str().unwrap(), "--out", folder]).status.success());
    let manual = |args: &[&str]| {
        let output = run(&[&["manual"], args].concat());
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let waiting = || manual(&["list", folder]).1.lines().count();
    let all = waiting();
    assert!(all >= 2, "the sample set has plates that nobody can be sure of");
    let take = || -> serde_json::Value { serde_json::from_str(&manual(&["next", folder]).1).unwrap() };
    let (first, second) = (take(), take());
    assert_ne!(first["id"], second["id"]);
    let text = |v: &serde_json::Value, key: &str| v[key].as_str().unwrap().to_owned();
    let (id, token) = (text(&first, "id"), text(&first, "token"));
    assert!(!manual(&["answer", folder, &id, "--token", &text(&second, "token"), "--text", "AB1"]).0);
    assert!(manual(&["answer", folder, &id, "--token", &token, "--text", "ab 123"]).0);
    assert!(manual(&["abandon", folder, &text(&second, "id"), "--token", &text(&second, "token")]).0);
    assert!(run(&["replay", photos.to_str().unwrap(), "--out", folder, "--overwrite"]).status.success());
    assert_eq!(waiting(), all - 1);
    assert!(!manual(&["list", dir.path().to_str().unwrap()]).0);
}
