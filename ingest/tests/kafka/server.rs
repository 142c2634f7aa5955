//! A served data folder.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::oneshot;
use tollgate_ingest::access::{Access, AccessConfig};
use tollgate_ingest::kafka::{Endpoint, KafkaConfig};
use tollgate_ingest::log::{BatchBuilder, HubConfig, NewRecord, Store, StoreOptions, ValidBatch};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::system_clock;

/// Serves until it is dropped.
pub(crate) struct Server {
    pub(crate) plaintext: SocketAddr,
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) store: Arc<Store>,
    pub(crate) metrics: Arc<Metrics>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
}

/// A configuration for tests: any free port.
pub(crate) fn config() -> KafkaConfig {
    KafkaConfig { plaintext: Some(loopback()), ..KafkaConfig::default() }
}

/// Any free port of this machine.
pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(config(), &AccessConfig::default())
    }

    pub(crate) fn with(config: KafkaConfig, access: &AccessConfig) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, torn) = Store::open(folder.path(), StoreOptions::default()).expect("a new store");
        assert!(torn.is_empty());
        let (store, metrics) = (Arc::new(store), Arc::new(Metrics::new()));
        let access = Arc::new(Access::new(access).expect("keys that can be"));
        let state = folder.path().join("kafka");
        let (stop, stopped) = oneshot::channel();
        let (send, served) = std::sync::mpsc::channel();
        let (of_thread, its_metrics) = (Arc::clone(&store), Arc::clone(&metrics));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let endpoint = Endpoint::bind(config, &state, of_thread, access, its_metrics, system_clock());
                let endpoint = endpoint.await.expect("free ports");
                send.send((endpoint.plaintext_addr(), endpoint.tls_addr())).expect("the test waits");
                endpoint.serve(async { _ = stopped.await }).await;
            });
        });
        let (plaintext, tls) = served.recv().expect("an endpoint");
        let plaintext = plaintext.expect("a plaintext listener");
        Self { plaintext, tls, store, metrics, stop: Some(stop), thread: Some(thread), folder }
    }

    pub(crate) fn address(&self) -> String {
        self.plaintext.to_string()
    }

    /// The certificate that was made at the start.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("kafka/tls-certificate.pem")
    }

    /// A file or folder beside the log.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn create(&self, hub: &str, partitions: u32) {
        let config = HubConfig { partitions, segment_bytes: 16 << 20, ..HubConfig::default() };
        self.store.create_hub(hub, &config).expect("a new hub");
    }

    /// Appends records in this process, as one batch; gives the first offset.
    pub(crate) fn append(&self, hub: &str, partition: u32, records: &[NewRecord<'_>], now_ms: i64) -> u64 {
        let mut builder = BatchBuilder::new(1 << 20);
        records.iter().for_each(|record| builder.push(record).expect("small records"));
        let mut batch = ValidBatch::check(builder.finish().expect("some records")).expect("a batch of our own");
        let partition = self.store.hub(hub).and_then(|hub| hub.partition(partition)).expect("a partition");
        let appended = partition.append(&mut batch, now_ms).expect("an append");
        appended.ack.wait().expect("a durable append");
        appended.base_offset
    }

    /// How often connections were refused or closed for a reason.
    pub(crate) fn refusals(&self, reason: &str) -> u64 {
        let mut text = String::new();
        self.metrics.write(&mut text).expect("metrics");
        let label = format!("reason=\"{reason}\"");
        let lines = text.lines().filter(|line| line.starts_with("tollgate_refusals_total") && line.contains(&label));
        lines.map(|line| line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok()).expect("a count")).sum()
    }

    /// Ends it, and says how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let begun = Instant::now();
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("an endpoint without panics");
        }
        begun.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Waits until something holds; fails after half a minute.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
