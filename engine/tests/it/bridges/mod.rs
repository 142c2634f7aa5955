//! Bridges: the real program hands results on to real brokers, which are killed and come back; stock clients read them.

mod azure;
mod broker;
mod down;
mod events;
mod kafka;
mod mqtt;
mod nats;
mod rabbitmq;
mod reader;
mod tls;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::serve::Server;
use broker::Mortal;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many events each test hands on.
const EVENTS: usize = 2_000;

/// Serves with these sinks, from a folder of its own.
fn serve(dir: &Path, sinks: &str) -> Server {
    let config = dir.join("tollgate.toml");
    let log = "[source]\nkind = \"none\"\n[hubs.results]\npartitions = 2\n";
    std::fs::write(&config, format!("{log}{sinks}")).expect("a config");
    Server::start(&dir.join("data"), &["--config", &config.to_string_lossy()])
}

/// Waits until a sink's events had an outcome this often.
#[track_caller]
fn wait_for(server: &Server, sink: &str, outcome: &str, times: usize) {
    let name = format!("sink_events_total{{sink=\"{sink}\",outcome=\"{outcome}\"}}");
    let deadline = Instant::now() + PATIENCE;
    while server.metric(&name).is_none_or(|so_far| so_far < times as f64) {
        assert!(Instant::now() < deadline, "{sink}: {outcome} {:?} of {times}", server.metric(&name));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a sink has committed all there is: its broker has said that it has every event.
#[track_caller]
fn wait_for_commit(server: &Server, sink: &str) {
    let lag = |partition| format!("group_lag{{group=\"sink.{sink}\",hub=\"results\",partition=\"{partition}\"}}");
    let deadline = Instant::now() + PATIENCE;
    while (0..2).any(|partition| server.metric(&lag(partition)).is_some_and(|lag| lag > 0.0)) {
        assert!(Instant::now() < deadline, "{sink} has not committed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends all events; the broker is killed while it is sent some, is down for others, and comes back.
#[track_caller]
fn kill_midway(server: &Server, sink: &str, broker: &mut impl Mortal) {
    events::produce(server, 0..500);
    wait_for(server, sink, "written", 500);
    broker.settle();
    events::produce(server, 500..1_500);
    broker.kill();
    events::produce(server, 1_500..EVENTS);
    wait_for(server, sink, "failed", 1);
    broker.start_again();
}
