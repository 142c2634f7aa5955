//! What the HTTP routes of this crate refuse a request with, in the form of the log's own endpoint:
//! `{"error": {"code": "…", "message": "…"}}`.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::error::{Error, Result};

/// A refusal.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// For programs, in kebab-case.
    code: &'static str,
    /// For people.
    message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The request cannot be meant.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        // Paths and causes are for the log, not for those who ask.
        tracing::error!(error, "a request failed");
        let message = "the server could not do it; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::BadToken { .. } => (StatusCode::BAD_REQUEST, "bad-token"),
            Error::BadName { .. } => (StatusCode::BAD_REQUEST, "bad-name"),
            Error::TooManyProcessors { .. } => (StatusCode::CONFLICT, "too-many-processors"),
            Error::UnknownItem { .. } => (StatusCode::NOT_FOUND, "no-item"),
            Error::LockLost { .. } => (StatusCode::CONFLICT, "lock-lost"),
            Error::Publish { .. } => (StatusCode::SERVICE_UNAVAILABLE, "not-durable"),
            _ => return Self::internal(&error),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": { "code": self.code, "message": self.message } }));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return (self.status, [(RETRY_AFTER, "1")], body).into_response();
        }
        (self.status, body).into_response()
    }
}

/// Runs what waits for a disk where that holds up nobody. It is carried through even when the asker has gone.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(Refusal::internal(&error)),
    }
}

/// The query of a request.
pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    let asked = axum::extract::Query::try_from_uri(uri);
    asked.map(|axum::extract::Query(asked)| asked).map_err(|rejection| Refusal::bad("bad-query", rejection.body_text()))
}

/// A small JSON body. It must say that it is JSON: a form of another site cannot.
pub(crate) async fn json_body<T: DeserializeOwned>(request: Request, max_bytes: usize) -> Result<T, Refusal> {
    if !is_json(request.headers()) {
        let message = "send JSON, with the content type application/json";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", message));
    }
    let too_large = |error| Refusal::bad("bad-body", format!("the body is broken or over {max_bytes} bytes: {error}"));
    let bytes = to_bytes(request.into_body(), max_bytes).await.map_err(too_large)?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::bad("bad-body", format!("cannot understand it: {error}")))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A time: RFC 3339, or milliseconds since the epoch.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let of_ms = || DateTime::from_timestamp_millis(text.parse().ok()?);
    // In a query a plus stands for a space.
    let zoned = || DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok().map(|time| time.to_utc());
    of_ms().or_else(zoned).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        Refusal::bad("bad-time", format!("{shown:?} is no time: send RFC 3339, or milliseconds since the epoch"))
    })
}
