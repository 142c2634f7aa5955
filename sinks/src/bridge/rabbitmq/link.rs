//! The connection: one channel, whose publishes are confirmed in their order.

use std::time::Duration;

use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::protocol::constants::REPLY_SUCCESS;
use lapin::types::{FieldTable, ShortString};
use lapin::uri::{AMQPAuthority, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::config::RabbitMqConfig;
use super::line::{Line, dial};
use crate::bridge::CONTENT_TYPE;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::bridge::template::Template;
use crate::error::{Error, Result};
use crate::published::Published;
use crate::sink::Sink;

/// How long the broker may take to close a connection in good form.
const FAREWELL: Duration = Duration::from_secs(1);
/// Messages survive the broker's end.
const PERSISTENT: u8 = 2;

pub(in crate::bridge) fn open(
    name: &str,
    config: &RabbitMqConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let address = config.address().map_err(|why| Error::BadSink { sink: name.into(), why })?;
    let place = Place { kind: "rabbitmq", sink: name.into(), broker: address.to_string() };
    let uri = AMQPUri {
        scheme: if address.tls { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: config.user.clone(), password: config.password.text().to_owned() },
            host: address.host,
            port: address.port,
        },
        vhost: if address.path.is_empty() { "/".into() } else { address.path },
        query: lapin::uri::AMQPQueryString::default(),
    };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight);
    Ok(Box::new(Bridge::open(place, bounds, parts, connect(name, config, uri))?))
}

async fn connect(name: &str, config: &RabbitMqConfig, uri: AMQPUri) -> Result<RabbitMq, Cause> {
    // Another part of the program may have said it before; all say the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let cert_chain = match &config.ca_file {
        Some(path) => Some(std::fs::read_to_string(path).map_err(Error::io("read", path))?),
        None => None,
    };
    let properties = ConnectionProperties::default().with_connection_name(format!("tollgate {name}").into());
    let (connection, line) = dial(uri, properties, cert_chain).await?;
    if let Some(queue) = &config.queue {
        declare(&connection, config, queue).await?;
    }
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let exchange = ShortString::try_new(config.exchange.clone())?;
    let routing_key = config.routing_key.clone();
    Ok(RabbitMq { connection: Some((connection, line)), channel, exchange, routing_key, runtime: Handle::current() })
}

/// Makes the queue, unless one of that name is there, whatever its settings are.
async fn declare(connection: &Connection, config: &RabbitMqConfig, queue: &str) -> Result<(), Cause> {
    let name = ShortString::try_new(queue.to_owned())?;
    let there = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let asked = connection.create_channel().await?;
    let found = asked.queue_declare(name.clone(), there, FieldTable::default()).await;
    // A channel on which something was not found is closed by that.
    let channel = connection.create_channel().await?;
    if found.is_err() {
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.clone(), durable, FieldTable::default()).await?;
    }
    if !config.exchange.is_empty() {
        let (prefix, filled) = config.routing_key.prefix();
        let key = if filled { format!("{prefix}#") } else { prefix.to_owned() };
        let (exchange, key) = (ShortString::try_new(config.exchange.clone())?, ShortString::try_new(key)?);
        channel.queue_bind(name, exchange, key, QueueBindOptions::default(), FieldTable::default()).await?;
    }
    Ok(())
}

struct RabbitMq {
    connection: Option<(Connection, Line)>,
    channel: Channel,
    exchange: ShortString,
    routing_key: Template,
    runtime: Handle,
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        let Some((connection, line)) = self.connection.take() else { return };
        self.runtime.spawn(async move {
            // A farewell that comes too late, or to nobody, is none.
            drop(timeout(FAREWELL, connection.close(REPLY_SUCCESS, "OK".into())).await);
            drop(line);
        });
    }
}

impl Link for RabbitMq {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        let short = |text: &str| ShortString::try_new(text.to_owned());
        let (key, id, kind) = (short(&self.routing_key.fill(item)), short(&item.event.id), short(&item.event.kind));
        let (Ok(key), Ok(id), Ok(kind)) = (key, id, kind) else {
            return Ok(Sent::Unfit("its routing key, id or type has more than 255 bytes".into()));
        };
        let properties = BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(id)
            .with_type(kind)
            .with_timestamp(u64::try_from(item.appended_ms / 1000).unwrap_or_default())
            .with_app_id("tollgate".into());
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let published = self.channel.basic_publish(self.exchange.clone(), key, options, &item.json, properties).await?;
        Ok(Sent::waiting(async move { taken(published.await?) }))
    }
}

fn taken(confirmation: Confirmation) -> Result<(), Cause> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(back)) | Confirmation::Nack(Some(back)) => Err(returned(&back).into()),
        Confirmation::Nack(None) => Err("it refused the event; a queue may be full".into()),
        Confirmation::NotRequested => Err("it confirms nothing on this channel".into()),
    }
}

fn returned(back: &BasicReturnMessage) -> String {
    let (exchange, key, said) = (&back.delivery.exchange, &back.delivery.routing_key, &back.reply_text);
    format!(
        "no queue takes the routing key {key:?} at the exchange {exchange:?} ({said}); make one, or name it in `queue`"
    )
}
