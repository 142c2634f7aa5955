use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::watch;
use tollgate_ingest::access::{Access, AccessConfig};
use tollgate_ingest::log::{BatchBuilder, Checkpoint, HubConfig, NewRecord, Store, StoreOptions, ValidBatch};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::system_clock;
use tollgate_sinks::route::{Route, RouteConfig};
use tollgate_sinks::{Published, Sink};

/// A sink that tells what it was handed and synced, and fails as often as it is told to.
struct Told {
    written: Vec<String>,
    synced: Sender<Vec<String>>,
    failures: u32,
}

impl Sink<Published> for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn write(&mut self, items: &[Published]) -> tollgate_sinks::Result<()> {
        self.written.extend(items.iter().map(|item| item.event.id.clone()));
        Ok(())
    }

    fn sync(&mut self) -> tollgate_sinks::Result<()> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(tollgate_sinks::Error::Finished { sink: "told" });
        }
        // A test that has seen enough listens no more.
        self.synced.send(std::mem::take(&mut self.written)).ok();
        Ok(())
    }
}

struct Place {
    _folder: tempfile::TempDir,
    shared: Shared,
    hub: Arc<Hub>,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let hub = store.create_hub("results", &HubConfig { partitions: 2, ..HubConfig::default() }).unwrap();
    let access = Arc::new(Access::new(&AccessConfig::default()).unwrap());
    let (metrics, clock) = (Arc::new(Metrics::new()), system_clock());
    Place {
        _folder: folder,
        shared: Shared { store: Arc::new(store), access, metrics, clock, stopping: watch::Sender::new(false) },
        hub,
    }
}

fn append(hub: &Hub, partition: u32, values: &[&str]) {
    let mut builder = BatchBuilder::new(1 << 20);
    builder.clear(None);
    for value in values {
        builder.push(&NewRecord { value: Some(value.as_bytes()), ..NewRecord::default() }).unwrap();
    }
    let mut batch = ValidBatch::check(builder.finish().unwrap()).unwrap();
    hub.partition(partition).unwrap().append(&mut batch, 1_000).unwrap().ack.wait().unwrap();
}

fn event(id: &str, kind: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"s","type":"{kind}"}}"#)
}

fn told(failures: u32, route: &RouteConfig) -> (Outlet, Receiver<Vec<String>>) {
    let (synced, receiver) = channel();
    let mut left = failures;
    let open = Box::new(move || {
        let failures = std::mem::take(&mut left);
        Ok(Box::new(Told { written: Vec::new(), synced: synced.clone(), failures }) as outlet::LiveSink)
    });
    (Outlet { name: "told".into(), routes: vec![Route::new(route)], window: Window::NONE, open }, receiver)
}

/// Waits until so many events were synced.
fn wait_for(synced: &Receiver<Vec<String>>, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(synced.recv_timeout(Duration::from_secs(20)).expect("more events"));
    }
    all.sort();
    all
}

#[test]
fn a_sink_gets_what_takes_its_route_and_goes_on_after_a_restart() {
    let place = place();
    append(&place.hub, 0, &[&event("a", "Read"), &event("b", "Other"), "no event"]);
    append(&place.hub, 1, &[&event("c", "read")]);
    let route = RouteConfig { types: vec!["READ".into()], ..RouteConfig::default() };
    let (outlet, synced) = told(0, &route);
    let followers = start(vec![outlet], &place.hub, &place.shared).unwrap();
    assert_eq!(wait_for(&synced, 2), ["a", "c"]);
    followers.stop();
    append(&place.hub, 0, &[&event("d", "Read")]);
    let (outlet, synced) = told(0, &route);
    let followers = start(vec![outlet], &place.hub, &place.shared).unwrap();
    assert_eq!(wait_for(&synced, 1), ["d"]);
    followers.stop();
    let mut metrics = String::new();
    place.shared.metrics.write(&mut metrics).unwrap();
    assert!(metrics.contains(r#"sink_events_total{sink="told",outcome="foreign"} 1"#), "{metrics}");
}

#[test]
fn a_failed_sync_is_tried_again_from_the_last_commit() {
    let place = place();
    append(&place.hub, 0, &[&event("a", "t"), &event("b", "t")]);
    let (outlet, synced) = told(1, &RouteConfig::default());
    let followers = start(vec![outlet], &place.hub, &place.shared).unwrap();
    assert_eq!(wait_for(&synced, 2), ["a", "b"]);
    followers.stop();
}

#[test]
fn moved_checkpoints_rewind_a_running_sink() {
    let place = place();
    append(&place.hub, 0, &[&event("a", "t"), &event("b", "t"), &event("c", "t")]);
    let (outlet, synced) = told(0, &RouteConfig::default());
    let followers = start(vec![outlet], &place.hub, &place.shared).unwrap();
    assert_eq!(wait_for(&synced, 3), ["a", "b", "c"]);
    // Only a commit of the follower's that is through is one that this one follows upon.
    let committed = || place.shared.store.checkpoints("sink.told").iter().any(|one| one.offset == 3);
    let mut grown = 0;
    while !committed() {
        grown += 1;
        append(&place.hub, 1, &[&event(&format!("z{grown}"), "t")]);
        wait_for(&synced, 1);
    }
    let back = Checkpoint { hub: "results".into(), partition: 0, offset: 1, metadata: String::new() };
    place.shared.store.commit_checkpoints("sink.told", &[back]).unwrap();
    assert_eq!(wait_for(&synced, 2), ["b", "c"]);
    followers.stop();
}
