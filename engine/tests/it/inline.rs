//! The assembly that the lanes run, run on this thread: same events, no threads, no files.

use crate::common::{replay, sample, shared, timeless_events};
use std::sync::atomic::AtomicBool;
use tollgate_engine::config::Config;
use tollgate_engine::flow;
use tollgate_engine::setup::{Backend, Setup};
use tollgate_ingest::{ReplayOptions, ReplaySource};
use tollgate_models::{Quiet, Store};

#[test]
fn inline_and_lanes_give_the_same_events() {
    let out = tempfile::tempdir().unwrap();
    replay(&sample(), out.path(), &["--workers", "2"]);
    let of_lanes = timeless_events(out.path());

    let cache = Store::from_env().dir().to_path_buf();
    let store = Store::new(cache, shared().map(|s| s.join("models/fast-alpr")));
    let config = Config::default();
    let setup = Setup::prepare(&config, Backend::Cpu.open(&store).unwrap(), &store, &Quiet).unwrap();
    let mut assembly = setup.lane(&config).unwrap();
    let mut source = ReplaySource::open(&[sample()], &ReplayOptions::default()).unwrap();
    let mut events = Vec::new();
    flow::inline(&mut source, &mut assembly, &AtomicBool::new(false), |batch| {
        for entry in batch.items.iter().flat_map(|judged| &judged.entries) {
            let mut json = Vec::new();
            entry.event.write_json(&mut json).expect("JSON");
            let mut event: serde_json::Value = serde_json::from_slice(&json).expect("an event");
            event["data"].as_object_mut().expect("data").remove("timings");
            events.push(event);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(events, of_lanes);
}
