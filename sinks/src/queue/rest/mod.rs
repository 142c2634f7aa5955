//! The enterprise face: Service Bus's REST over the queues.
//!
//! | | |
//! |---|---|
//! | `POST /{queue}/messages` | send; `BrokerProperties` as JSON, other headers are properties; a batch with the type `application/vnd.microsoft.servicebus.json` |
//! | `POST …/messages/head?timeout=s` | peek-lock: 201 with `Location`, or 204 |
//! | `DELETE …/messages/head?timeout=s` | receive and delete: 200, or 204 |
//! | `DELETE …/messages/{id or number}/{token}` | complete |
//! | `PUT …/messages/{id or number}/{token}` | unlock |
//! | `POST …/messages/{id or number}/{token}` | renew the lock |
//! | `GET`, `PUT`, `DELETE /{entity}` | describe, create, delete |
//!
//! `…` is `/{queue}`, `/{topic}/subscriptions/{name}`, and either with `/$deadletterqueue`. Entities are described in
//! JSON, where the original has Atom XML. A lock's token belongs to one sequence number: a message that is named by its
//! id is looked for among those that are locked at the time, so the number is the better name. Refusals have the
//! original's status codes and its XML body.

mod fault;
mod handle;
mod path;
mod properties;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use super::Queues;

/// Says the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a request wants to do with an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Send messages.
    Send,
    /// Receive and settle messages.
    Listen,
    /// Create, describe and delete entities.
    Manage,
}

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No key, or none that is good: 401.
    Unknown(String),
    /// The key has no right to this: 403.
    Forbidden(String),
}

/// Decides whether the value of an `Authorization` header allows something: header, entity, right, time.
pub type Authorise = Arc<dyn Fn(Option<&str>, &str, Right, i64) -> Result<(), Denied> + Send + Sync>;

/// The face's parts and bounds.
#[derive(Clone)]
pub struct Face {
    /// The store.
    pub queues: Queues,
    /// The time.
    pub clock: Clock,
    /// Who may do what.
    pub authorise: Authorise,
    /// Bytes of a request's body, at most.
    pub max_body_bytes: usize,
    /// How long a receive may wait for a message.
    pub max_wait: Duration,
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face").field("max_body_bytes", &self.max_body_bytes).finish_non_exhaustive()
    }
}

/// The face's routes.
pub fn router(face: Face) -> Router {
    let limit = DefaultBodyLimit::max(face.max_body_bytes);
    Router::new().fallback(handle::handle).layer(limit).with_state(Arc::new(face))
}
