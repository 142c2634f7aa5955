//! What a request is refused with: one form for all, `{"error": {"code": "…", "message": "…"}}`.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Error;
use crate::access::Denied;
use crate::log::BatchFault;

/// A refusal.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    /// For programs, in kebab-case; also what metrics count it as.
    code: &'static str,
    /// For people.
    message: String,
    /// Seconds after which it may go better.
    retry_after_s: Option<u64>,
}

/// What became of a request; travels with the answer to where it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome(pub(super) &'static str);

impl Fault {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after_s: None }
    }

    /// The request cannot be meant.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// More bytes than a bound allows.
    pub(super) fn too_large(max_bytes: usize) -> Self {
        let message = format!("the body is larger than {max_bytes} bytes; send less at once, or a photo by reference");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message)
    }

    /// The server has too much to do; the sender should come back.
    pub(super) fn busy(code: &'static str, message: impl Into<String>) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message) }
    }

    /// Beyond the configured rate.
    pub(super) fn throttled(retry_after_s: u64) -> Self {
        let message = "more requests than max_requests_per_s; come back after the time in Retry-After";
        let fault = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message);
        Self { retry_after_s: Some(retry_after_s), ..fault }
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        let status = if denied == Denied::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        Self::new(status, denied.name(), denied.to_string())
    }
}

impl From<BatchFault> for Fault {
    fn from(fault: BatchFault) -> Self {
        Self::bad("bad-batch", format!("cannot make a batch of the messages: {fault}"))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::NoHub { .. } => (StatusCode::NOT_FOUND, "no-hub"),
            Error::NoPartition { .. } => (StatusCode::NOT_FOUND, "no-partition"),
            Error::HubExists { .. } => (StatusCode::CONFLICT, "hub-exists"),
            Error::BadHub { .. } => (StatusCode::BAD_REQUEST, "bad-hub"),
            Error::BatchTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Error::OffsetOutOfRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "offset-out-of-range"),
            Error::CommitFailed { .. } => (StatusCode::SERVICE_UNAVAILABLE, "disk-failed"),
            _ => {
                // The rest is the machine's: paths and causes are for the log, not for senders.
                tracing::error!(%error, "a request failed");
                let message = "the server could not do it; its log says why";
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message);
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } }).to_string();
        let mut response = (self.status, [(CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("SharedAccessSignature"));
        }
        response.extensions_mut().insert(Outcome(self.code));
        response
    }
}
