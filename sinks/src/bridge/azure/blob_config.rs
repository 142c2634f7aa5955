//! `[sinks.azure-blob.NAME]`.

use std::num::{NonZeroU64, NonZeroUsize};

use serde::Deserialize;

use super::account;
use crate::bridge::config::Fault;
use crate::bridge::template::Template;
use crate::secret::Secret;

/// A container of Azure Storage that gets events, a blob each. A repeat writes the same blob again.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AzureBlobConfig {
    /// The account's blob service: `https://ACCOUNT.blob.core.windows.net`.
    pub url: String,
    /// The account's key, in base64; the emulator's account needs none.
    pub key: Option<Secret>,
    /// The container. It must be there.
    pub container: String,
    /// The blob's name, with `{lane}`, `{type}`, `{id}` and `{date}`.
    pub name: Template,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Requests on their way at once, at most.
    pub max_in_flight: NonZeroUsize,
}

impl Default for AzureBlobConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:10000/devstoreaccount1".into(),
            key: None,
            container: "plates".into(),
            name: Template::parse("{date}/{lane}/{id}.json").unwrap_or_else(|_never| Template::fixed("")),
            timeout_ms: NonZeroU64::new(10_000).unwrap_or(NonZeroU64::MIN),
            max_in_flight: NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl AzureBlobConfig {
    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        account::check(&self.url, self.key.as_ref())?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(3..=63).contains(&self.container.len()) || !self.container.bytes().all(plain) {
            return Err(("container", "use 3 to 63 lower-case letters, digits and single hyphens".into()));
        }
        if !self.name.has_id() {
            return Err(("name", "it must hold {id}, or events would replace each other".into()));
        }
        Ok(())
    }
}
