//! What is counted of a subscription.

use super::gate::Breaker;

/// What happened to events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// The receiver has them.
    Delivered,
    /// An attempt failed; there will be another.
    Retried,
    /// They were given up and lie among the dead letters.
    DeadLettered,
}

impl Counted {
    /// The name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::DeadLettered => "dead_lettered",
        }
    }
}

/// Is told what happens. Called from several threads.
pub trait Meter: Send + Sync {
    /// Events and what happened to them.
    fn count(&self, what: Counted, events: u64);
    /// How many events are kept for another attempt, and how the breaker stands.
    fn state(&self, pending: u64, breaker: Breaker);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMeter;

impl Meter for NoMeter {
    fn count(&self, _what: Counted, _events: u64) {}
    fn state(&self, _pending: u64, _breaker: Breaker) {}
}
