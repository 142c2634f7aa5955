//! `[sinks.rabbitmq.NAME]`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use serde::Deserialize;

use crate::bridge::address::{Address, Scheme};
use crate::bridge::config::Fault;
use crate::bridge::template::Template;
use crate::secret::Secret;

const SCHEMES: &[Scheme] = &[("amqp", 5672, false), ("amqps", 5671, true)];

/// A RabbitMQ that gets events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RabbitMqConfig {
    /// Where it is: `amqp://HOST:5672/VHOST` or `amqps://HOST:5671/VHOST`; without a path the virtual host is `/`.
    pub url: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// The exchange; empty: the default one, whose routing keys are the queues' names.
    pub exchange: String,
    /// The routing key, with `{lane}`, `{type}`, `{id}` and `{date}`.
    pub routing_key: Template,
    /// A queue that is made if it is not there, durable, and bound to the exchange.
    pub queue: Option<String>,
    /// A certificate authority (PEM) to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Events sent ahead of its word, at most.
    pub max_in_flight: NonZeroUsize,
}

impl Default for RabbitMqConfig {
    fn default() -> Self {
        Self {
            url: "amqp://127.0.0.1:5672".into(),
            user: "guest".into(),
            password: Secret::new("guest".into()),
            exchange: String::new(),
            routing_key: Template::fixed("plates"),
            queue: None,
            ca_file: None,
            timeout_ms: NonZeroU64::new(10_000).unwrap_or(NonZeroU64::MIN),
            max_in_flight: NonZeroUsize::new(1_000).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl RabbitMqConfig {
    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        self.address().map_err(|why| ("url", why))?;
        let long = |text: &str| text.len() > 255;
        if long(&self.exchange) || self.queue.as_deref().is_some_and(long) {
            return Err(("exchange", "a name has at most 255 bytes".into()));
        }
        if self.exchange.is_empty() && self.routing_key.is_empty() {
            return Err(("routing_key", "the default exchange needs a queue's name".into()));
        }
        Ok(())
    }

    pub(super) fn address(&self) -> Result<Address, String> {
        Address::parse(&self.url, SCHEMES)
    }
}
