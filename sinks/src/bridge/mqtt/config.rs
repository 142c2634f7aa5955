//! `[sinks.mqtt.NAME]`.

use std::num::{NonZeroU16, NonZeroU64};
use std::path::PathBuf;

use serde::Deserialize;

use crate::bridge::address::{Address, Scheme};
use crate::bridge::config::Fault;
use crate::bridge::template::Template;
use crate::secret::Secret;

const SCHEMES: &[Scheme] = &[("mqtt", 1883, false), ("mqtts", 8883, true)];
/// The least that a client may ask for, and the most that the protocol knows.
const KEEP_ALIVE_S: std::ops::RangeInclusive<u16> = 5..=u16::MAX;

/// An MQTT broker that gets events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MqttConfig {
    /// Where it is: `mqtt://HOST:1883` or `mqtts://HOST:8883`.
    pub url: String,
    /// The client's id; empty: the broker gives one. No two connections may have the same.
    pub client_id: String,
    /// The user, if one is asked for.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// The topic, with `{lane}`, `{type}`, `{id}` and `{date}`.
    pub topic: Template,
    /// How often the broker is asked whether it is there when there is nothing else to say; 5 s or more.
    pub keep_alive_s: u16,
    /// A certificate authority (PEM) to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Events sent ahead of its word, at most.
    pub max_in_flight: NonZeroU16,
}

impl Default for MqttConfig {
    fn default() -> Self {
        Self {
            url: "mqtt://127.0.0.1:1883".into(),
            client_id: String::new(),
            user: None,
            password: None,
            topic: Template::fixed("plates"),
            keep_alive_s: 30,
            ca_file: None,
            timeout_ms: NonZeroU64::new(10_000).unwrap_or(NonZeroU64::MIN),
            max_in_flight: NonZeroU16::new(100).unwrap_or(NonZeroU16::MIN),
        }
    }
}

impl MqttConfig {
    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        let address = self.address().map_err(|why| ("url", why))?;
        if !address.path.is_empty() {
            return Err(("url", "it has no path; the topic is a key of its own".into()));
        }
        if self.password.is_some() && self.user.is_none() {
            return Err(("user", "a `password` needs a `user`".into()));
        }
        if !KEEP_ALIVE_S.contains(&self.keep_alive_s) {
            return Err(("keep_alive_s", format!("it is {} or more", KEEP_ALIVE_S.start())));
        }
        let (prefix, _) = self.topic.prefix();
        if self.topic.is_empty() || prefix.contains(['+', '#', '\0']) || prefix.starts_with('$') {
            return Err(("topic", "write levels with slashes between, such as plates/{type}/{lane}".into()));
        }
        Ok(())
    }

    pub(super) fn address(&self) -> Result<Address, String> {
        Address::parse(&self.url, SCHEMES)
    }
}
