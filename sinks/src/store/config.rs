//! The store's bounds.

use serde::Deserialize;

/// What the store may be told. Every bound stands here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// What it keeps of its file in memory.
    pub cache_mib: usize,
    /// Plates or changes in an answer.
    pub max_page: usize,
    /// How long a request for changes may wait for them (`wait_ms`).
    pub max_poll_ms: u64,
    /// Streams of changes that are open at a time.
    pub max_streams: usize,
    /// How often a stream without changes says that it lives.
    pub heartbeat_ms: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { cache_mib: 128, max_page: 1000, max_poll_ms: 30_000, max_streams: 64, heartbeat_ms: 15_000 }
    }
}
