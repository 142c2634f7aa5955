//! `[sinks.kafka.NAME]` at an Apache Kafka.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::broker::{Mortal, is_there};
use super::reader::Reader;
use super::{EVENTS, events, kill_midway, serve};
use crate::common::{free_port, repo};

/// A single-node Apache Kafka; stopped with its handle.
struct Kafka {
    data: PathBuf,
    port: u16,
    controller: u16,
}

impl Kafka {
    fn start(data: &Path) -> Self {
        std::fs::create_dir_all(data).expect("a folder");
        let mut kafka = Self { data: data.into(), port: free_port(), controller: free_port() };
        kafka.start_again();
        kafka
    }

    fn script(&self, action: &str) -> Command {
        let mut command = Command::new(repo().join("benches/peers/kafka.sh"));
        command.arg(action).arg(&self.data).stdout(Stdio::null());
        command
    }
}

impl Mortal for Kafka {
    fn kill(&mut self) {
        let pid = std::fs::read_to_string(self.data.join("pid")).expect("it runs");
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().expect("kill").success());
    }

    fn start_again(&mut self) {
        let mut command = self.script("start");
        command.args([self.port.to_string(), self.controller.to_string(), "num.partitions=4".into()]);
        assert!(command.status().expect("the script runs").success(), "Apache Kafka does not start");
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if !self.script("stop").status().is_ok_and(|status| status.success()) {
            eprintln!("Apache Kafka did not stop");
        }
    }
}

#[test]
fn kafka_is_killed_midway_and_has_every_event() {
    let peers = is_there("java", "default-jre-headless") && is_there("mvn", "maven");
    let Some(reader) = Reader::find("kafka.py", "confluent_kafka").filter(|_| peers) else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut kafka = Kafka::start(&dir.path().join("kafka"));
    let port = kafka.port;
    let server = serve(
        dir.path(),
        &format!(
            "[sinks.kafka.cluster]\nbootstrap = \"127.0.0.1:{port}\"\ntopic = \"plates\"\ntimeout_ms = 3000\n\
             properties = {{ \"reconnect.backoff.max.ms\" = \"500\", \"compression.type\" = \"zstd\" }}\n\
             [[routes]]\nto = [\"cluster\"]\n"
        ),
    );
    kill_midway(&server, "cluster", &mut kafka);
    let received = reader.read(port, "plates", EVENTS);
    events::all_are_there(&received, 0..EVENTS);
    events::lanes_are_in_order(&received);
    let (event, with) = (&received[7].event, &received[7].with);
    assert_eq!(with["key"], event["data"]["lane"]);
    assert_eq!(with["headers"]["content-type"], "application/cloudevents+json; charset=UTF-8");
    assert_eq!(with["headers"]["position"], event["source"]);
    server.stop();
}
