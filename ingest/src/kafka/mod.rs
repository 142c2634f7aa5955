//! The Kafka endpoint: the hubs of a [`Store`](crate::log::Store) as topics, for clients that speak the Kafka protocol.
//!
//! Batches stay what they are: a produced batch is checked and stamped where it lies in the request and written from
//! there, and a fetch is a slice of a file read into the answer. A `connection` begins requests in their order and
//! answers them in it; `api` says which are understood, `dispatch` who answers them. Nothing that a client sends sets
//! aside more memory than it really sent: see `shape`.

mod api;
mod codes;
mod config;
mod connection;
mod dispatch;
mod endpoint;
mod fetch;
mod group;
mod input;
mod metadata;
mod offsets;
mod produce;
mod producers;
mod reply;
mod room;
mod sasl;
mod session;
mod settings;
mod shape;
mod shared;
mod tls;
mod topics;
mod wire;

pub use config::KafkaConfig;
pub use endpoint::Endpoint;
