//! `[sinks.nats.NAME]`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use serde::Deserialize;

use crate::bridge::address::{Address, Scheme};
use crate::bridge::config::Fault;
use crate::bridge::template::Template;
use crate::secret::Secret;

const SCHEMES: &[Scheme] = &[("nats", 4222, false), ("tls", 4222, true)];

/// A NATS server with JetStream that gets events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NatsConfig {
    /// Where it is: `nats://HOST:4222` or `tls://HOST:4222`. Others of its cluster are found by it.
    pub url: String,
    /// The user, if one is asked for.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// The token, if one is asked for in place of a user.
    pub token: Option<Secret>,
    /// The subject, with `{lane}`, `{type}`, `{id}` and `{date}`. A stream must take it.
    pub subject: Template,
    /// A stream that is made if it is not there, for all subjects that the template can give.
    pub stream: Option<String>,
    /// For how long a stream that is made knows an event again.
    pub duplicate_window_s: NonZeroU64,
    /// A certificate authority (PEM) that is trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Events sent ahead of its word, at most.
    pub max_in_flight: NonZeroUsize,
}

impl Default for NatsConfig {
    fn default() -> Self {
        let n = |value| NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN);
        Self {
            url: "nats://127.0.0.1:4222".into(),
            user: None,
            password: None,
            token: None,
            subject: Template::fixed("plates"),
            stream: None,
            duplicate_window_s: n(120),
            ca_file: None,
            timeout_ms: n(10_000),
            max_in_flight: NonZeroUsize::new(1_000).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl NatsConfig {
    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        self.address().map_err(|why| ("url", why))?;
        if self.user.is_some() != self.password.is_some() {
            return Err(("user", "`user` and `password` go together".into()));
        }
        if self.user.is_some() && self.token.is_some() {
            return Err(("token", "it is either a token or a user with a password".into()));
        }
        // With words in place of what is filled in, the whole must be a subject.
        let (prefix, filled) = self.subject.prefix();
        let wrong = |byte: u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b'*' | b'>');
        let empty_word = prefix.starts_with('.') || prefix.contains("..") || (!filled && prefix.ends_with('.'));
        if self.subject.is_empty() || empty_word || prefix.bytes().any(wrong) {
            return Err(("subject", "write words with dots between, such as plates.{type}.{lane}".into()));
        }
        if self.stream.is_some() && filled && !prefix.contains('.') {
            return Err(("subject", "for a stream that is made, begin with a word of its own: plates.{lane}".into()));
        }
        let plain = |name: &str| !name.is_empty() && !name.bytes().any(|byte| wrong(byte) || b"./\\".contains(&byte));
        if self.stream.as_deref().is_some_and(|name| !plain(name)) {
            return Err(("stream", "a stream's name has no spaces, dots, slashes, * or >".into()));
        }
        Ok(())
    }

    pub(super) fn address(&self) -> Result<Address, String> {
        Address::parse(&self.url, SCHEMES)
    }
}
