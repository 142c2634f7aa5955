//! Apache Kafka, and what speaks its protocol: an idempotent producer that waits for all replicas in sync.

mod config;
#[cfg(feature = "kafka")]
mod link;

pub use config::KafkaConfig;
#[cfg(feature = "kafka")]
pub(super) use link::open;
