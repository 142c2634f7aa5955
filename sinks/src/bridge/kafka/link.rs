//! The producer. It mends lost connections by itself and knows its own repeats; what it has not delivered in time fails.

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use super::config::KafkaConfig;
use crate::bridge::CONTENT_TYPE;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::bridge::template::lane;
use crate::error::Result;
use crate::published::Published;
use crate::sink::Sink;

pub(in crate::bridge) fn open(
    name: &str,
    config: &KafkaConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let place = Place { kind: "kafka", sink: name.into(), broker: config.bootstrap.clone() };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight);
    Ok(Box::new(Bridge::open(place, bounds, parts, async { Kafka::new(name, config) })?))
}

/// Told of every delivery.
struct Reports;

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<oneshot::Sender<std::result::Result<(), KafkaError>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, word: Self::DeliveryOpaque) {
        let outcome = result.as_ref().map(drop).map_err(|(error, _)| error.clone());
        // Nobody listens any more after a failure.
        drop(word.send(outcome));
    }
}

struct Kafka {
    producer: ThreadedProducer<Reports>,
    topic: String,
}

impl Kafka {
    /// Does not connect yet: the producer does that when there is something to send.
    fn new(name: &str, config: &KafkaConfig) -> Result<Self, Cause> {
        let mut settings = ClientConfig::new();
        settings
            .set("client.id", format!("tollgate-{name}"))
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", (config.max_in_flight.get() + 1).to_string())
            .set("bootstrap.servers", &config.bootstrap)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", config.timeout_ms.to_string());
        for (key, value) in &config.properties {
            settings.set(key, value.text());
        }
        let producer = ThreadedProducer::from_config_and_context(&settings, Reports)?;
        Ok(Self { producer, topic: config.topic.clone() })
    }
}

impl Link for Kafka {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        let (word, told) = oneshot::channel();
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(word))
            .payload(&*item.json)
            .headers(headers(item))
            .timestamp(item.appended_ms);
        let record = match lane(item) {
            Some(lane) => record.key(lane),
            None => record,
        };
        match self.producer.send(record) {
            Ok(()) => Ok(Sent::waiting(async move { Ok(told.await??) })),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => Ok(Sent::Unfit(format!(
                "it has {} bytes; raise \"message.max.bytes\" in `properties`",
                item.json.len()
            ))),
            Err((error, _)) => Err(error.into()),
        }
    }
}

/// The headers that the record has in the results hub.
fn headers(item: &Published) -> OwnedHeaders {
    let named = |key, value| Header { key, value: Some(value) };
    let headers = OwnedHeaders::new()
        .insert(named("content-type", CONTENT_TYPE.as_bytes()))
        .insert(named("position", item.event.source.as_bytes()));
    if item.crop.is_empty() { headers } else { headers.insert(named("crop", &*item.crop)) }
}
