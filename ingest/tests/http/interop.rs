//! Written over one protocol, read over the other: kcat on the Kafka side.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tokio::sync::oneshot;
use tollgate_ingest::access::{Access, AccessConfig};
use tollgate_ingest::kafka::{Endpoint, KafkaConfig};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::system_clock;

use crate::common::{Server, missing};

/// A Kafka endpoint over the store of an HTTP one.
struct Kafka {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Kafka {
    fn beside(server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let plaintext = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = KafkaConfig { plaintext, tls: None, ..KafkaConfig::default() };
        let access = Arc::new(Access::new(&AccessConfig::default()).expect("no keys"));
        let (store, metrics) = (Arc::clone(&server.store), Arc::new(Metrics::new()));
        let bound = Endpoint::bind(config, folder.path(), store, access, metrics, system_clock());
        let endpoint = runtime.block_on(bound).expect("an endpoint");
        let address = endpoint.plaintext_addr().expect("a listener");
        let (stop, stopped) = oneshot::channel();
        let serve = move || runtime.block_on(endpoint.serve(async move { _ = stopped.await }));
        Self { address, stop: Some(stop), thread: Some(std::thread::spawn(serve)), _folder: folder }
    }

    /// Runs kcat with some input; gives its output.
    fn kcat(&self, arguments: &[&str], input: &str) -> String {
        let broker = self.address.to_string();
        let mut kcat = Command::new("kcat");
        kcat.args(["-b", &broker]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut kcat = kcat.spawn().expect("it was there before");
        kcat.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = kcat.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()).ok());
        self.thread.take().map(|thread| thread.join().ok());
    }
}

fn kcat_is_there() -> bool {
    let there = Command::new("kcat").arg("-V").output().is_ok_and(|output| output.status.success());
    if !there {
        missing("kcat");
    }
    there
}

#[test]
fn what_kcat_sends_is_read_over_http_in_every_codec() {
    if !kcat_is_there() {
        return;
    }
    let server = Server::start();
    let kafka = Kafka::beside(&server);
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    for (number, codec) in codecs.iter().enumerate() {
        let messages: String = (0..50).map(|i| format!("lane-{codec}:the plate is AB 123 CD {i}\n")).collect();
        let arguments =
            ["-P", "-t", "telemetry", "-p", "2", "-K", ":", "-z", codec, "-H", "unit=celsius", "-X", "linger.ms=200"];
        kafka.kcat(&arguments, &messages);
        let path = format!("/telemetry/partitions/2/messages?offset={}", number * 50);
        let lines = server.get(&path).lines();
        assert_eq!(lines.len(), 50, "{codec}");
        for (i, line) in lines.iter().enumerate() {
            assert_eq!(line["body"], format!("the plate is AB 123 CD {i}"));
            assert_eq!(line["key"], format!("lane-{codec}"));
            assert_eq!(line["headers"], serde_json::json!([["unit", "celsius"]]));
        }
    }
}

#[test]
fn what_is_sent_over_http_is_read_by_kcat() {
    if !kcat_is_there() {
        return;
    }
    let server = Server::start();
    let kafka = Kafka::beside(&server);
    let headers = [("brokerproperties", "{\"PartitionKey\": \"abc\"}"), ("x-property-unit", "celsius")];
    for i in 0..20 {
        let body = format!("Hi, welcome at Integrate - msg # {i}");
        assert_eq!(server.ask("POST", "/telemetry/messages", &headers, body.as_bytes()).status, 201);
    }
    let format = "%p|%o|%k|%h|%s\n";
    let read = kafka.kcat(&["-C", "-t", "telemetry", "-o", "beginning", "-e", "-q", "-f", format], "");
    let expected: String =
        (0..20).map(|i| format!("3|{i}|abc|unit=celsius|Hi, welcome at Integrate - msg # {i}\n")).collect();
    assert_eq!(read, expected);
}

#[test]
fn a_kafka_client_and_http_put_a_key_into_one_partition() {
    if !kcat_is_there() {
        return;
    }
    let server = Server::start();
    let kafka = Kafka::beside(&server);
    // Java's partitioner, in librdkafka's words.
    let arguments = ["-P", "-t", "telemetry", "-K", ":", "-X", "topic.partitioner=murmur2_random"];
    let messages: String = (0..40).map(|i| format!("gate-{i}:kafka\n")).collect();
    kafka.kcat(&arguments, &messages);
    for i in 0..40 {
        let reply = server.ask("POST", &format!("/telemetry/publishers/gate-{i}/messages"), &[], b"http");
        assert_eq!(reply.status, 201);
    }
    for partition in 0..4 {
        let mut of = [Vec::new(), Vec::new()];
        for line in server.get(&format!("/telemetry/partitions/{partition}/messages")).lines() {
            of[usize::from(line["body"] == "http")].push(line["key"].as_str().unwrap().to_owned());
        }
        of.iter_mut().for_each(|keys| keys.sort());
        assert_eq!(of[0], of[1]);
        assert!(!of[0].is_empty());
    }
}
