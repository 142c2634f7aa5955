//! What a bridge asks of a broker's client.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;

use crate::published::Published;

/// Why a client failed, whatever its own type is.
pub(super) type Cause = Box<dyn StdError + Send + Sync>;

/// Resolves when the broker has an event, or will not have it.
pub(super) type Receipt = Pin<Box<dyn Future<Output = Result<(), Cause>> + Send>>;

/// What became of an event that was to be sent.
pub(super) enum Sent {
    /// It is on its way.
    Waiting(Receipt),
    /// The broker can never take it; why.
    Unfit(String),
}

impl Sent {
    /// On its way.
    pub(super) fn waiting(receipt: impl Future<Output = Result<(), Cause>> + Send + 'static) -> Self {
        Self::Waiting(Box::pin(receipt))
    }
}

/// A connection to a broker. After an error it is of no more use.
pub(super) trait Link: Send {
    /// Hands an event to the client; in the order of the calls, where the broker knows an order.
    fn send(&mut self, item: &Published) -> impl Future<Output = Result<Sent, Cause>> + Send;
}
