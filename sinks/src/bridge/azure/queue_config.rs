//! `[sinks.azure-queue.NAME]`.

use std::num::{NonZeroU64, NonZeroUsize};

use serde::Deserialize;

use super::account;
use crate::bridge::config::Fault;
use crate::queue::azure::client::Client;
use crate::queue::azure::{DEVELOPMENT_KEY, Key};
use crate::secret::Secret;

/// A queue of Azure Storage that gets events, a message each. It promises no order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AzureQueueConfig {
    /// The account's queue service: `https://ACCOUNT.queue.core.windows.net`.
    pub url: String,
    /// The account's key, in base64; the emulator's account needs none.
    pub key: Option<Secret>,
    /// The queue. It is made if it is not there.
    pub queue: String,
    /// Whether messages are in base64, as some clients expect them.
    pub base64: bool,
    /// How long it may take to say that it has an event.
    pub timeout_ms: NonZeroU64,
    /// Requests on their way at once, at most.
    pub max_in_flight: NonZeroUsize,
}

impl Default for AzureQueueConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:10001/devstoreaccount1".into(),
            key: None,
            queue: "plates".into(),
            base64: false,
            timeout_ms: NonZeroU64::new(10_000).unwrap_or(NonZeroU64::MIN),
            max_in_flight: NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl AzureQueueConfig {
    pub(in crate::bridge) fn check(&self) -> Result<(), Fault> {
        account::check(&self.url, self.key.as_ref())?;
        let key = Key::parse(DEVELOPMENT_KEY).map_err(|error| ("key", error.to_string()))?;
        Client::new(&self.url, key, &self.queue).map_err(|error| ("queue", error.to_string())).map(drop)
    }
}
