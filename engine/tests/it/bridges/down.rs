//! Brokers that are not there, or that say nothing: nobody else is held up, and no stop.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{events, serve, wait_for};
use crate::common::{free_port, text, tollgate};

/// A sink of each kind at a port, with a name that begins with `prefix`.
fn one_of_each(prefix: &str, port: u16) -> String {
    let password = "user = \"u\"\npassword = \"s3cret-of-the-test\"";
    let account = format!("url = \"http://127.0.0.1:{port}/devstoreaccount1\"");
    format!(
        "[sinks.rabbitmq.{prefix}-rabbitmq]\nurl = \"amqp://127.0.0.1:{port}\"\n{password}\n\
         [sinks.nats.{prefix}-nats]\nurl = \"nats://127.0.0.1:{port}\"\n{password}\n\
         [sinks.mqtt.{prefix}-mqtt]\nurl = \"mqtt://127.0.0.1:{port}\"\n{password}\n\
         [sinks.kafka.{prefix}-kafka]\nbootstrap = \"127.0.0.1:{port}\"\ntimeout_ms = 1000\n\
         [sinks.azure-queue.{prefix}-queue]\n{account}\n[sinks.azure-blob.{prefix}-blob]\n{account}\n\
         [[routes]]\nto = [{}]\n",
        names(prefix).map(|name| format!("{name:?}")).join(", ")
    )
}

fn names(prefix: &str) -> [String; 6] {
    ["rabbitmq", "nats", "mqtt", "kafka", "queue", "blob"].map(|kind| format!("{prefix}-{kind}"))
}

#[test]
fn brokers_that_are_down_or_silent_hold_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    // The system takes connections to it, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let lake =
        format!("[sinks.parquet.lake]\nurl = {:?}\nwindow_ms = 100\n", dir.path().join("lake").display().to_string());
    let sinks = format!(
        "{lake}[[routes]]\nto = [\"lake\"]\n{}{}",
        one_of_each("down", free_port()),
        one_of_each("silent", port)
    );
    let server = serve(dir.path(), &sinks);
    events::produce(&server, 0..500);
    wait_for(&server, "lake", "written", 500);
    for name in names("down") {
        wait_for(&server, &name, "failed", 1);
    }
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < Duration::from_secs(6), "a silent broker held up the stop: {:?}", begin.elapsed());
}

#[test]
fn a_bridge_that_cannot_work_is_refused_at_the_start_without_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, keys, said) in [
        ("rabbitmq", "url = \"amqp://u:s3cret@h\"", "use `user` and `password`"),
        ("rabbitmq", "routing_key = \"{lane}.{booth}\"", "{booth}"),
        ("nats", "password = 5\nuser = \"s3cret\"", "text in quotes"),
        ("nats", "subject = \"a..b\"", "sinks.nats.out.subject"),
        ("mqtt", "topic = \"a/#\"", "sinks.mqtt.out.topic"),
        ("mqtt", "url = \"http://h\"", "mqtt, mqtts"),
        ("kafka", "properties = { acks = \"1\" }", "acks is set by the bridge"),
        ("azure-queue", "url = \"https://a.queue.core.windows.net\"\nkey = \"s3cret!\"", "base64"),
        ("azure-queue", "queue = \"NO\"", "sinks.azure-queue.out.queue"),
        ("azure-blob", "name = \"{lane}\"", "{id}"),
        ("azure-blob", "contaner = \"plates\"", "`container`"),
    ] {
        let path = dir.path().join("tollgate.toml");
        std::fs::write(&path, format!("[sinks.{kind}.out]\n{keys}\n[[routes]]\nto = [\"out\"]\n")).unwrap();
        let output = tollgate().args(["serve", "--config"]).arg(&path).arg("--data").arg("nowhere").output().unwrap();
        let output = text(&output);
        assert!(output.contains(said) && !output.contains("s3cret"), "{kind} {keys}: {output}");
    }
}
