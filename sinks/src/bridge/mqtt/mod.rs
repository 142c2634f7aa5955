//! MQTT 5 at QoS 1: every event is acknowledged by the broker.

mod config;
#[cfg(feature = "mqtt")]
mod driver;
#[cfg(feature = "mqtt")]
mod link;

pub use config::MqttConfig;
#[cfg(feature = "mqtt")]
pub(super) use link::open;
