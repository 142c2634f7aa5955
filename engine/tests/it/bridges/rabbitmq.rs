//! `[sinks.rabbitmq.NAME]` at a RabbitMQ.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::broker::{Broker, Mortal, is_there};
use super::reader::Reader;
use super::tls::Tls;
use super::{EVENTS, PATIENCE, events, kill_midway, serve, wait_for};
use crate::common::free_port;

const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";

pub(super) fn is_here() -> bool {
    is_there(PROGRAM, "rabbitmq-server")
}

pub(super) fn sink(name: &str, scheme: &str, port: u16) -> String {
    format!(
        "[sinks.rabbitmq.{name}]\nurl = \"{scheme}://127.0.0.1:{port}\"\nqueue = \"plates\"\nrouting_key = \"plates\"\n"
    )
}

/// What it listens at.
fn listener(port: u16, tls: Option<&Tls>) -> String {
    let Some(tls) = tls else { return format!("listeners.tcp.1 = 127.0.0.1:{port}\n") };
    let options = [("cacertfile", &tls.authority), ("certfile", &tls.certificate), ("keyfile", &tls.key)];
    let options = options.map(|(option, path)| format!("ssl_options.{option} = {}\n", path.display())).concat();
    format!("listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\n{options}")
}

/// A RabbitMQ with a port mapper of its own.
pub(super) struct RabbitMq {
    broker: Broker,
    mapper: u16,
    home: PathBuf,
}

impl RabbitMq {
    pub(super) fn port(&self) -> u16 {
        self.broker.port()
    }

    pub(super) fn start(dir: &Path, tls: Option<&Tls>) -> Self {
        let (port, cluster, mapper) = (free_port(), free_port(), free_port());
        let at = |name: &str| dir.join(name);
        std::fs::create_dir_all(at("home")).expect("a folder");
        std::fs::write(at("plugins"), "[].").expect("a file");
        std::fs::write(at("rabbitmq.conf"), listener(port, tls)).expect("a file");
        let (dir, home) = (dir.to_path_buf(), at("home"));
        let broker = Broker::start(port, move || {
            let mut command = Command::new(PROGRAM);
            command
                .env("HOME", dir.join("home"))
                .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                .env("ERL_EPMD_PORT", mapper.to_string())
                .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
                .env("RABBITMQ_DIST_PORT", cluster.to_string())
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
                .env("RABBITMQ_LOG_BASE", dir.join("log"))
                .env("RABBITMQ_MNESIA_BASE", dir.join("mnesia"))
                .env("RABBITMQ_NODENAME", node(port));
            command
        });
        Self { broker, mapper, home }
    }
}

impl Mortal for RabbitMq {
    fn kill(&mut self) {
        self.broker.kill();
    }

    fn start_again(&mut self) {
        self.broker.start_again();
    }

    /// A node that is killed in the first seconds of its life may forget durable queues it has confirmed, with all that
    /// is in them (seen with 3.10: "Recovering 0 queues"). A node that has written its tables out does not.
    fn settle(&mut self) {
        let mut command = Command::new(CONTROL);
        command.env("HOME", &self.home).env("ERL_EPMD_PORT", self.mapper.to_string());
        command.args(["--node", &node(self.broker.port()), "eval", "mnesia:dump_log()."]);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", crate::common::text(&output));
    }
}

fn node(port: u16) -> String {
    format!("tollgate{port}@localhost")
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.broker.kill();
        // It starts a daemon that outlives it, and that cannot be ended before it has seen the node's end.
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.mapper)).is_ok() && Instant::now() < deadline {
            let mut command = Command::new("epmd");
            command.args(["-port", &self.mapper.to_string(), "-kill"]).stdout(Stdio::null()).stderr(Stdio::null());
            drop(command.status());
        }
    }
}

#[test]
fn rabbitmq_is_killed_midway_and_has_every_event() {
    let Some(reader) = Reader::find("rabbitmq.py", "pika").filter(|_| is_here()) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut rabbit = RabbitMq::start(&dir.path().join("rabbitmq"), None);
    let port = rabbit.broker.port();
    let server = serve(
        dir.path(),
        &format!(
            "{}[sinks.rabbitmq.topics]\nurl = \"amqp://127.0.0.1:{port}\"\nexchange = \"amq.topic\"\n\
             routing_key = \"plates.{{type}}.{{lane}}\"\n\
             [[routes]]\nto = [\"work\", \"topics\"]\n",
            sink("work", "amqp", port)
        ),
    );
    kill_midway(&server, "work", &mut rabbit);
    let received = reader.read(port, "plates", EVENTS);
    events::all_are_there(&received, 0..EVENTS);
    events::lanes_are_in_order(&received);
    let with = &received[7].with;
    assert_eq!(with["content_type"], "application/cloudevents+json; charset=UTF-8");
    assert_eq!((with["delivery_mode"].as_u64(), &with["message_id"]), (Some(2), &received[7].event["id"]));
    // No queue takes what is sent to the exchange: that is a failure until there is one.
    wait_for(&server, "topics", "failed", 1);
    let received = reader.read(port, "amq.topic plates.LicensePlate.*.2", EVENTS / 4);
    assert!(received.iter().all(|one| one.event["data"]["lane"] == "2"));
    events::lanes_are_in_order(&received);
    server.stop();
}
