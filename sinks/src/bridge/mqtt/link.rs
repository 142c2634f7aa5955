//! The connection.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, Incoming, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::config::MqttConfig;
use super::driver::{Driver, Handed};
use crate::bridge::CONTENT_TYPE;
use crate::bridge::address::Address;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::bridge::template::Template;
use crate::error::{Error, Result};
use crate::published::Published;
use crate::sink::Sink;

/// The broker has nothing to say that is larger.
const MAX_ANSWER_BYTES: u32 = 64 << 10;
/// What the packet has beside topic and event, at most.
const HEADER_BYTES: usize = 128;
/// A topic's length is told in two bytes.
const MAX_TOPIC_BYTES: usize = 65_535;

pub(in crate::bridge) fn open(
    name: &str,
    config: &MqttConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let address = config.address().map_err(|why| Error::BadSink { sink: name.into(), why })?;
    let place = Place { kind: "mqtt", sink: name.into(), broker: address.to_string() };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight.into());
    Ok(Box::new(Bridge::open(place, bounds, parts, connect(config, &address))?))
}

async fn connect(config: &MqttConfig, address: &Address) -> Result<Mqtt, Cause> {
    let options = options(config, address)?;
    let (client, mut events) = AsyncClient::new(options, config.max_in_flight.get().into());
    let max_bytes = greet(&mut events).await?;
    let handed = Handed::default();
    let driver = tokio::spawn(Driver::new(handed.clone()).run(events)).abort_handle();
    Ok(Mqtt { client, handed, driver, max_bytes, topic: config.topic.clone() })
}

fn options(config: &MqttConfig, address: &Address) -> Result<MqttOptions, Cause> {
    let mut options = MqttOptions::new(config.client_id.clone(), address.host.clone(), address.port);
    options.set_keep_alive(Duration::from_secs(config.keep_alive_s.into()));
    options.set_outgoing_inflight_upper_limit(config.max_in_flight.get());
    let mut properties = ConnectProperties::new();
    properties.max_packet_size = Some(MAX_ANSWER_BYTES);
    options.set_connect_properties(properties);
    if let Some(user) = &config.user {
        options.set_credentials(user, config.password.as_ref().map_or("", |password| password.text()));
    }
    if address.tls {
        options.set_transport(Transport::tls_with_config(trust(config)?));
    }
    Ok(options)
}

fn trust(config: &MqttConfig) -> Result<TlsConfiguration, Cause> {
    // Another part of the program may have said it before; all say the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    match &config.ca_file {
        Some(path) => {
            let ca = std::fs::read(path).map_err(Error::io("read", path))?;
            Ok(TlsConfiguration::Simple { ca, alpn: None, client_auth: None })
        }
        None => Ok(rustls::ClientConfig::with_platform_verifier()?.into()),
    }
}

/// Waits until the broker has greeted; the largest packet that it takes.
async fn greet(events: &mut EventLoop) -> Result<usize, Cause> {
    loop {
        if let Event::Incoming(Incoming::ConnAck(ack)) = events.poll().await? {
            let limit = ack.properties.and_then(|properties| properties.max_packet_size);
            return Ok(limit.map_or(usize::MAX, |bytes| bytes as usize));
        }
    }
}

struct Mqtt {
    client: AsyncClient,
    handed: Handed,
    driver: AbortHandle,
    max_bytes: usize,
    topic: Template,
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link for Mqtt {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        let topic = self.topic.fill(item);
        let bytes = item.json.len() + topic.len() + HEADER_BYTES;
        if bytes > self.max_bytes || topic.len() > MAX_TOPIC_BYTES {
            return Ok(Sent::Unfit(format!("it would be a packet of {bytes} bytes, of which the broker takes less")));
        }
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            content_type: Some(CONTENT_TYPE.into()),
            ..PublishProperties::default()
        };
        let (word, told) = oneshot::channel();
        self.handed.push(word);
        let json = Bytes::copy_from_slice(&item.json);
        self.client.publish_with_properties(topic, QoS::AtLeastOnce, false, json, properties).await?;
        Ok(Sent::waiting(async move { told.await? }))
    }
}
