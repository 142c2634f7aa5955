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
//! | `GET`, `PUT`, `DELETE /{entity}` | describe, create (with `If-Match: *`: change), delete |
//!
//! | `GET /$Resources/queues`, `/$Resources/topics`, `/{topic}/subscriptions` | list |
//! | `GET`, `PUT`, `DELETE /{topic}/subscriptions/{name}/rules/{rule}` | the filters of a subscription by name |
//!
//! `…` is `/{queue}`, `/{topic}/subscriptions/{name}`, and either with `/$deadletterqueue`. Entities are described in the
//! original's Atom XML where the request speaks it, as the official administration clients do, else in JSON. A lock's token belongs to one sequence number: a message that is named by its
//! id is looked for among those that are locked at the time, so the number is the better name. As with the original,
//! sessions cannot be received from over REST, and dead-lettering is giving up: too many deliveries, or too late.
//!
//! Refusals have the original's status codes and its XML body: 400, 401 (no good key, or no right), 404 (no such entity,
//! message or lock), 409, 410 (the entity was deleted under a waiting receiver), 413, 403 (full), 503 (come back).

mod atom;
mod entity;
mod fault;
mod handle;
mod headers;
mod path;
mod properties;
mod receive;
mod settle;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::watch;

use super::Queues;
use super::room::Room;

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

/// A request for a right.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The value of the `Authorization` header.
    pub shown: Option<&'a str>,
    /// The request's path, part by part.
    pub path: &'a [&'a str],
    /// The queue or topic; a subscription and a dead-letter queue belong to theirs.
    pub entity: &'a str,
    /// What is to be done.
    pub right: Right,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Why a request is not let in. The original answers 401 also where a good key lacks the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(pub String);

/// Decides whether a request is let in.
pub type Authorise = Arc<dyn Fn(&Wanted<'_>) -> Result<(), Denied> + Send + Sync>;

/// The face's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusOptions {
    /// Bytes of a request's body, at most.
    pub max_body_bytes: usize,
    /// Bytes of all bodies on their way together, at most; then senders wait.
    pub max_bodies_bytes: usize,
    /// How long a body may take, the wait for room included.
    pub body_wait: Duration,
    /// How long a receive may wait for a message.
    pub max_wait: Duration,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            max_bodies_bytes: 64 << 20,
            body_wait: Duration::from_secs(30),
            max_wait: Duration::from_secs(120),
        }
    }
}

/// What the face stands on.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub queues: Queues,
    /// The time.
    pub clock: Clock,
    /// Who may do what.
    pub authorise: Authorise,
    /// True when those who wait for messages are to wait no longer.
    pub stopping: watch::Receiver<bool>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("queues", &self.queues).finish_non_exhaustive()
    }
}

/// What the handlers share.
struct Face {
    parts: Parts,
    room: Room,
    max_wait: Duration,
}

impl Face {
    fn now(&self) -> i64 {
        (self.parts.clock)()
    }
}

/// The face's routes.
pub fn router(parts: Parts, options: BusOptions) -> Router {
    let BusOptions { max_body_bytes, max_bodies_bytes, body_wait, max_wait } = options;
    let room = Room::new(max_bodies_bytes, max_body_bytes, body_wait);
    Router::new().fallback(handle::handle).with_state(Arc::new(Face { parts, room, max_wait }))
}
