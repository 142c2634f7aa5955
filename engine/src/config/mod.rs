//! `tollgate.toml`: everything that can be set, with its default. What the command line says wins over it.
//!
//! Every bound carries its unit in its name. An unknown key is an error that names the line and the nearest key.

mod entities;
mod error;
mod files;
mod models;
mod queues;
mod routes;
mod serve;
mod tls;

pub use entities::{EntityConfig, QueueSinkConfig, TopicConfig, TopicSinkConfig};
pub use error::ConfigError;
pub use models::{Choice, Inference, ModelsConfig, OwnModel, Precision};
pub use queues::QueuesConfig;
pub use routes::SinksConfig;
pub use serve::{HubSettings, ServeConfig, SourceConfig, SourceKind};

use crate::pipeline::Rules;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use tollgate_ingest::Limits;
use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::http::HttpConfig;
use tollgate_ingest::kafka::KafkaConfig;
use tollgate_ingest::log::HubConfig;
use tollgate_sinks::capture::CaptureConfig;
use tollgate_sinks::export::ExportConfig;
use tollgate_sinks::review::ReviewConfig;
use tollgate_sinks::route::RouteConfig;
use tollgate_sinks::store::StoreConfig;

/// The whole config.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The flow's size and bounds.
    pub engine: EngineConfig,
    /// Which nets are used.
    pub models: ModelsConfig,
    /// Where the bands begin.
    pub judge: JudgeConfig,
    /// The server as a whole.
    pub serve: ServeConfig,
    /// What its flow follows.
    pub source: SourceConfig,
    /// Its hubs by name, beside or in place of `images`, `telemetry` and `results`.
    pub hubs: BTreeMap<String, HubSettings>,
    /// The keys that senders and readers need; none at all on loopback alone.
    pub access: AccessConfig,
    /// The Kafka endpoint.
    pub kafka: KafkaConfig,
    /// The HTTP endpoint.
    pub http: HttpConfig,
    /// The store of plates.
    pub store: StoreConfig,
    /// The manual checks.
    pub review: ReviewConfig,
    /// The queues.
    pub queues: QueuesConfig,
    /// Which results go to which sinks.
    pub routes: Vec<RouteConfig>,
    /// The sinks.
    pub sinks: SinksConfig,
    /// Hubs whose raw records go to files, by the capture's name.
    pub capture: BTreeMap<String, CaptureConfig>,
    /// CSVs of what is unexported.
    pub export: Option<ExportConfig>,
}

/// The flow's size and bounds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Lanes, each with nets of its own; the default is one a core, where the nets run on a GPU at most 12.
    pub workers: Option<NonZeroUsize>,
    /// Photos in a batch, at most; the default is 4, with a GPU, which does all of them at once, 32.
    pub batch_records: Option<NonZeroUsize>,
    /// Encoded bytes in a batch, at most (a single larger photo is a batch by itself); the default is 8, with a GPU 64.
    pub batch_mib: Option<NonZeroUsize>,
    /// Batches that may wait before and after each lane.
    pub queue_batches: NonZeroUsize,
    /// A photo's encoded size, at most; larger ones are rejected unread.
    pub max_file_mib: NonZeroUsize,
    /// A photo's decoded size, at most; larger ones are rejected before memory is taken for them.
    pub max_megapixels: NonZeroUsize,
    /// Plates read on one photo, at most, the surest first.
    pub max_plates: NonZeroUsize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        const fn n(value: usize) -> NonZeroUsize {
            match NonZeroUsize::new(value) {
                Some(n) => n,
                None => NonZeroUsize::MIN,
            }
        }
        Self {
            workers: None,
            batch_records: None,
            batch_mib: None,
            queue_batches: n(1),
            max_file_mib: n(64),
            max_megapixels: n(64),
            max_plates: n(16),
        }
    }
}

impl EngineConfig {
    /// Photos in a batch, at most.
    pub fn batch_records(&self, on_gpu: bool) -> usize {
        self.batch_records.map_or(if on_gpu { 32 } else { 4 }, usize::from)
    }

    /// Encoded bytes in a batch, at most.
    fn batch_bytes(&self, on_gpu: bool) -> u64 {
        (self.batch_mib.map_or(if on_gpu { 64 } else { 8 }, usize::from) as u64) << 20
    }

    /// The largest photo's encoded size.
    pub fn max_record_bytes(&self) -> u64 {
        (self.max_file_mib.get() as u64) << 20
    }

    /// The largest photo in pixels.
    pub fn max_pixels(&self) -> u64 {
        self.max_megapixels.get() as u64 * 1_000_000
    }
}

/// Where the bands begin; confidences and scores are 0 to 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeConfig {
    /// The least sure character of a trusted reading, at least.
    pub read_min_confidence: f32,
    /// The detector's score of a trusted reading, at least.
    pub read_min_score: f32,
    /// A plate's characters, at least.
    pub min_chars: usize,
    /// A plate's characters, at most.
    pub max_chars: usize,
    /// A further sighting that is not trusted is asked about from this score on, and only noted below it.
    pub weak_score: f32,
}

impl Default for JudgeConfig {
    /// Chosen on the development photos; ARCHITECTURE.md has the table.
    fn default() -> Self {
        Self { read_min_confidence: 0.85, read_min_score: 0.2, min_chars: 5, max_chars: 10, weak_score: 0.6 }
    }
}

impl JudgeConfig {
    /// The rules as the judge stage takes them.
    pub fn rules(&self, plate_score: f32) -> Rules {
        Rules {
            read_min_confidence: self.read_min_confidence,
            read_min_score: self.read_min_score,
            min_chars: self.min_chars,
            max_chars: self.max_chars,
            weak_score: self.weak_score,
            plate_score,
        }
    }
}

impl Config {
    /// Lanes: as configured, or one a core.
    pub fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.engine.workers.map_or_else(cores, usize::from)
    }

    /// The bounds of a batch.
    pub fn limits(&self, on_gpu: bool) -> Limits {
        Limits {
            batch_records: self.engine.batch_records(on_gpu),
            batch_bytes: self.engine.batch_bytes(on_gpu),
            max_record_bytes: self.engine.max_record_bytes(),
        }
    }

    /// The folder of events that were given up, by sink, where a sink names none.
    pub fn dead_letters(&self) -> PathBuf {
        self.serve.data.join("dead-letters")
    }

    /// The hubs of a server: the usual ones, and those of the config.
    pub fn all_hubs(&self) -> BTreeMap<String, HubConfig> {
        serve::hubs(&self.hubs)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read; it is no TOML; a key is unknown or a value out of its range.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.into(), source })?;
        let config: Self = Self::parse(&text).map_err(|reason| ConfigError::Invalid { path: path.into(), reason })?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|e| error::explain(text, &e))?;
        config.check()?;
        routes::check(text, &config.routes, &config.sinks)?;
        files::check(&config)?;
        entities::check(text, &config)?;
        tls::check(&config)?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let judge = &self.judge;
        let shares = [
            ("read_min_confidence", judge.read_min_confidence),
            ("read_min_score", judge.read_min_score),
            ("weak_score", judge.weak_score),
        ];
        for (key, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("judge.{key} is {value}, but must lie between 0 and 1"));
            }
        }
        if judge.min_chars > judge.max_chars {
            return Err(format!(
                "judge.min_chars ({}) is more than judge.max_chars ({})",
                judge.min_chars, judge.max_chars
            ));
        }
        self.models.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Config::parse(text).unwrap_err()
    }

    #[test]
    fn nothing_is_the_default() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest_key() {
        let said = problem("[engine]\nworkers = 2\nbatch_record = 3\n");
        assert!(said.contains("line 3"), "{said}");
        assert!(said.contains("`batch_record`") && said.contains("`batch_records`"), "{said}");
        let said = problem("[engin]\nworkers = 2\n");
        assert!(said.contains("line 1") && said.contains("`engine`"), "{said}");
    }

    #[test]
    fn a_hub_keeps_what_is_not_said_of_it() {
        let config = Config::parse("[hubs.images]\npartitions = 8\n[hubs.other]\nretention_ms = 5").unwrap();
        let hubs = config.all_hubs();
        assert_eq!((hubs["images"].partitions, hubs["images"].max_batch_bytes), (8, 17 << 20));
        assert_eq!(hubs["other"], HubConfig { retention_ms: 5, ..HubConfig::default() });
        assert!(problem("[hubs.images]\npartition = 8").contains("`partitions`"));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert!(problem("[engine]\nqueue_batches = 0").contains("line 2"));
        assert!(problem("[judge]\nread_min_score = 1.5").contains("between 0 and 1"));
        assert!(problem("[judge]\nmin_chars = 9\nmax_chars = 3").contains("max_chars"));
    }

    #[test]
    #[cfg(not(feature = "kafka-tls"))]
    fn tls_that_the_build_lacks_is_refused_with_what_to_build() {
        let properties = "properties = { \"security.protocol\" = \"SASL_SSL\" }";
        let said = problem(&format!("[source]\nkind = \"kafka\"\n{properties}"));
        assert!(
            said.contains("source: security.protocol is SASL_SSL") && said.contains("--features kafka-tls"),
            "{said}"
        );
        let said = problem(&format!("[sinks.kafka.cluster]\n{properties}\n[[routes]]\nto = [\"cluster\"]"));
        assert!(said.starts_with("sinks.kafka.cluster:"), "{said}");
        assert!(Config::parse(&format!("[source]\n{}", properties.replace("SASL_SSL", "PLAINTEXT"))).is_ok());
    }

    #[test]
    fn models_by_name_or_by_path() {
        let own = "[models]\ndetector = { path = \"a.onnx\", decode = \"end-to-end\" }\nreader = \"cct_xs_v2_global\"";
        let config = Config::parse(own).unwrap();
        assert!(matches!(config.models.detector, Choice::Own(ref m) if m.path.ends_with("a.onnx")));
        assert_eq!(config.models.reader, Choice::Named("cct_xs_v2_global".into()));
        assert!(problem("[models]\nreader = { path = \"a\", decod = \"ctc\" }").contains("line 2"));
    }

    #[test]
    fn a_precision_that_nothing_has_is_refused() {
        let config = Config::parse("[models]\ninference = \"wgpu\"\nprecision = \"f16\"").unwrap();
        assert_eq!((config.models.precision, Config::default().models.precision), (Precision::F16, Precision::F32));
        assert!(problem("[models]\nprecision = \"f16\"").contains("models.inference = \"wgpu\""));
        let said = problem("[models]\ninference = \"wgpu\"\nprecision = \"f61\"");
        assert!(said.contains("line 3") && said.contains("`f16`"), "{said}");
    }
}
