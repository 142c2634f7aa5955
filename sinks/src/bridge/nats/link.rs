//! The connection. When it is lost, so is what was not acknowledged: the client would mend it and wait for words that
//! never come.

use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use async_nats::{ConnectOptions, Event};
use bytes::Bytes;
use tokio::sync::watch;

use super::config::NatsConfig;
use crate::bridge::CONTENT_TYPE;
use crate::bridge::address::Address;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::bridge::template::Template;
use crate::error::{Error, Result};
use crate::published::Published;
use crate::sink::Sink;

/// What headers may take of the largest message.
const HEADER_BYTES: usize = 512;

pub(in crate::bridge) fn open(
    name: &str,
    config: &NatsConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let address = config.address().map_err(|why| Error::BadSink { sink: name.into(), why })?;
    let place = Place { kind: "nats", sink: name.into(), broker: address.to_string() };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight);
    Ok(Box::new(Bridge::open(place, bounds, parts, connect(name, config, &address, bounds))?))
}

async fn connect(name: &str, config: &NatsConfig, address: &Address, bounds: Bounds) -> Result<Nats, Cause> {
    // Another part of the program may have said it before; all say the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let (lose, lost) = watch::channel(false);
    let options = options(name, config, address, bounds.timeout).event_callback(move |event| {
        if matches!(event, Event::Disconnected | Event::Closed) {
            lose.send_replace(true);
        }
        async {}
    });
    let host = if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
    let client = options.connect(format!("nats://{host}:{}", address.port)).await?;
    let context = ContextBuilder::new().timeout(bounds.timeout).max_ack_inflight(bounds.in_flight.get() + 1);
    let context = context.build(client.clone());
    let max_bytes = client.server_info().max_payload;
    if let Some(stream) = &config.stream {
        context.get_or_create_stream(wanted(stream, config)).await?;
    }
    Ok(Nats { context, subject: config.subject.clone(), max_bytes, lost })
}

fn options(name: &str, config: &NatsConfig, address: &Address, timeout: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new().name(format!("tollgate {name}")).connection_timeout(timeout);
    options = options.require_tls(address.tls);
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        options = options.user_and_password(user.clone(), password.text().to_owned());
    }
    if let Some(token) = &config.token {
        options = options.token(token.text().to_owned());
    }
    match &config.ca_file {
        Some(path) => options.add_root_certificates(path.clone()),
        None => options,
    }
}

/// A stream for all subjects that the template can give.
fn wanted(stream: &str, config: &NatsConfig) -> stream::Config {
    let (prefix, filled) = config.subject.prefix();
    let whole_words = prefix.rfind('.').map_or("", |dot| &prefix[..=dot]);
    let subject = if filled { format!("{whole_words}>") } else { prefix.to_owned() };
    stream::Config {
        name: stream.to_owned(),
        subjects: vec![subject],
        duplicate_window: Duration::from_secs(config.duplicate_window_s.get()),
        ..stream::Config::default()
    }
}

struct Nats {
    context: jetstream::Context,
    subject: Template,
    /// Of a message with its headers.
    max_bytes: usize,
    lost: watch::Receiver<bool>,
}

impl Link for Nats {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        if *self.lost.borrow() {
            return Err("the connection was lost".into());
        }
        let (bytes, limit) = (item.json.len() + HEADER_BYTES, self.max_bytes);
        if bytes > limit {
            return Ok(Sent::Unfit(format!(
                "it has {bytes} bytes with its headers, over the server's limit of {limit}"
            )));
        }
        let id = item.event.id.as_str();
        if id.contains(['\r', '\n']) {
            return Ok(Sent::Unfit("its id has a line break, which no header can carry".into()));
        }
        let message = PublishMessage::build()
            .payload(Bytes::copy_from_slice(&item.json))
            .message_id(id)
            .header("Content-Type", CONTENT_TYPE);
        let ack = self.context.send_publish(self.subject.fill(item), message).await?;
        let mut lost = self.lost.clone();
        Ok(Sent::waiting(async move {
            tokio::select! {
                biased;
                taken = ack.into_future() => taken.map(drop).map_err(Cause::from),
                _ = lost.wait_for(|lost| *lost) => Err("the connection was lost".into()),
            }
        }))
    }
}
