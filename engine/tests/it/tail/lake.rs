//! `[sinks.parquet.NAME]`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use super::s3::{BUCKET, S3};
use super::{config, events, keys, python, serve, wait_for};

const MODULES: &str = "pyarrow.dataset, duckdb, datafusion";

/// How often each event is in a lake.
fn rows(root: &Path) -> BTreeMap<String, u32> {
    let mut rows = BTreeMap::new();
    for key in keys(root) {
        let file = File::open(root.join(&key)).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("whole").build().expect("readable");
        for batch in reader {
            let batch = batch.expect("a batch");
            for id in batch.column_by_name("event_id").expect("ids").as_string::<i32>().iter().flatten() {
                *rows.entry(id.to_owned()).or_default() += 1;
            }
        }
    }
    rows
}

/// Waits for that many events; each must be there once.
#[track_caller]
fn each_once(root: &Path, events: usize, when: &str) {
    let found = wait_for("all rows", || Some(rows(root)).filter(|rows| rows.len() >= events));
    assert_eq!(found.len(), events, "{when}");
    assert!(found.values().all(|&times| times == 1), "{when}: {found:?}");
}

fn lake_config(dir: &Path, window_ms: u64) {
    let lake = dir.join("lake").display().to_string();
    config(
        dir,
        &format!("[sinks.parquet.lake]\nurl = {lake:?}\nwindow_ms = {window_ms}\n[[routes]]\nto = [\"lake\"]\n"),
    );
}

#[test]
fn analysts_find_every_row_by_date_hour_and_lane() {
    let dir = tempfile::tempdir().unwrap();
    lake_config(dir.path(), 300);
    let server = serve(dir.path(), &[]);
    events::post_range(&server, 0..60);
    let lake = dir.path().join("lake");
    each_once(&lake, 60, "one window");
    server.stop();
    let lanes = ["0", "1", "2", "north%2F%20gate%3D1", "__HIVE_DEFAULT_PARTITION__"];
    let keys = keys(&lake);
    for (hour, lane) in ["06", "07"].iter().flat_map(|hour| lanes.map(|lane| (hour, lane))) {
        let folder = format!("date=2024-05-01/hour={hour}/lane={lane}/");
        assert!(keys.iter().any(|key| key.starts_with(&folder)), "{folder} in {keys:?}");
    }
    let Some(mut script) = python::script("lake.py", MODULES) else { return };
    let found = python::answer(script.arg(&lake).arg(events::plate(17)));
    let all = json!({ "rows": 60, "ids": 60, "lanes": ["0", "1", "2", "None", "north/ gate=1"], "hours": [6, 7] });
    assert_eq!(found["pyarrow"], all);
    assert_eq!(found["datafusion"], json!({ "rows": 60, "lane 2": 12, "of the plate": 1 }));
    let duckdb = &found["duckdb"];
    for (question, answer) in
        [("rows", 60), ("ids", 60), ("lane 2", 12), ("no lane", 12), ("misplaced", 0), ("of the plate", 1)]
    {
        assert_eq!(duckdb[question], answer, "{question}: {duckdb}");
    }
    assert_eq!(duckdb["filters right"], true, "{duckdb}");
    let left = duckdb["files the filter leaves"].as_u64().expect("a number");
    assert!(left >= 1 && left * 2 < keys.len() as u64, "the bloom filter leaves most files out: {duckdb}");
    let settings =
        json!({ "zstd": true, "statistics": true, "page index": true, "lane in the file": false, "version": ["1"] });
    assert_eq!(found["settings"], settings);
}

#[test]
fn killed_between_any_two_steps_no_row_is_lost_and_none_is_there_twice() {
    // The first draft is the ledger's; ten files follow it.
    for step in [
        "depot.staged",
        "lake.noted",
        "depot.staged:2",
        "lake.file",
        "depot.staged:4",
        "lake.file:4",
        "lake.file:9",
        "lake.written",
    ] {
        let dir = tempfile::tempdir().unwrap();
        lake_config(dir.path(), 100);
        let lake = dir.path().join("lake");
        let server = serve(dir.path(), &[("TOLLGATE_FAILPOINT", step)]);
        events::post_range(&server, 0..40);
        server.died();
        assert!(rows(&lake).values().all(|&times| times == 1), "{step}");
        // More has come when it is up again; the window is cut elsewhere.
        let server = serve(dir.path(), &[]);
        events::post_range(&server, 40..60);
        each_once(&lake, 60, step);
        server.stop();
        each_once(&lake, 60, step);
    }
}

#[test]
fn killed_again_and_again_in_the_same_place() {
    let dir = tempfile::tempdir().unwrap();
    lake_config(dir.path(), 100);
    let lake = dir.path().join("lake");
    for (round, step) in ["lake.file:2", "lake.file:3", "lake.noted", "lake.file:1", "lake.written"].iter().enumerate()
    {
        let server = serve(dir.path(), &[("TOLLGATE_FAILPOINT", step)]);
        events::post_range(&server, round * 10..round * 10 + 10);
        server.died();
    }
    let server = serve(dir.path(), &[]);
    each_once(&lake, 50, "after five kills");
    server.stop();
}

#[test]
fn a_full_disk_during_a_window_is_waited_out() {
    let dir = tempfile::tempdir().unwrap();
    let lake = dir.path().join("lake");
    std::fs::create_dir(&lake).unwrap();
    let mount = |options: &str| {
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&lake).status().is_ok_and(|status| status.success())
    };
    if !mount("size=40k") {
        assert!(std::env::var("REQUIRE_PEERS").is_err(), "a small disk can be mounted where everything is required");
        eprintln!("SKIPPED: a small disk cannot be mounted here (needs root)");
        return;
    }
    lake_config(dir.path(), 100);
    let server = serve(dir.path(), &[]);
    events::post_range(&server, 0..60);
    let failed = wait_for("a failure", || server.metric("sink_events_total{sink=\"lake\",outcome=\"failed\"}"));
    assert!(failed >= 1.0);
    assert!(rows(&lake).len() < 60, "the disk was full");
    assert!(mount("remount,size=64m"));
    each_once(&lake, 60, "with room again");
    server.stop();
    assert!(std::process::Command::new("umount").arg(&lake).status().unwrap().success());
}

#[test]
fn a_lake_in_s3() {
    let Some(mut s3) = S3::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    config(
        dir.path(),
        &format!("[sinks.parquet.lake]\nurl = \"s3://{BUCKET}/tail/\"\nwindow_ms = 100\n[[routes]]\nto = [\"lake\"]\n"),
    );
    let env = s3.env().map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let with = |env: &[(String, String)], step: Option<&'static str>| {
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        serve(dir.path(), &[env.as_slice(), step.map(|step| ("TOLLGATE_FAILPOINT", step)).as_slice()].concat())
    };
    for (round, step) in ["lake.noted", "lake.file:3", "lake.written"].into_iter().enumerate() {
        let server = with(&env, Some(step));
        events::post_range(&server, round * 20..round * 20 + 20);
        server.died();
    }
    let server = with(&env, None);
    let copy = tempfile::tempdir().unwrap();
    let lake = copy.path().join("tail");
    wait_for("all rows", || {
        s3.tell(&format!("fetch {}", copy.path().display()));
        Some(rows(&lake)).filter(|rows| rows.len() >= 60)
    });
    server.stop();
    s3.tell(&format!("fetch {}", copy.path().display()));
    each_once(&lake, 60, "from S3");
    assert!(s3.keys().iter().any(|key| key.contains("/lane=north%2F%20gate%3D1/")), "{:?}", s3.keys());
    assert_eq!(s3.uploads(), 0);
}
