//! `[sinks.kafka.NAME]`.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use serde::Deserialize;

use crate::bridge::config::Fault;
use crate::secret::Secret;

/// What the bridge's promises stand on.
const OURS: [&str; 4] = ["acks", "bootstrap.servers", "enable.idempotence", "message.timeout.ms"];

/// A Kafka cluster that gets events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaConfig {
    /// The brokers, `host:port,…`.
    pub bootstrap: String,
    /// The topic.
    pub topic: String,
    /// Further settings of librdkafka, such as `"security.protocol"` or `"compression.type"`.
    pub properties: BTreeMap<String, Secret>,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Events sent ahead of its word, at most.
    pub max_in_flight: NonZeroUsize,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            bootstrap: "127.0.0.1:9092".into(),
            topic: "plates".into(),
            properties: BTreeMap::new(),
            timeout_ms: NonZeroU64::new(10_000).unwrap_or(NonZeroU64::MIN),
            max_in_flight: NonZeroUsize::new(10_000).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl KafkaConfig {
    /// What `properties` say of encryption and login.
    #[must_use]
    pub fn security_protocol(&self) -> Option<&str> {
        self.properties.get("security.protocol").map(Secret::text)
    }

    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        if self.bootstrap.is_empty() || self.bootstrap.contains(['/', '@', ' ']) {
            return Err(("bootstrap", "write it as host:9092, with commas between several".into()));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=249).contains(&self.topic.len()) || !self.topic.bytes().all(plain) {
            return Err(("topic", "use 1 to 249 letters, digits, dots, _ and -".into()));
        }
        match OURS.iter().find(|name| self.properties.contains_key(**name)) {
            Some(name) => Err(("properties", format!("{name} is set by the bridge; leave it out"))),
            None => Ok(()),
        }
    }
}
