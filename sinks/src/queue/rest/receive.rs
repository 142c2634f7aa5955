//! Receiving: at once, or when a message comes within the time.

use std::time::Duration;

use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, request};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep_until};

use super::super::{Ask, Delivery, Refusal};
use super::fault::Fault;
use super::{Face, headers};
use crate::Error;

/// How long a receive waits where the request does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// Gives out the first message: locked, or taken out.
pub(super) async fn answer(face: &Face, request: &request::Parts, name: &str, lock: bool) -> Result<Response, Fault> {
    let until = Instant::now() + wait(face, &request.uri)?;
    let mut stopping = face.parts.stopping.clone();
    let mut has_waited = false;
    loop {
        let gone = |error| if has_waited && is_gone(&error) { Fault::gone(name) } else { error.into() };
        // Who listens before looking misses nothing that comes in between.
        let told = face.parts.queues.arrivals(name).map_err(gone)?;
        let now_ms = face.now();
        if let Some(delivery) = first(face, name, lock, now_ms).await.map_err(gone)? {
            return Ok(delivered(&request.headers, name, delivery, lock));
        }
        if Instant::now() >= until {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let next = look_again(face, name, now_ms).map_err(gone)?.map_or(until, |due| due.min(until));
        has_waited = true;
        tokio::select! {
            () = told => {}
            () = sleep_until(next) => {}
            // Also where nobody is left to say so.
            _ = stopping.wait_for(|stop| *stop) => return Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }
}

async fn first(face: &Face, name: &str, lock: bool, now_ms: i64) -> Result<Option<Delivery>, Error> {
    let receiving = if lock {
        face.parts.queues.receive(name, Ask::ONE, now_ms)?
    } else {
        face.parts.queues.receive_and_delete(name, 1, now_ms)?
    };
    Ok(receiving.durable().await?.into_iter().next())
}

/// When the next lock ends or the next message becomes visible: that tells nobody by itself.
fn look_again(face: &Face, name: &str, now_ms: i64) -> Result<Option<Instant>, Error> {
    let due_ms = face.parts.queues.next_due(name)?;
    let left_ms = due_ms.map(|at| u64::try_from(at.saturating_sub(now_ms)).unwrap_or(0).max(1));
    Ok(left_ms.and_then(|left| Instant::now().checked_add(Duration::from_millis(left))))
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Refused(Refusal::NoEntity { .. }))
}

/// `timeout` of the query, within the bound.
fn wait(face: &Face, uri: &Uri) -> Result<Duration, Fault> {
    let fields = uri.query().unwrap_or_default().split('&').filter_map(|field| field.split_once('='));
    let mut asked = fields.filter(|(name, _)| name.eq_ignore_ascii_case("timeout")).map(|(_, value)| value.parse());
    let asked = match asked.next() {
        None => DEFAULT_WAIT,
        Some(Ok(seconds)) => Duration::from_secs(seconds),
        Some(Err(error)) => return Err(Fault::bad(format!("timeout must be whole seconds: {error}"))),
    };
    Ok(asked.min(face.max_wait))
}

fn delivered(asked: &HeaderMap, name: &str, delivery: Delivery, locked: bool) -> Response {
    let mut headers = headers::of(&delivery, locked);
    if locked {
        // As the original: a whole address, under the name by which the receiver knows the server.
        let host = asked.get(HOST).and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}"));
        let (host, token) = (host.unwrap_or_default(), delivery.token);
        let location = format!("{host}/{name}/messages/{}/{token}", delivery.sequence);
        headers.extend(HeaderValue::from_str(&location).ok().map(|location| (LOCATION, location)));
    }
    let status = if locked { StatusCode::CREATED } else { StatusCode::OK };
    (status, headers, delivery.message.body).into_response()
}
