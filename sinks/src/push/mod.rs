//! Pushed events: every event of a subscription is POSTed to its webhook until the receiver has it, or until it is clear
//! that it will not take it.
//!
//! The hub is the queue. [`Webhook`] tries what it is handed at once, a bounded number of requests at a time; then one
//! transaction of the subscription's own database moves its cursor and keeps what was not delivered, with its attempts
//! and when it is due. A thread of the subscription's own ([`Retries`]) tries that again. What is given up goes to the
//! dead-letter folder. Nothing is shared between subscriptions but the threads that wait for the network, so that a slow
//! receiver holds up nobody else.
//!
//! Delivery is at least once: where the process dies after the receiver had an event and before that was noted, it is
//! sent again with the same id. A receiver that keeps the ids it has seen gets each once.
//!
//! # How a receiver verifies a request
//! With a `secret`, each POST carries `tollgate-signature: t=SECONDS,v1=HEX`, where `HEX` is HMAC-SHA256 with the secret
//! over the text `SECONDS.` followed by the body as it came. Compute it anew, compare in constant time, and refuse a `t`
//! that is more than five minutes from now. [`signature::verify`] does that; in Python:
//!
//! ```python
//! t, v1 = (part.split("=", 1)[1] for part in headers["tollgate-signature"].split(","))
//! wanted = hmac.new(secret, t.encode() + b"." + body, hashlib.sha256).hexdigest()
//! genuine = hmac.compare_digest(wanted, v1) and abs(time.time() - int(t)) <= 300
//! ```

mod address;
mod body;
mod client;
mod config;
mod delivery;
mod gate;
mod handshake;
mod meter;
mod outcome;
mod pending;
mod retries;
mod schedule;
pub mod signature;
mod sink;
mod store;
mod subscription;

pub use crate::secret::Secret;
pub use config::{BatchConfig, Schema, WebhookConfig};
pub use gate::Breaker;
pub use meter::{Counted, Meter, NoMeter};
pub use outcome::{Outcome, Reason};
pub use retries::Retries;
pub use sink::Webhook;
pub use subscription::{Clock, Parts, Subscription};
