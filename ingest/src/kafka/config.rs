//! What the Kafka endpoint is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

/// What the Kafka endpoint is told. Every bound has its unit in its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// Where clients without encryption are heard; nothing: nowhere.
    pub plaintext: Option<SocketAddr>,
    /// Where clients with TLS are heard (`SASL_SSL` with `PLAIN`); nothing: nowhere.
    pub tls: Option<SocketAddr>,
    /// Whether clients must log in on the plaintext listener too, where there are keys.
    pub plaintext_login: bool,
    /// The certificate chain of the TLS listener, as PEM; without it one is made at the first start and kept.
    pub tls_certificate: Option<PathBuf>,
    /// The private key of `tls_certificate`, as PEM.
    pub tls_key: Option<PathBuf>,
    /// The host that clients are told to connect to; without it the address at which they came.
    pub advertised_host: Option<String>,
    /// The port that clients are told to connect to; without it the one at which they came.
    pub advertised_port: Option<u16>,
    /// Connections at a time, on both listeners together; further ones are closed at once.
    pub max_connections: usize,
    /// Bytes of a produce request.
    pub max_request_bytes: usize,
    /// Bytes of any other request.
    pub max_control_request_bytes: usize,
    /// Bytes of large requests that are in memory at a time, over all connections; further ones wait.
    pub max_buffered_request_bytes: usize,
    /// Bytes of records in the answer to a fetch; a single larger batch is answered nevertheless.
    pub max_fetch_bytes: usize,
    /// Bytes of fetch answers that are in memory at a time, over all connections; further ones wait.
    pub max_buffered_fetch_bytes: usize,
    /// How long a fetch may wait for records.
    pub max_fetch_wait_ms: u64,
    /// Produce requests of one connection that were appended and not yet answered; then it is not read from.
    pub max_pipelined_requests: usize,
    /// How long a connection may send nothing before it is closed.
    pub idle_timeout_ms: u64,
    /// How long the rest of a request may take to come, a TLS handshake, a login, and an answer to be taken.
    pub io_timeout_ms: u64,
    /// How long connections may go on with what they have begun when the endpoint stops.
    pub stop_timeout_ms: u64,
    /// Whether a topic is made when a client asks for one that is not there and wants it made.
    pub auto_create_topics: bool,
    /// Partitions of topics that are made without saying how many.
    pub default_partitions: u32,
    /// Topics, at most: clients cannot make more.
    pub max_topics: usize,
    /// The shortest session timeout that group members may ask for.
    pub group_min_session_timeout_ms: u64,
    /// The longest one.
    pub group_max_session_timeout_ms: u64,
    /// The longest time that a rebalance may wait for members.
    pub group_max_rebalance_timeout_ms: u64,
    /// Groups with members, at most.
    pub max_groups: usize,
    /// Members of a group, at most.
    pub max_group_members: usize,
    /// Bytes that the members of all groups together may leave here (subscriptions and assignments).
    pub max_group_bytes: usize,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            plaintext: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9092))),
            tls: None,
            plaintext_login: false,
            tls_certificate: None,
            tls_key: None,
            advertised_host: None,
            advertised_port: None,
            max_connections: 2_000,
            max_request_bytes: 20 << 20,
            max_control_request_bytes: 1 << 20,
            max_buffered_request_bytes: 128 << 20,
            max_fetch_bytes: 16 << 20,
            max_buffered_fetch_bytes: 128 << 20,
            max_fetch_wait_ms: 30_000,
            max_pipelined_requests: 64,
            idle_timeout_ms: 10 * 60 * 1000,
            io_timeout_ms: 30_000,
            stop_timeout_ms: 5_000,
            auto_create_topics: true,
            default_partitions: 4,
            max_topics: 1_000,
            group_min_session_timeout_ms: 1_000,
            group_max_session_timeout_ms: 30 * 60 * 1000,
            group_max_rebalance_timeout_ms: 10 * 60 * 1000,
            max_groups: 1_000,
            max_group_members: 256,
            max_group_bytes: 32 << 20,
        }
    }
}
