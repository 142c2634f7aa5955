//! `[sinks.nats.NAME]` at a NATS server with JetStream.

use std::path::Path;
use std::process::Command;

use super::broker::{Broker, is_there};
use super::reader::Reader;
use super::tls::Tls;
use super::{EVENTS, events, kill_midway, serve, wait_for};
use crate::common::{free_port, text, tollgate};

const PASSWORD: &str = "pa55word-that-is-nowhere-else";

/// The server's own limit of a message, in bytes.
pub(super) const MAX_PAYLOAD: usize = 1 << 20;

pub(super) fn is_here() -> bool {
    is_there("nats-server", "nats-server")
}

pub(super) fn start(dir: &Path, max_payload: usize, tls: Option<&Tls>) -> Broker {
    let (port, store) = (free_port(), dir.join("store"));
    let tls = tls.map_or_else(String::new, |tls| {
        let [certificate, key] = [&tls.certificate, &tls.key].map(|path| path.display().to_string());
        format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}\n")
    });
    std::fs::create_dir_all(dir).expect("a folder");
    let config = dir.join("nats.conf");
    let text = format!(
        "listen: 127.0.0.1:{port}\nmax_payload: {max_payload}\n{tls}jetstream {{ store_dir: {:?} }}\n\
         authorization {{ user: tollgate, password: {PASSWORD:?} }}\n",
        store.display().to_string()
    );
    std::fs::write(&config, text).expect("a config");
    Broker::start(port, move || {
        let mut command = Command::new("nats-server");
        command.arg("--config").arg(&config);
        command
    })
}

const ROUTE: &str = "[[routes]]\nto = [\"live\"]\n";

pub(super) fn sink(name: &str, scheme: &str, port: u16) -> String {
    format!(
        "[sinks.nats.{name}]\nurl = \"{scheme}://127.0.0.1:{port}\"\nuser = \"tollgate\"\npassword = {PASSWORD:?}\n\
         subject = \"plates.{{type}}.{{lane}}\"\nstream = \"PLATES\"\n"
    )
}

#[test]
fn nats_is_killed_midway_and_has_every_event_once() {
    let Some(reader) = Reader::find("jetstream.py", "nats").filter(|_| is_here()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut broker = start(&dir.path().join("nats"), MAX_PAYLOAD, None);
    let port = broker.port();
    let server = serve(dir.path(), &format!("{}{ROUTE}", sink("live", "nats", port)));
    kill_midway(&server, "live", &mut broker);
    let source = format!("tollgate {PASSWORD} plates.>");
    let received = reader.read(port, &source, EVENTS);
    events::all_are_there(&received, 0..EVENTS);
    events::lanes_are_in_order(&received);
    // Those that came again within the window were known by their ids.
    events::each_is_there_once(&received);
    let (event, with) = (&received[7].event, &received[7].with);
    let lane = event["data"]["lane"].as_str().unwrap();
    assert_eq!(with["subject"], format!("plates.LicensePlate.Processed.{lane}"));
    assert_eq!(with["headers"]["Nats-Msg-Id"], event["id"]);
    assert_eq!(with["headers"]["Content-Type"], "application/cloudevents+json; charset=UTF-8");
    server.stop();
}

/// What the server would never take is kept here, is told, and holds nobody up.
#[test]
fn what_is_too_large_for_nats_is_a_dead_letter() {
    if !is_here() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let broker = start(&dir.path().join("nats"), 4096, None);
    let server = serve(dir.path(), &format!("{}{ROUTE}", sink("live", "nats", broker.port())));
    events::produce(&server, 0..4);
    events::produce_large(&server, 5_000);
    events::produce(&server, 4..8);
    wait_for(&server, "live", "written", 9);
    assert_eq!(server.metric("bridge_unfit_events_total{sink=\"live\"}"), Some(1.0));
    let letters = |more: &[&str]| {
        let mut command = tollgate();
        command.args(["events", "deadletters", "--subscription", "live", "--data"]).arg(dir.path().join("data"));
        command.arg("--config").arg(dir.path().join("tollgate.toml")).args(more).output().unwrap()
    };
    let listed = letters(&[]);
    let lines: Vec<_> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    let [letter] = &lines[..] else { panic!("{lines:?}") };
    let letter: serde_json::Value = serde_json::from_str(letter).unwrap();
    let why = letter["lastDeliveryOutcome"].as_str().unwrap();
    assert!(letter["id"] == "large" && why.contains("limit of 4096"), "{letter}");
    let again = letters(&["--requeue-all"]);
    assert!(!again.status.success() && text(&again).contains("can never take"), "{}", text(&again));
    server.stop();
}
