//! A subscription as it is written in a config: `[sinks.webhook.NAME]`.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use serde::Deserialize;
use url::{Host, Url};

use super::address;
use crate::secret::Secret;

/// The form of events in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schema {
    /// CloudEvents 1.0: structured mode, or batched mode where there is a `batch`.
    #[default]
    Cloudevents,
    /// Event Grid's older schema: an array of events.
    Native,
}

/// How many events go into a request. Nothing waits for a batch to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Events, at most; 1 to 5000.
    pub max_events: NonZeroUsize,
    /// KiB of events, at most (a single larger event goes alone).
    pub max_kib: NonZeroUsize,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { max_events: or_one(100), max_kib: or_one(256) }
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// Where events are POSTed.
    pub url: String,
    /// Their form.
    pub schema: Schema,
    /// Several events a request; without it one (in the native schema an array of one).
    pub batch: Option<BatchConfig>,
    /// How long a request may take, with its answer.
    pub timeout_ms: NonZeroU64,
    /// Attempts after which an event is given up.
    pub max_attempts: NonZeroU32,
    /// Time after which an event is given up, from when the subscription took it.
    pub ttl_minutes: NonZeroU32,
    /// Waits before the second attempt, the third and so on; the last stands for all that follow.
    pub retry_s: Vec<u32>,
    /// How much longer a wait may be, by a draw that depends on the event and the attempt.
    pub jitter_percent: u32,
    /// Signs each request.
    pub secret: Option<Secret>,
    /// Whether the receiver must consent before the first delivery.
    pub handshake: bool,
    /// Who asks in the handshake: `WebHook-Request-Origin`.
    pub origin: String,
    /// Whether the receiver may be on this machine or in a private network, and may do without TLS.
    pub allow_private: bool,
    /// A certificate authority (PEM) that is trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Requests on their way at once.
    pub concurrency: NonZeroUsize,
    /// Events kept for another attempt, at most; then no more are taken from the hub until there is room.
    pub max_pending_events: NonZeroU64,
    /// Their JSON in MiB, at most.
    pub max_pending_mib: NonZeroU64,
    /// A larger event is given up unsent.
    pub max_event_kib: NonZeroUsize,
    /// Failures in a row (5xx, or no answer) after which the receiver is left alone.
    pub breaker_failures: NonZeroU32,
    /// For how long.
    pub breaker_open_ms: u32,
    /// The folder for what was given up [default: `dead-letters` in the data folder].
    pub dead_letters: Option<PathBuf>,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        let n32 = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        let n64 = |value| NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN);
        Self {
            url: String::new(),
            schema: Schema::Cloudevents,
            batch: None,
            timeout_ms: n64(30_000),
            max_attempts: n32(30),
            ttl_minutes: n32(1440),
            retry_s: vec![10, 30, 60, 300, 600, 1800, 3600],
            jitter_percent: 10,
            secret: None,
            handshake: true,
            origin: "tollgate".into(),
            allow_private: false,
            ca_file: None,
            concurrency: or_one(4),
            max_pending_events: n64(100_000),
            max_pending_mib: n64(256),
            max_event_kib: or_one(1024),
            breaker_failures: n32(3),
            breaker_open_ms: 3000,
            dead_letters: None,
        }
    }
}

fn or_one(value: usize) -> NonZeroUsize {
    NonZeroUsize::new(value).unwrap_or(NonZeroUsize::MIN)
}

impl WebhookConfig {
    /// Checks what a single key cannot say of itself.
    ///
    /// # Errors
    /// What is wrong, and what to write instead.
    pub fn check(&self, name: &str) -> Result<(), String> {
        check_name(name)?;
        let at = |key: &str, why: String| Err(format!("sinks.webhook.{name}.{key}: {why}"));
        if let Err(why) = self.target() {
            return at("url", why);
        }
        if self.retry_s.is_empty() || self.retry_s.contains(&0) {
            return at("retry_s", "there must be a wait, and none of 0".into());
        }
        if self.secret.as_ref().is_some_and(|secret| secret.bytes().len() < 16) {
            return at("secret", "it must have at least 16 bytes".into());
        }
        if self.batch.is_some_and(|batch| batch.max_events.get() > 5000) {
            return at("batch.max_events", "it is at most 5000".into());
        }
        if !self.origin.bytes().all(|byte| byte.is_ascii_graphic()) || self.origin.is_empty() {
            return at("origin", "it must be a name without spaces, such as tollgate.example.com".into());
        }
        Ok(())
    }

    /// The receiver's address.
    pub(super) fn target(&self) -> Result<Url, String> {
        let url = Url::parse(&self.url).map_err(|error| format!("{:?} is no URL ({error})", self.url))?;
        let Some(host) = url.host() else { return Err(format!("{:?} names no host", self.url)) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("no user or password belongs into it; use `secret`".into());
        }
        let private = match host {
            Host::Domain(name) => name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost"),
            Host::Ipv4(ip) => !address::is_public(ip.into()),
            Host::Ipv6(ip) => !address::is_public(ip.into()),
        };
        match url.scheme() {
            "https" | "http" if private && !self.allow_private => {
                Err(format!("{host} is on this machine or in a private network; allow_private = true allows that"))
            }
            "http" if !self.allow_private => {
                Err("events would be sent unencrypted; use https (allow_private = true allows http)".into())
            }
            "https" | "http" => Ok(url),
            other => Err(format!("{other} cannot be used; use https")),
        }
    }
}

/// A subscription's name becomes part of paths and headers.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("{name:?} cannot name a sink; use 1 to 64 letters, digits, - and _"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(url: &str, allow_private: bool) -> Option<String> {
        WebhookConfig { url: url.into(), allow_private, ..WebhookConfig::default() }.check("billing").err()
    }

    #[test]
    fn receivers_nearby_are_refused_unless_allowed() {
        for url in [
            "https://127.0.0.1/x",
            "https://localhost/",
            "https://a.localhost/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://[::1]:8443/",
            "https://[fd00::1]/",
            "https://[::ffff:192.168.0.1]/",
            "https://2130706433/",
            "https://0x7f.1/",
        ] {
            assert!(problem(url, false).is_some_and(|why| why.contains("allow_private")), "{url}");
            assert_eq!(problem(url, true), None, "{url}");
        }
        assert_eq!(problem("https://example.com/hook", false), None);
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for (url, said) in [
            ("", "no URL"),
            ("http://example.com/", "unencrypted"),
            ("ftp://example.com/", "use https"),
            ("https://u:p@example.com/", "no user"),
        ] {
            assert!(problem(url, false).is_some_and(|why| why.contains(said)), "{url}");
        }
        for name in ["", "../x", "a/b", "a b", "ä"] {
            assert!(WebhookConfig::default().check(name).is_err_and(|why| why.contains("cannot name")), "{name}");
        }
        let short = WebhookConfig {
            url: "https://example.com".into(),
            secret: Some(Secret::new("short".into())),
            ..WebhookConfig::default()
        };
        assert!(short.check("a").is_err_and(|why| why.contains("16 bytes")));
        assert_eq!(format!("{:?}", short.secret), "Some(Secret(…))");
    }
}
