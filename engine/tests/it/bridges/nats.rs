//! `[sinks.nats.NAME]` at a NATS server with JetStream.

use std::path::Path;
use std::process::Command;

use super::broker::{Broker, is_there};
use super::reader::Reader;
use super::{EVENTS, events, kill_midway, serve};
use crate::common::free_port;

const PASSWORD: &str = "pa55word-that-is-nowhere-else";

fn start(dir: &Path) -> Broker {
    let (port, store) = (free_port(), dir.join("store"));
    std::fs::create_dir_all(dir).expect("a folder");
    let config = dir.join("nats.conf");
    let text = format!(
        "listen: 127.0.0.1:{port}\njetstream {{ store_dir: {:?} }}\n\
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

#[test]
fn nats_is_killed_midway_and_has_every_event_once() {
    let Some(reader) = Reader::find("jetstream.py", "nats").filter(|_| is_there("nats-server", "nats-server")) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut broker = start(&dir.path().join("nats"));
    let port = broker.port();
    let server = serve(
        dir.path(),
        &format!(
            "[sinks.nats.live]\nurl = \"nats://127.0.0.1:{port}\"\nuser = \"tollgate\"\npassword = {PASSWORD:?}\n\
             subject = \"plates.{{type}}.{{lane}}\"\nstream = \"PLATES\"\n[[routes]]\nto = [\"live\"]\n"
        ),
    );
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
