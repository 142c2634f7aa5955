//! NATS JetStream: every event is acknowledged by its stream, and known again by its id within the stream's window.

mod config;
#[cfg(feature = "nats")]
mod link;

pub use config::NatsConfig;
#[cfg(feature = "nats")]
pub(super) use link::open;
