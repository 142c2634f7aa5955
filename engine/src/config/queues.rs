//! The queues of a server, and who may use them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use serde::Deserialize;
use tollgate_sinks::queue::azure::{Accounts, TaskOptions};
use tollgate_sinks::queue::rest::BusOptions;
use tollgate_sinks::queue::{QueuesOptions, Settings};
use toml::Spanned;
use uuid::Uuid;

use super::entities::TopicConfig;

/// The queues.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueuesConfig {
    /// Where clients of the task queues (Azure Queue Storage) are heard.
    pub tasks: SocketAddr,
    /// Where clients of the enterprise queues (Service Bus's REST) are heard; their keys are those of `[access]`.
    pub bus: SocketAddr,
    /// The task queues' accounts by name; without any, the storage emulator's, on loopback alone.
    pub account: Accounts,
    /// Messages on their way in, all together; then senders wait.
    pub max_bodies_mib: NonZeroU32,
    /// How long a message may take to come.
    pub body_wait_ms: NonZeroU32,
    /// A message with its properties, at most: 64 to 102,400.
    pub max_message_kib: NonZeroU32,
    /// Messages that wait, all together; then senders are refused.
    pub max_waiting_mib: NonZeroU64,
    /// How long a receive from the enterprise queues may wait for a message.
    pub max_wait_s: NonZeroU32,
    /// Queues by name, made or changed at the start. One that is taken out of the config stays.
    pub queue: BTreeMap<String, Spanned<Settings>>,
    /// Topics by name, with their subscriptions.
    pub topic: BTreeMap<String, Spanned<TopicConfig>>,
}

impl Default for QueuesConfig {
    fn default() -> Self {
        let n = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self {
            tasks: SocketAddr::from(([127, 0, 0, 1], 10_001)),
            bus: SocketAddr::from(([127, 0, 0, 1], 8081)),
            account: Accounts::default(),
            max_bodies_mib: n(64),
            body_wait_ms: n(30_000),
            max_message_kib: n(1024),
            max_waiting_mib: NonZeroU64::new(64 << 10).unwrap_or(NonZeroU64::MIN),
            max_wait_s: n(120),
            queue: BTreeMap::new(),
            topic: BTreeMap::new(),
        }
    }
}

impl QueuesConfig {
    /// What the task face is told.
    pub fn task_options(&self) -> TaskOptions {
        TaskOptions {
            accounts: self.account.clone(),
            max_bodies_bytes: (self.max_bodies_mib.get() as usize) << 20,
            body_wait_ms: self.body_wait_ms.get(),
        }
    }

    /// What the enterprise face is told.
    pub fn bus_options(&self) -> BusOptions {
        BusOptions {
            max_body_bytes: self.max_message_bytes(),
            max_bodies_bytes: (self.max_bodies_mib.get() as usize) << 20,
            body_wait: Duration::from_millis(self.body_wait_ms.get().into()),
            max_wait: Duration::from_secs(self.max_wait_s.get().into()),
        }
    }

    /// What the store is told; `secret` is what the tokens of a new one are derived from.
    pub fn store_options(&self, secret: Uuid) -> QueuesOptions {
        QueuesOptions {
            secret,
            max_message_bytes: self.max_message_bytes(),
            max_bytes: self.max_waiting_mib.get().saturating_mul(1 << 20),
            ..QueuesOptions::default()
        }
    }

    fn max_message_bytes(&self) -> usize {
        (self.max_message_kib.get() as usize) << 10
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use tollgate_sinks::queue::azure::DEVELOPMENT_ACCOUNT;

    #[test]
    fn the_default_is_where_the_emulator_would_be() {
        let queues = Config::default().queues;
        assert_eq!(
            (queues.tasks.to_string(), queues.bus.to_string()),
            ("127.0.0.1:10001".into(), "127.0.0.1:8081".into())
        );
        assert_eq!(queues.account.names().collect::<Vec<_>>(), [DEVELOPMENT_ACCOUNT]);
    }

    #[test]
    fn accounts_are_read_and_checked() {
        let config = Config::parse("[queues.account.toll]\nkey = \"c2VjcmV0\"\n").unwrap();
        assert_eq!(config.queues.account.names().collect::<Vec<_>>(), ["toll"]);
        let said = Config::parse("[queues.account.toll]\nkey = \"?\"\n").unwrap_err();
        assert!(said.contains("base64"), "{said}");
        let said = Config::parse("[queues]\ntask = \"127.0.0.1:1\"\n").unwrap_err();
        assert!(said.contains("line 2") && said.contains("`tasks`"), "{said}");
    }
}
