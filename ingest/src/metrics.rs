//! What the endpoints count, in the form that Prometheus scrapes.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

/// Labels of what is counted for each hub and protocol.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HubLabels {
    /// The hub's name.
    pub hub: String,
    /// `kafka` or `http`.
    pub protocol: &'static str,
}

/// Labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `kafka` or `http`.
    pub protocol: &'static str,
    /// The API's name, such as `Produce` or `post_messages`; never what a client made up.
    pub api: &'static str,
    /// `ok`, or the error's name.
    pub outcome: &'static str,
}

/// Labels of connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ListenerLabels {
    /// `kafka`, `kafka_tls` or `http`.
    pub listener: &'static str,
}

/// Labels of connections that were refused or closed for what they sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    /// `kafka`, `kafka_tls` or `http`.
    pub listener: &'static str,
    /// Why, in kebab-case, such as `too-many-connections`, `frame-too-large`, `malformed`, `bad-password`.
    pub reason: &'static str,
}

/// All metrics of the endpoints; others may be registered beside them.
pub struct Metrics {
    registry: Mutex<Registry>,
    /// Records appended.
    pub appended_records: Family<HubLabels, Counter>,
    /// Bytes of batches appended.
    pub appended_bytes: Family<HubLabels, Counter>,
    /// Bytes of batches handed to readers.
    pub fetched_bytes: Family<HubLabels, Counter>,
    /// Requests answered.
    pub requests: Family<RequestLabels, Counter>,
    /// Open connections.
    pub connections: Family<ListenerLabels, Gauge>,
    /// Connections refused or closed for what they sent.
    pub refusals: Family<RefusalLabels, Counter>,
    /// Seconds from an append to its acknowledgement.
    pub commit_seconds: Histogram,
}

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("tollgate")),
            appended_records: Family::default(),
            appended_bytes: Family::default(),
            fetched_bytes: Family::default(),
            requests: Family::default(),
            connections: Family::default(),
            refusals: Family::default(),
            // 50 µs to 1.6 s: a fast disk's sync to a stuck one's.
            commit_seconds: Histogram::new(exponential_buckets(50e-6, 2.0, 16)),
        };
        metrics.register("appended_records", "Records appended", metrics.appended_records.clone());
        metrics.register("appended_bytes", "Bytes of batches appended", metrics.appended_bytes.clone());
        metrics.register("fetched_bytes", "Bytes of batches handed to readers", metrics.fetched_bytes.clone());
        metrics.register("requests", "Requests answered", metrics.requests.clone());
        metrics.register("connections", "Open connections", metrics.connections.clone());
        metrics.register("refusals", "Connections refused or closed", metrics.refusals.clone());
        metrics.register("commit_seconds", "Append to acknowledgement", metrics.commit_seconds.clone());
        metrics
    }

    /// Adds a metric; it is shown as `tollgate_NAME`.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register(name, help, metric);
    }

    /// Adds what computes its metrics when they are asked for.
    pub fn collect(&self, collector: impl Collector) {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).register_collector(Box::new(collector));
    }

    /// All metrics in the OpenMetrics text format.
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        prometheus_client::encoding::text::encode(out, &registry)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
