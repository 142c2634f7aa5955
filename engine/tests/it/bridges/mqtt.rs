//! `[sinks.mqtt.NAME]` at a Mosquitto, read by its own client.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::broker::{Broker, is_there};
use super::reader::Received;
use super::tls::Tls;
use super::{EVENTS, PATIENCE, events, kill_midway, serve};
use crate::common::free_port;

/// The topic of messages that only ask whether somebody listens.
const PROBE: &str = "plates/probe";

pub(super) fn is_here() -> bool {
    is_there("mosquitto", "mosquitto")
}

pub(super) fn sink(name: &str, scheme: &str, port: u16) -> String {
    let topic = "plates/{type}/{lane}";
    format!("[sinks.mqtt.{name}]\nurl = \"{scheme}://127.0.0.1:{port}\"\ntopic = {topic:?}\n")
}

/// A Mosquitto that keeps sessions and what waits for them.
pub(super) fn start(dir: &Path, tls: Option<&Tls>) -> Broker {
    std::fs::create_dir_all(dir).expect("a folder");
    let (port, config) = (free_port(), dir.join("mosquitto.conf"));
    let tls = tls.map_or_else(String::new, |tls| {
        format!("certfile {}\nkeyfile {}\n", tls.certificate.display(), tls.key.display())
    });
    // Saved with every change, or a kill would lose what it has acknowledged for a subscriber that is away.
    let text = format!(
        "listener {port} 127.0.0.1\n{tls}allow_anonymous true\nuser root\nmax_queued_messages 0\nmax_inflight_messages 0\n\
         persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1\n",
        dir.display()
    );
    std::fs::write(&config, text).expect("a config");
    Broker::start(port, move || {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(&config);
        command
    })
}

/// A subscriber whose session outlives connections; it comes back by itself.
struct Subscriber {
    child: Child,
    out: PathBuf,
}

impl Subscriber {
    fn start(port: u16, out: PathBuf) -> Self {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-V", "mqttv5", "-c", "-x", "3600", "-i", "reader"]);
        command.args(["-q", "1", "-t", "plates/#", "-F", "%t\t%C\t%p"]).stdin(Stdio::null()).stderr(Stdio::null());
        let child = command.stdout(File::create(&out).expect("a file")).spawn().expect("it starts");
        Self { child, out }
    }

    /// Waits until messages reach it.
    #[track_caller]
    fn wait(&self, port: u16) {
        let deadline = Instant::now() + PATIENCE;
        while !std::fs::read_to_string(&self.out).expect("a file").contains(PROBE) {
            assert!(Instant::now() < deadline, "it has not subscribed");
            let mut command = Command::new("mosquitto_pub");
            command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", PROBE, "-m", "there?"]);
            assert!(command.status().expect("it runs").success());
        }
    }

    /// What it has: topic, content type and event of each message that is whole.
    fn received(&self) -> Vec<Received> {
        let text = std::fs::read_to_string(&self.out).expect("a file");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let message = |line: &str| {
            let [topic, content_type, event] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().ok()?;
            let event = serde_json::from_str(event).ok()?;
            Some(Received { event, with: Value::from(vec![topic, content_type]) })
        };
        let ours = |line: &&str| !line.starts_with(PROBE);
        whole.lines().filter(ours).map(|line| message(line).unwrap_or_else(|| panic!("no message: {line}"))).collect()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn mosquitto_is_killed_midway_and_its_subscriber_has_every_event() {
    if !is_here() || !is_there("mosquitto_sub", "mosquitto-clients") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut broker = start(&dir.path().join("mosquitto"), None);
    let subscriber = Subscriber::start(broker.port(), dir.path().join("messages"));
    let booths = sink("booths", "mqtt", broker.port());
    let server = serve(dir.path(), &format!("{booths}[[routes]]\nto = [\"booths\"]\n"));
    subscriber.wait(broker.port());
    kill_midway(&server, "booths", &mut broker);
    let distinct = |received: &[Received]| {
        let ids = received.iter().map(|one| one.event["id"].to_string());
        ids.collect::<std::collections::BTreeSet<_>>().len()
    };
    let deadline = Instant::now() + PATIENCE;
    while distinct(&subscriber.received()) < EVENTS {
        assert!(Instant::now() < deadline, "{} of {EVENTS}", distinct(&subscriber.received()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let received = subscriber.received();
    events::all_are_there(&received, 0..EVENTS);
    events::lanes_are_in_order(&received);
    let (event, with) = (&received[7].event, &received[7].with);
    assert_eq!(with[0], format!("plates/LicensePlate.Processed/{}", event["data"]["lane"].as_str().unwrap()));
    assert_eq!(with[1], "application/cloudevents+json; charset=UTF-8");
    server.stop();
}
