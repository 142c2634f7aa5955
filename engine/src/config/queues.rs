//! The queues of a server, and who may use them.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use serde::Deserialize;
use tollgate_sinks::queue::azure::{Accounts, TaskOptions};

/// The queues.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueuesConfig {
    /// Where clients of the task queues (Azure Queue Storage) are heard.
    pub tasks: SocketAddr,
    /// Their accounts by name; without any, the storage emulator's, on loopback alone.
    pub account: Accounts,
    /// Messages on their way in, all together; then senders wait.
    pub max_bodies_mib: NonZeroU32,
    /// How long a message may take to come.
    pub body_wait_ms: NonZeroU32,
}

impl Default for QueuesConfig {
    fn default() -> Self {
        let n = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self {
            tasks: SocketAddr::from(([127, 0, 0, 1], 10_001)),
            account: Accounts::default(),
            max_bodies_mib: n(64),
            body_wait_ms: n(30_000),
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
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use tollgate_sinks::queue::azure::DEVELOPMENT_ACCOUNT;

    #[test]
    fn the_default_is_where_the_emulator_would_be() {
        let queues = Config::default().queues;
        assert_eq!(queues.tasks.to_string(), "127.0.0.1:10001");
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
