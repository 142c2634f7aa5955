//! The bridges of a config: `[sinks.KIND.NAME]`.

use super::azure::{AzureBlobConfig, AzureQueueConfig};
use super::kafka::KafkaConfig;
use super::mqtt::MqttConfig;
use super::nats::NatsConfig;
use super::parts::BridgeParts;
use super::rabbitmq::RabbitMqConfig;
use crate::error::{Error, Result};
use crate::published::Published;
use crate::sink::Sink;

/// A bridge as it is written in a config.
#[derive(Clone, Debug, PartialEq)]
pub enum BridgeConfig {
    /// `[sinks.kafka.NAME]`
    Kafka(KafkaConfig),
    /// `[sinks.rabbitmq.NAME]`
    RabbitMq(RabbitMqConfig),
    /// `[sinks.nats.NAME]`
    Nats(NatsConfig),
    /// `[sinks.mqtt.NAME]`
    Mqtt(MqttConfig),
    /// `[sinks.azure-queue.NAME]`
    AzureQueue(AzureQueueConfig),
    /// `[sinks.azure-blob.NAME]`
    AzureBlob(AzureBlobConfig),
}

impl BridgeConfig {
    /// The kind's name in a config.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kafka(_) => "kafka",
            Self::RabbitMq(_) => "rabbitmq",
            Self::Nats(_) => "nats",
            Self::Mqtt(_) => "mqtt",
            Self::AzureQueue(_) => "azure-queue",
            Self::AzureBlob(_) => "azure-blob",
        }
    }

    /// The cargo feature that brings the kind.
    #[must_use]
    pub fn feature(&self) -> &'static str {
        match self {
            Self::AzureQueue(_) | Self::AzureBlob(_) => "azure",
            other => other.kind(),
        }
    }

    /// Whether this program was built with the kind.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        match self {
            Self::Kafka(_) => cfg!(feature = "kafka"),
            Self::RabbitMq(_) => cfg!(feature = "rabbitmq"),
            Self::Nats(_) => cfg!(feature = "nats"),
            Self::Mqtt(_) => cfg!(feature = "mqtt"),
            Self::AzureQueue(_) | Self::AzureBlob(_) => cfg!(feature = "azure"),
        }
    }

    /// Checks what the keys cannot say of themselves, and that the kind is built in.
    ///
    /// # Errors
    /// What is wrong, and what to write or build instead.
    pub fn check(&self, name: &str) -> std::result::Result<(), String> {
        let (kind, feature) = (self.kind(), self.feature());
        if !self.is_built_in() {
            return Err(format!(
                "sinks.{kind}.{name}: this program was built without it; build it with `--features {feature}`"
            ));
        }
        let checked = match self {
            Self::Kafka(config) => config.check(),
            Self::RabbitMq(config) => config.check(),
            Self::Nats(config) => config.check(),
            Self::Mqtt(config) => config.check(),
            Self::AzureQueue(config) => config.check(),
            Self::AzureBlob(config) => config.check(),
        };
        checked.map_err(|(key, why)| format!("sinks.{kind}.{name}.{key}: {why}"))
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Error::Bridge`] when the broker cannot be reached or refuses, [`Error::BadSink`] when the config was not
    /// [checked](Self::check).
    pub fn open(&self, name: &str, parts: &BridgeParts) -> Result<Box<dyn Sink<Published> + Send>> {
        self.check(name).map_err(|why| Error::BadSink { sink: name.to_owned(), why })?;
        match self {
            #[cfg(feature = "kafka")]
            Self::Kafka(config) => super::kafka::open(name, config, parts),
            #[cfg(feature = "rabbitmq")]
            Self::RabbitMq(config) => super::rabbitmq::open(name, config, parts),
            #[cfg(feature = "nats")]
            Self::Nats(config) => super::nats::open(name, config, parts),
            #[cfg(feature = "mqtt")]
            Self::Mqtt(config) => super::mqtt::open(name, config, parts),
            #[cfg(feature = "azure")]
            Self::AzureQueue(config) => super::azure::open_queue(name, config, parts),
            #[cfg(feature = "azure")]
            Self::AzureBlob(config) => super::azure::open_blob(name, config, parts),
            // Those that are not built in; the check has said so.
            #[cfg(not(all(
                feature = "azure",
                feature = "kafka",
                feature = "mqtt",
                feature = "nats",
                feature = "rabbitmq"
            )))]
            _ => Err(Error::BadSink { sink: name.to_owned(), why: format!("{parts:?} has no such kind") }),
        }
    }
}

/// What is wrong with a key.
pub(super) type Fault = (&'static str, String);
