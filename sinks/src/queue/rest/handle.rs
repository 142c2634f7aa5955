//! Requests: who may, what is asked, what came of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::super::{Ask, Created, Delivery, Kind, Phase, Receipt, Refusal, Settings};
use super::fault::Fault;
use super::path::{self, Target};
use super::{Face, Right, properties};
use crate::Error;

/// How long a receive waits where the request does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(60);
/// Locked messages that are looked through for one that is named by its id.
const MAX_LOOKED: usize = 4096;
const BATCH: &str = "application/vnd.microsoft.servicebus.json";

/// Answers a request.
pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let answered = match body {
        Ok(body) => answer(&face, &method, &uri, &headers, body).await,
        Err(refused) => Err(Fault::new(refused.status(), refused.body_text())),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(face: &Face, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Result<Response, Fault> {
    let target = path::parse(uri.path()).ok_or_else(|| Fault::bad("the path names no queue, topic or subscription"))?;
    let (name, right) = match &target {
        Target::Entity(name) => (name, Right::Manage),
        Target::Messages(name) => (name, Right::Send),
        Target::Head(name) | Target::Message(name, ..) => (name, Right::Listen),
    };
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    (face.authorise)(shown, name, right, (face.clock)())?;
    match (&target, method.as_str()) {
        (Target::Entity(name), _) => entity(face, method, name, &body).await,
        (Target::Messages(name), "POST") => send(face, name, headers, body).await,
        (Target::Head(name), "POST" | "DELETE") => receive(face, name, method == Method::POST, uri).await,
        (Target::Message(name, message, token), _) => settle(face, method, name, message, token).await,
        _ => Err(not_allowed(method)),
    }
}

fn not_allowed(method: &Method) -> Fault {
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for this path"))
}

async fn send(face: &Face, name: &str, headers: &HeaderMap, body: Bytes) -> Result<Response, Fault> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let messages = if content_type.to_ascii_lowercase().starts_with(BATCH) {
        properties::batch(&body)?
    } else {
        vec![properties::message(headers, body.into())?]
    };
    face.queues.send(name, &messages, (face.clock)())?.durable().await?;
    Ok(StatusCode::CREATED.into_response())
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

async fn receive(face: &Face, name: &str, lock: bool, uri: &Uri) -> Result<Response, Fault> {
    let until = tokio::time::Instant::now() + wait(face, uri)?;
    loop {
        let told = face.queues.arrivals(name)?;
        let now = (face.clock)();
        let receiving = if lock {
            face.queues.receive(name, Ask::ONE, now)?
        } else {
            face.queues.receive_and_delete(name, 1, now)?
        };
        if let Some(delivery) = receiving.durable().await?.into_iter().next() {
            return Ok(delivered(name, delivery, lock));
        }
        // The next lock that ends or message that becomes visible tells nobody by itself.
        let due = face.queues.next_due(name)?.map(|at| Duration::from_millis(at.saturating_sub(now).max(1) as u64));
        let next = due.and_then(|due| tokio::time::Instant::now().checked_add(due)).map_or(until, |due| due.min(until));
        if tokio::time::timeout_at(next, told).await.is_err() && tokio::time::Instant::now() >= until {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
}

fn delivered(name: &str, delivery: Delivery, locked: bool) -> Response {
    let mut headers = properties::headers(&delivery, locked);
    if locked {
        let location = format!("/{name}/messages/{}/{}", delivery.sequence, delivery.token);
        if let Ok(location) = HeaderValue::from_str(&location) {
            headers.insert(LOCATION, location);
        }
    }
    let status = if locked { StatusCode::CREATED } else { StatusCode::OK };
    (status, headers, delivery.message.body).into_response()
}

async fn settle(face: &Face, method: &Method, name: &str, message: &str, token: &str) -> Result<Response, Fault> {
    let failed = |error| Fault::bad(format!("the lock token {token:?} is none: {error}"));
    let token = Uuid::parse_str(token).map_err(failed)?;
    let now = (face.clock)();
    let sequence = match message.parse() {
        Ok(sequence) => sequence,
        Err(_) => by_id(face, name, message, token, now).await?,
    };
    let receipt = Receipt::strict(sequence, token);
    match method.as_str() {
        "DELETE" => face.queues.complete(name, receipt, now)?.durable().await?,
        "PUT" => face.queues.abandon(name, receipt, now)?.durable().await?,
        "POST" => _ = face.queues.renew(name, receipt, now)?.durable().await?,
        _ => return Err(not_allowed(method)),
    }
    Ok(StatusCode::OK.into_response())
}

/// The sequence number of a message that is locked with a token, by its id.
async fn by_id(face: &Face, name: &str, id: &str, token: Uuid, now: i64) -> Result<u64, Fault> {
    let looked = face.queues.peek(name, 0, MAX_LOOKED, now)?.durable().await?;
    let found = looked.iter().find(|one| one.phase == Phase::Locked && one.token == token && one.message.id == id);
    let gone = || Fault::from(Error::from(Refusal::NoMessage { sequence: 0 }));
    found.map(|one| one.sequence).ok_or_else(gone)
}

/// What creates an entity; an empty body is a queue with the usual settings.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    kind: Option<Kind>,
    settings: Settings,
}

async fn entity(face: &Face, method: &Method, name: &str, body: &[u8]) -> Result<Response, Fault> {
    match method.as_str() {
        "GET" => Ok(Json(face.queues.describe(name)?).into_response()),
        "DELETE" => {
            face.queues.delete(name)?.durable().await?;
            Ok(StatusCode::OK.into_response())
        }
        "PUT" => {
            let failed = |error| Fault::bad(format!("the description cannot be understood: {error}"));
            let wanted: Wanted =
                if body.is_empty() { Wanted::default() } else { serde_json::from_slice(body).map_err(failed)? };
            let subscription = name.to_ascii_lowercase().contains("/subscriptions/");
            let kind = wanted.kind.unwrap_or(if subscription { Kind::Subscription } else { Kind::Queue });
            let created = face.queues.create(name, kind, wanted.settings, (face.clock)())?.durable().await?;
            let status = if created == Created::New { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, Json(face.queues.describe(name)?)).into_response())
        }
        _ => Err(not_allowed(method)),
    }
}
