//! What `tollgate serve` is told: the data folder, its hubs, and what the flow follows.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use tollgate_ingest::log::{Durability, HubConfig};

/// The process as a whole.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeConfig {
    /// The data folder: the log and the groups' checkpoints.
    pub data: PathBuf,
    /// Threads that wait for the network.
    pub io_threads: NonZeroUsize,
    /// Bytes that may be written ahead of the disk; then senders wait.
    pub max_unsynced_mib: NonZeroU64,
    /// Mebibytes at the end of each partition that stay in the system's memory for readers; what lies before is read
    /// from the disk.
    pub cached_tail_mib: u64,
    /// How often segments that are too old or too many are removed.
    pub retention_check_s: NonZeroU64,
    /// How long a stop may take before what is left is cut off (nothing durable is lost by that).
    pub stop_timeout_ms: u64,
}

impl Default for ServeConfig {
    fn default() -> Self {
        let n = |value| NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN);
        Self {
            data: "tollgate-data".into(),
            io_threads: NonZeroUsize::new(2).unwrap_or(NonZeroUsize::MIN),
            max_unsynced_mib: n(64),
            cached_tail_mib: 16,
            retention_check_s: n(60),
            stop_timeout_ms: 15_000,
        }
    }
}

/// Where photos come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A hub of the log in this process.
    #[default]
    Hub,
    /// A topic of an Apache Kafka cluster, shared with all processes of the same group.
    Kafka,
    /// Nowhere: the log is served, and nothing is recognised.
    None,
}

/// What the flow follows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Where photos come from.
    pub kind: SourceKind,
    /// The hub or topic.
    pub hub: String,
    /// The consumer group.
    pub group: String,
    /// The brokers of an Apache Kafka cluster, `host:port,…`.
    pub bootstrap: String,
    /// Further settings of librdkafka, such as `"security.protocol"`.
    pub properties: BTreeMap<String, String>,
    /// The hub that results go to.
    pub results: String,
    /// Photos sent by reference are fetched from below these URLs, such as `"s3://bucket/lanes/"`; none: from nowhere.
    pub references: Vec<String>,
    /// How long such a fetch may take.
    pub reference_timeout_ms: u64,
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self {
            kind: SourceKind::Hub,
            hub: "images".into(),
            group: "tollgate".into(),
            bootstrap: "127.0.0.1:9092".into(),
            properties: BTreeMap::new(),
            results: "results".into(),
            references: Vec::new(),
            reference_timeout_ms: 30_000,
        }
    }
}

/// What is said of a hub; what is not said stays as it is for the hub of that name, or for any hub.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HubSettings {
    /// Partitions, 1 to 32.
    pub partitions: Option<u32>,
    /// When an append is acknowledged.
    pub durability: Option<Durability>,
    /// Bytes of a segment.
    pub segment_bytes: Option<u64>,
    /// Bytes of a batch, at most a segment.
    pub max_batch_bytes: Option<usize>,
    /// How long records stay at least.
    pub retention_ms: Option<i64>,
    /// How many bytes of a partition stay at least.
    pub retention_bytes: Option<u64>,
}

impl HubSettings {
    fn over(&self, usual: HubConfig) -> HubConfig {
        HubConfig {
            partitions: self.partitions.unwrap_or(usual.partitions),
            durability: self.durability.unwrap_or(usual.durability),
            segment_bytes: self.segment_bytes.unwrap_or(usual.segment_bytes),
            max_batch_bytes: self.max_batch_bytes.unwrap_or(usual.max_batch_bytes),
            retention_ms: self.retention_ms.unwrap_or(usual.retention_ms),
            retention_bytes: self.retention_bytes.unwrap_or(usual.retention_bytes),
        }
    }
}

/// The hubs that are there from the first start on: `images`, `telemetry` and `results`, and those of the config, which
/// may be the same with other settings. A hub that exists keeps its settings.
pub(super) fn hubs(configured: &BTreeMap<String, HubSettings>) -> BTreeMap<String, HubConfig> {
    // Photos are large: a hub's default batch of 1 MiB would refuse most of a camera's.
    let images = HubConfig { max_batch_bytes: 17 << 20, ..HubConfig::default() };
    let mut hubs = BTreeMap::from([
        ("images".to_owned(), images),
        ("telemetry".to_owned(), HubConfig::default()),
        ("results".to_owned(), HubConfig { max_batch_bytes: 8 << 20, ..HubConfig::default() }),
    ]);
    for (name, settings) in configured {
        let usual = hubs.get(name).copied().unwrap_or_default();
        hubs.insert(name.clone(), settings.over(usual));
    }
    hubs
}
