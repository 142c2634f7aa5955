//! The page and its calls.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Reviews;
use crate::manual::{Answer, Locked};
use crate::refusal::{Refusal, blocking, json_body};
use crate::store::Clock;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The page asks its own server alone, and no other page may show it in a frame.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Bytes of a call's body.
const MAX_BODY_BYTES: usize = 4096;

/// What the handlers share.
struct Shared {
    reviews: Arc<Reviews>,
    clock: Clock,
}

impl Shared {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis((self.clock)()).unwrap_or_default()
    }
}

/// The page, which says nothing that is not in this repository: anybody may have it.
pub fn page() -> Router {
    Router::new().route("/review", get(show))
}

/// The calls, for those who may add to the results.
pub fn routes(reviews: Arc<Reviews>, clock: Clock) -> Router {
    Router::new()
        .route("/review/next", post(next))
        .route("/review/{id}/answer", post(answer))
        .route("/review/{id}/renew", post(renew))
        .route("/review/{id}/abandon", post(abandon))
        .with_state(Arc::new(Shared { reviews, clock }))
}

async fn show() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    let page = PAGE.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT);
    (headers, Html(page)).into_response()
}

async fn next(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refusal> {
    let (reviews, now) = (Arc::clone(&shared.reviews), shared.now());
    let (locked, remaining) = blocking(move || reviews.next(now)).await?;
    Ok(Json(json!({ "item": locked.as_ref().map(shown), "remaining": remaining })))
}

fn shown(locked: &Locked) -> Value {
    let item = &locked.item;
    let crop = (!item.crop.is_empty()).then(|| format!("data:image/jpeg;base64,{}", STANDARD.encode(&item.crop)));
    json!({
        "id": item.event_id, "token": locked.token, "lockedUntil": locked.locked_until, "fileName": item.file_name,
        "lane": item.lane, "captureTime": item.capture_time, "partialText": item.partial_text,
        "confidence": item.confidence, "candidates": item.candidates, "reason": item.reason, "crop": crop,
        "deliveryCount": locked.delivery_count,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    token: Uuid,
    #[serde(default)]
    reviewer: String,
    text: Option<String>,
    #[serde(default)]
    unreadable: bool,
}

impl Answered {
    fn check(&self, reviews: &Reviews) -> Result<Answer, Refusal> {
        let most = reviews.config.max_name_chars;
        if self.reviewer.chars().count() > most || self.reviewer.chars().any(char::is_control) {
            return Err(Refusal::bad("bad-reviewer", format!("a reviewer's name has at most {most} characters")));
        }
        let text = match (&self.text, self.unreadable) {
            (None, true) => return Ok(Answer::Unreadable),
            (Some(text), false) => text,
            _ => return Err(Refusal::bad("bad-body", "send a text, or unreadable: true")),
        };
        let rules = reviews.rules;
        rules.apply(text).map(Answer::Text).ok_or_else(|| {
            let (least, most) = (rules.min_chars, rules.max_chars);
            Refusal::bad("bad-text", format!("a plate has {least} to {most} of the characters A-Z and 0-9"))
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holding {
    token: Uuid,
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<Uuid>, PathRejection>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let id = named(id)?;
    let answered: Answered = json_body(request, MAX_BODY_BYTES).await?;
    let answer = answered.check(&shared.reviews)?;
    let (reviews, now) = (Arc::clone(&shared.reviews), shared.now());
    let event = blocking(move || reviews.answer(id, answered.token, &answer, answered.reviewer.trim(), now)).await?;
    Ok(Json(json!({ "eventId": event })))
}

async fn renew(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<Uuid>, PathRejection>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let id = named(id)?;
    let Holding { token } = json_body(request, MAX_BODY_BYTES).await?;
    let (reviews, now) = (Arc::clone(&shared.reviews), shared.now());
    let locked = blocking(move || reviews.renew(id, token, now)).await?;
    Ok(Json(json!({ "lockedUntil": locked.locked_until })))
}

async fn abandon(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<Uuid>, PathRejection>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let id = named(id)?;
    let Holding { token } = json_body(request, MAX_BODY_BYTES).await?;
    let reviews = Arc::clone(&shared.reviews);
    blocking(move || reviews.abandon(id, token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(id: Result<Path<Uuid>, PathRejection>) -> Result<Uuid, Refusal> {
    id.map(|Path(id)| id).map_err(|rejection| Refusal::bad("bad-path", rejection.body_text()))
}
