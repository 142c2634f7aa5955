//! Refusals: the original's status codes and body, `<Error><Code>…</Code><Detail>…</Detail></Error>`.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::Refusal;
use super::super::room::NoBody;
use super::Denied;
use crate::Error;

/// A refusal of a request.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    detail: String,
}

impl Fault {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn not_allowed(method: &Method) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for this path"))
    }

    /// The entity was deleted while somebody waited there.
    pub(super) fn gone(name: &str) -> Self {
        Self::new(StatusCode::GONE, format!("{name:?} was deleted"))
    }
}

impl From<Denied> for Fault {
    fn from(Denied(detail): Denied) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }
}

impl From<NoBody> for Fault {
    fn from(reason: NoBody) -> Self {
        match reason {
            NoBody::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large; send less"),
            NoBody::Closing => Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is closing; come back"),
            NoBody::TimedOut => Self::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Error::Refused(refusal) = error else {
            tracing::error!(%error, "a request on the queues failed");
            return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not do it; its log says why");
        };
        refusal.into()
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            // The original does not tell a message that is gone from a lock that is.
            Refusal::NoEntity { .. } | Refusal::NoMessage { .. } | Refusal::LockLost { .. } => StatusCode::NOT_FOUND,
            Refusal::EntityExists { .. } => StatusCode::CONFLICT,
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::SessionLost { .. } => StatusCode::GONE,
            Refusal::Full { .. } => StatusCode::FORBIDDEN,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let detail = escaped(&self.detail);
        let body = format!("<Error><Code>{}</Code><Detail>{detail}</Detail></Error>", self.status.as_u16());
        let mut response = (self.status, [(CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response();
        let more = match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "SharedAccessSignature")),
            _ => None,
        };
        response.headers_mut().extend(more.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}

/// A text as XML can carry it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            one if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            one => out.push(one),
        }
    }
    out
}
