//! Bridges: results handed on to a broker that others run.
//!
//! Each is a cursor on the results hub like any other sink. [`Sink::write`](crate::Sink::write) sends, a bounded number of
//! events ahead of the broker's word; [`Sink::sync`](crate::Sink::sync) returns when the broker has said of every event
//! that it has it. Any failure is an error: the follower drops the connection, makes a new one, and sends again from the
//! last commit, with the same ids. So delivery is at least once; a broker that knows repeats by their ids (JetStream
//! within its window, a blob by its name) keeps each event once.
//!
//! An event goes as it lies in the hub: CloudEvents in structured mode, in the binding of the protocol.
//!
//! Each broker is a folder with its settings, which are always known, and its client behind a cargo feature of its name.

mod address;
mod azure;
mod config;
#[cfg_attr(
    not(any(feature = "azure", feature = "kafka", feature = "mqtt", feature = "nats", feature = "rabbitmq")),
    expect(dead_code, reason = "clients alone use all of it")
)]
mod halt;
mod kafka;
#[cfg(any(feature = "azure", feature = "kafka", feature = "mqtt", feature = "nats", feature = "rabbitmq"))]
mod link;
mod mqtt;
mod nats;
mod parts;
mod rabbitmq;
#[cfg(any(feature = "azure", feature = "kafka", feature = "mqtt", feature = "nats", feature = "rabbitmq"))]
mod sender;
#[cfg_attr(
    not(any(feature = "azure", feature = "kafka", feature = "mqtt", feature = "nats", feature = "rabbitmq")),
    expect(dead_code, reason = "clients alone use all of it")
)]
mod template;

pub use azure::{AzureBlobConfig, AzureQueueConfig};
pub use config::BridgeConfig;
pub use halt::Halt;
pub use kafka::KafkaConfig;
pub use mqtt::MqttConfig;
pub use nats::NatsConfig;
pub use parts::BridgeParts;
pub use rabbitmq::RabbitMqConfig;
pub use template::{BadTemplate, Template};

/// The media type of what is sent.
#[cfg(any(feature = "azure", feature = "kafka", feature = "mqtt", feature = "nats", feature = "rabbitmq"))]
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";
