//! RabbitMQ, by AMQP 0.9.1: persistent messages, publisher confirms; a message that no queue takes is a failure.

mod config;
#[cfg(feature = "rabbitmq")]
mod line;
#[cfg(feature = "rabbitmq")]
mod link;

pub use config::RabbitMqConfig;
#[cfg(feature = "rabbitmq")]
pub(super) use link::open;
