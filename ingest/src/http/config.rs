//! The endpoint's bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use crate::{Error, Result};

/// What the HTTP endpoint may be told. Every bound stands here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections at a time; more are answered with 503 and closed.
    pub max_connections: usize,
    /// The head of a request: its line and headers.
    pub max_head_bytes: usize,
    /// The body of a request with messages.
    pub max_body_bytes: usize,
    /// The body of a request with an image.
    pub max_image_bytes: usize,
    /// Bodies and answers in memory at a time, over all connections; who finds no room waits `append_wait_ms`.
    pub max_inflight_bytes: usize,
    /// How long a connection may take to send the head of a request, and stay idle before it.
    pub head_wait_ms: u64,
    /// How long a connection may take to send a body.
    pub body_wait_ms: u64,
    /// How long a connection may leave what was sent to it unread.
    pub write_wait_ms: u32,
    /// How long a request waits for room: that the disk catches up, and that others' bodies are done with.
    pub append_wait_ms: u64,
    /// How long a request waits for its records to be durable.
    pub commit_wait_ms: u64,
    /// How long a request for records may wait for them (`wait_ms`).
    pub max_poll_ms: u64,
    /// Records in an answer.
    pub max_read_records: usize,
    /// Bytes in an answer, of batches read and of records shown; a single larger batch or record is read whole.
    pub max_read_bytes: usize,
    /// Bytes of a compressed batch when it is decompressed.
    pub max_decompressed_bytes: usize,
    /// Requests a second, over all senders; a second's worth may come at once. 0: as many as can be served.
    pub max_requests_per_s: u32,
    /// Series of consumer groups' lag that `/metrics` shows.
    pub max_lag_series: usize,
    /// How long what is under way may take after the stop.
    pub drain_ms: u64,
    /// The hub of the images of `/lanes/{lane}/images`.
    pub images_hub: String,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            max_connections: 1024,
            max_head_bytes: 16 << 10,
            max_body_bytes: 1 << 20,
            max_image_bytes: 16 << 20,
            max_inflight_bytes: 256 << 20,
            head_wait_ms: 15_000,
            body_wait_ms: 60_000,
            write_wait_ms: 30_000,
            append_wait_ms: 5_000,
            commit_wait_ms: 30_000,
            max_poll_ms: 30_000,
            max_read_records: 10_000,
            max_read_bytes: 1 << 20,
            max_decompressed_bytes: 32 << 20,
            max_requests_per_s: 0,
            max_lag_series: 10_000,
            drain_ms: 10_000,
            images_hub: "images".into(),
        }
    }
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<()> {
        let bounds = [
            ("max_connections", self.max_connections),
            ("max_head_bytes", self.max_head_bytes),
            ("max_body_bytes", self.max_body_bytes),
            ("max_image_bytes", self.max_image_bytes),
            ("max_read_records", self.max_read_records),
            ("max_read_bytes", self.max_read_bytes),
        ];
        if let Some((name, _)) = bounds.iter().find(|(_, value)| *value == 0) {
            return Err(Error::BadHttp { detail: format!("{name} is 0; give it a value of at least 1") });
        }
        let least = self.max_body_bytes.max(self.max_image_bytes);
        if self.max_inflight_bytes < least || self.max_inflight_bytes > u32::MAX as usize {
            let detail = format!("max_inflight_bytes must be {least} (the largest body) to {}", u32::MAX);
            return Err(Error::BadHttp { detail });
        }
        Ok(())
    }
}

/// A bound in milliseconds.
pub(super) fn ms(bound: u64) -> Duration {
    Duration::from_millis(bound)
}
