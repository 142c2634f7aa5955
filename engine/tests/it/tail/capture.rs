//! `[capture.NAME]`.

use std::path::Path;

use serde_json::{Value, json};

use super::s3::{BUCKET, S3};
use super::{config, keys, python, serve, wait_for};
use crate::serve::Server;

/// A window ends with 10 MB: two records of this size fit, a third does not.
const LARGE: usize = 4_000_000;

fn capture_config(dir: &Path, url: &str) {
    config(
        dir,
        &format!(
            "[hubs.raw]\npartitions = 2\nmax_batch_bytes = 8000000\n[http]\nmax_body_bytes = 8000000\n\
             [capture.all]\nhub = \"raw\"\nurl = {url:?}\nnamespace = \"booth\"\nwindow_s = 60\nwindow_mb = 10\n"
        ),
    );
}

/// Sends a record that says its number, and is padded; it must be taken.
fn send(server: &Server, partition: u32, number: usize, bytes: usize) {
    assert_eq!(try_send(server, partition, number, bytes), Some(201));
}

/// The status of the answer, if there was one.
fn try_send(server: &Server, partition: u32, number: usize, bytes: usize) -> Option<u16> {
    let mut body = number.to_string().into_bytes();
    body.resize(bytes, b' ');
    let answer = ureq::post(format!("{}/raw/messages?partition={partition}", server.http()))
        .header("content-type", "text/plain")
        .header("x-property-camera", "north")
        .send(&body);
    answer.ok().map(|answer| answer.status().as_u16())
}

/// Records by partition, as fastavro reads them.
fn read_back(root: &Path) -> Option<Value> {
    python::script("capture.py", "fastavro").map(|mut script| python::answer(script.arg(root)))
}

/// All records of a partition are there, in order, once.
#[track_caller]
fn in_order(found: &Value, partition: &str, records: usize) {
    let all = found["partitions"][partition].as_array().expect("records");
    let offsets: Vec<u64> = all.iter().filter_map(|record| record["offset"].as_u64()).collect();
    assert_eq!(offsets, (0..records as u64).collect::<Vec<_>>());
    for (n, record) in all.iter().enumerate() {
        assert_eq!(record["body"].as_str().expect("a body").trim(), n.to_string());
        assert_eq!(record["bytes"], LARGE);
    }
}

#[test]
fn a_full_window_becomes_a_file_with_the_documented_name_and_schema() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("captured");
    capture_config(dir.path(), &files.display().to_string());
    let server = serve(dir.path(), &[]);
    (0..5).for_each(|n| send(&server, 1, n, LARGE));
    let found = wait_for("two files", || Some(keys(&files)).filter(|keys| keys.len() >= 2));
    server.stop();
    for key in &found {
        let parts: Vec<&str> = key.split('/').collect();
        assert_eq!(parts[..3], ["booth", "raw", "1"], "{key}");
        assert_eq!(parts.len(), 9, "{key}");
        assert!(parts[3..8].iter().all(|part| part.parse::<u32>().is_ok()), "{key}");
        assert!(parts[8].ends_with(".avro"), "{key}");
    }
    let Some(found) = read_back(&files) else { return };
    in_order(&found, "1", 4);
    let record = &found["partitions"]["1"][0];
    assert_eq!(record["properties"], json!({ "camera": "north", "content-type": "text/plain" }));
    assert_eq!(
        found["fields"],
        json!(["SequenceNumber", "Offset", "EnqueuedTimeUtc", "SystemProperties", "Properties", "Body"])
    );
}

#[test]
fn killed_between_its_steps_a_capture_makes_the_same_files() {
    for step in ["depot.staged", "capture.published", "depot.staged:2", "capture.published:2"] {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("captured");
        capture_config(dir.path(), &files.display().to_string());
        let server = serve(dir.path(), &[("TOLLGATE_FAILPOINT", step)]);
        // The record that ends the window is durable before it does; its answer may come too late.
        let last = if step.ends_with(":2") { 4 } else { 2 };
        (0..last).for_each(|n| send(&server, 0, n, LARGE));
        try_send(&server, 0, last, LARGE);
        server.died();
        let server = serve(dir.path(), &[]);
        (last + 1..7).for_each(|n| send(&server, 0, n, LARGE));
        wait_for("three files", || Some(keys(&files)).filter(|keys| keys.len() >= 3));
        server.stop();
        assert_eq!(keys(&files).len(), 3, "{step}");
        let Some(found) = read_back(&files) else { return };
        in_order(&found, "0", 6);
    }
}

#[test]
fn while_the_store_is_down_the_data_waits_in_the_log() {
    let Some(mut s3) = S3::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    capture_config(dir.path(), &format!("s3://{BUCKET}/raw"));
    s3.tell("down");
    let env = s3.env().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let server = serve(dir.path(), &env);
    (0..7).for_each(|n| send(&server, 0, n, LARGE));
    s3.tell("up");
    wait_for("three files", || Some(s3.keys()).filter(|keys| keys.len() >= 3));
    server.stop();
    let copy = tempfile::tempdir().unwrap();
    s3.tell(&format!("fetch {}", copy.path().display()));
    let Some(found) = read_back(&copy.path().join("raw")) else { return };
    in_order(&found, "0", 6);
    assert_eq!(s3.uploads(), 0);
}
