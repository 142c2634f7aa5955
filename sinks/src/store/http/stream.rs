//! `GET /feed` as server-sent events: `id:` is the token, `data:` the change as JSON.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::OwnedSemaphorePermit;

use super::Shared;
use super::feed::{Asked, changes_or_timeout};
use crate::refusal::Refusal;
use crate::store::{Change, Token};

/// Changes read at once, and so in memory for each stream.
const AHEAD: usize = 32;

/// An open stream.
struct Open {
    shared: Arc<Shared>,
    token: Token,
    ahead: VecDeque<Change>,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream from `Last-Event-ID` on, else from where the query says.
pub(super) async fn open(shared: &Arc<Shared>, asked: &Asked, headers: &HeaderMap) -> Result<Response, Refusal> {
    let Ok(place) = Arc::clone(&shared.streams).try_acquire_owned() else {
        let message = "max_streams are open; close one, or come back later";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", message));
    };
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default()).filter(|id| !id.is_empty());
    let token = match last {
        Some(id) => id.parse()?,
        None => asked.start(shared).await?,
    };
    let open = Open { shared: Arc::clone(shared), token, ahead: VecDeque::new(), _place: place };
    let heartbeat = Duration::from_millis(shared.config.heartbeat_ms);
    Ok(Sse::new(unfold(open, next)).keep_alive(KeepAlive::new().interval(heartbeat)).into_response())
}

/// The next event; none when the server stops, or cannot read its store.
async fn next(mut open: Open) -> Option<(Result<Event, Infallible>, Open)> {
    while open.ahead.is_empty() {
        if *open.shared.stopping.borrow() || open.shared.stopping.has_changed().is_err() {
            return None;
        }
        let wait = Duration::from_millis(open.shared.config.max_poll_ms);
        let changes = changes_or_timeout(&open.shared, open.token, AHEAD, wait).await.ok()?;
        open.token = changes.token;
        open.ahead.extend(changes.items);
    }
    let change = open.ahead.pop_front()?;
    // JSON of ours has no line end of its own; it is one line of data.
    let data = serde_json::to_string(&change).ok()?;
    Some((Ok(Event::default().id(change.token.to_string()).event("change").data(data)), open))
}
