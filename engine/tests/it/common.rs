//! What the tests of the program share: they run the real binary, as a user would.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The checkout.
pub(crate) fn repo() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The folder of real photos and users' models beside the checkout; says loudly when it is not there.
pub(crate) fn shared() -> Option<PathBuf> {
    let dir = repo().parent().expect("a folder above the workspace").join("shared");
    if dir.join("plates/us/labels.csv").exists() {
        return Some(dir);
    }
    eprintln!("SKIPPED: no real photos at {}", dir.display());
    None
}

/// The rendered sample set.
pub(crate) fn sample() -> PathBuf {
    repo().join("datasets/sample")
}

/// The program, with the best reader's mirror where there is one.
pub(crate) fn tollgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.env_remove("RUST_LOG");
    if let Some(shared) = shared() {
        command.env("TOLLGATE_MODEL_MIRROR", shared.join("models/fast-alpr"));
    }
    command
}

/// A replay that must come to a good end; its JSON summary.
pub(crate) fn replay(photos: &Path, out: &Path, more: &[&str]) -> Value {
    let output = tollgate().arg("replay").arg(photos).arg("--out").arg(out).arg("--json").args(more).output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", text(&output));
    summary(&output)
}

/// The last line of stdout as JSON.
pub(crate) fn summary(output: &Output) -> Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|e| panic!("no JSON in the last line: {e}\n{}", text(output)))
}

/// Everything a program printed, for a failed assertion.
pub(crate) fn text(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{}\n--- stdout\n{out}\n--- stderr\n{err}", output.status)
}

/// The events of a run, in order.
pub(crate) fn events(out: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(out.join("events.jsonl")).expect("events.jsonl");
    text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
}

/// The events without what differs from run to run: the time each stage took.
pub(crate) fn timeless_events(out: &Path) -> Vec<Value> {
    let mut events = events(out);
    for event in &mut events {
        event["data"].as_object_mut().expect("data").remove("timings").expect("timings");
    }
    events
}

/// A number of a summary.
pub(crate) fn number(summary: &Value, key: &str) -> f64 {
    summary[key].as_f64().unwrap_or_else(|| panic!("no number `{key}` in {summary}"))
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}
