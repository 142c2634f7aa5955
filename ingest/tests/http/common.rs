//! A server in this process, and a client that can be as rude as a test needs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::oneshot;
use tollgate_ingest::access::{Access, AccessConfig};
use tollgate_ingest::http::{Endpoint, HttpConfig, Readiness};
use tollgate_ingest::log::{HubConfig, Records, Store, StoreOptions};
use tollgate_ingest::metrics::Metrics;

/// As long as anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running endpoint over an empty store with the hubs `images` and `telemetry` of 4 partitions.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<Store>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readiness: Arc<Readiness>,
    /// What the endpoint takes for the time, in milliseconds since the epoch.
    pub(crate) now_ms: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

/// Noon of some day.
pub(crate) const NOON_MS: i64 = 1_536_753_600_000;

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(HttpConfig::default(), &AccessConfig::default(), StoreOptions::default())
    }

    pub(crate) fn with(config: HttpConfig, access: &AccessConfig, options: StoreOptions) -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = Arc::new(Store::open(folder.path(), options).expect("a store").0);
        let images = HubConfig { max_batch_bytes: 17 << 20, ..HubConfig::default() };
        store.create_hub("images", &images).expect("a hub");
        store.create_hub("telemetry", &HubConfig::default()).expect("a hub");
        let now_ms = Arc::new(AtomicI64::new(NOON_MS));
        let (metrics, access) = (Arc::new(Metrics::new()), Arc::new(Access::new(access).expect("keys")));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let theirs = Arc::clone(&now_ms);
        let clock: tollgate_ingest::Clock = Arc::new(move || theirs.load(Ordering::SeqCst));
        let config = HttpConfig { address: SocketAddr::from(([127, 0, 0, 1], 0)), ..config };
        let bound = Endpoint::bind(config, Arc::clone(&store), access, Arc::clone(&metrics), clock);
        let endpoint = runtime.block_on(bound).expect("an endpoint");
        let (address, readiness) = (endpoint.local_addr(), endpoint.readiness());
        let (stop, stopped) = oneshot::channel();
        let serve = move || runtime.block_on(endpoint.serve(async move { _ = stopped.await }));
        let (stop, thread) = (Some(stop), Some(std::thread::spawn(serve)));
        Self { address, store, metrics, readiness, now_ms, stop, thread, _folder: folder }
    }

    /// Tells it to stop, and does not wait.
    pub(crate) fn begin_stop(&mut self) {
        self.stop.take().expect("stopped once").send(()).expect("it runs");
    }

    /// Waits until it has stopped.
    pub(crate) fn join(&mut self) {
        self.thread.take().expect("joined once").join().expect("it does not panic");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// One request over a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        let length = format!("content-length: {}\r\n", body.len());
        let head = head(method, path, headers) + &length + "connection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it reads the head");
        // It may answer before it has read everything.
        stream.write_all(body).ok();
        Reply::read(&mut stream)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    /// All records of a partition: key, headers, value.
    pub(crate) fn records(&self, hub: &str, partition: u32) -> Vec<Logged> {
        let partition = self.store.hub(hub).expect("a hub").partition(partition).expect("a partition");
        let mut bytes = Vec::new();
        partition.read(partition.start_offset(), u64::MAX).expect("readable").read_into(&mut bytes).expect("readable");
        let (mut rest, mut all) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            for record in Records::new(rest).expect("uncompressed") {
                let record = record.expect("a record");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let headers = record.headers();
                all.push(Logged {
                    key: record.key.map(text),
                    headers: headers.map(|(name, value)| (text(name), text(value.unwrap_or_default()))).collect(),
                    value: record.value.unwrap_or_default().to_vec(),
                });
            }
            rest = &rest[tollgate_ingest::log::BatchHeader::parse(rest).expect("a header").length..];
        }
        all
    }

    /// All records of a hub.
    pub(crate) fn all_records(&self, hub: &str) -> Vec<Logged> {
        (0..4).flat_map(|partition| self.records(hub, partition)).collect()
    }

    /// Waits until the metrics have a line.
    pub(crate) fn wait_for_metric(&self, line: &str) {
        let text = || {
            let mut text = String::new();
            self.metrics.write(&mut text).expect("metrics");
            text
        };
        let begun = Instant::now();
        while !text().lines().any(|one| one == line) {
            assert!(begun.elapsed() < PATIENCE, "no {line:?} in\n{}", text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()).ok());
        self.thread.take().map(|thread| thread.join().ok());
    }
}

/// A record as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Logged {
    pub(crate) key: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) value: Vec<u8>,
}

impl Logged {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

/// A request's head without its end.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let line = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    headers.iter().fold(line, |head, (name, value)| head + &format!("{name}: {value}\r\n"))
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Everything until the connection ends.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer and an end");
        Self::parse(&bytes)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head in ASCII");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Self { status, head: head.to_ascii_lowercase(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The code of a refusal, with its status.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let json = self.json();
        assert!(!json["error"]["message"].as_str().expect("a message").is_empty());
        (self.status, json["error"]["code"].as_str().expect("a code").to_owned())
    }

    /// The records of an answer.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        assert_eq!(self.status, 200, "{}", self.text());
        self.text().lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// Says that a peer is not there; fails where it must be.
pub(crate) fn missing(peer: &str) {
    assert!(std::env::var_os("REQUIRE_PEERS").is_none_or(|value| value != "1"), "{peer} is missing");
    eprintln!("SKIPPED: {peer} is missing");
}

/// Runs curl; `None` where there is none.
pub(crate) fn curl(arguments: &[&str]) -> Option<Reply> {
    let options = ["--silent", "--show-error", "--include", "--max-time", "20"];
    let output = match Command::new("curl").args(options).args(arguments).output() {
        Ok(output) => output,
        Err(_) => {
            missing("curl");
            return None;
        }
    };
    assert!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    let answer = output.stdout.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&output.stdout);
    Some(Reply::parse(answer))
}

/// Runs a Python program with arguments; gives what it printed, or `None` where a module is missing.
pub(crate) fn python(modules: &[&str], program: &str, arguments: &[&str]) -> Option<String> {
    let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let imports = format!("import {}", modules.join(", "));
    let there = Command::new(&python).args(["-c", &imports]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        missing(&format!("{python} with {}", modules.join(", ")));
        return None;
    }
    let output = Command::new(&python).args(["-c", program]).args(arguments).output().expect("it ran before");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}
