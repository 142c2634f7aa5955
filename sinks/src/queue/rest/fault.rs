//! Refusals: the original's status codes and body, `<Error><Code>…</Code><Detail>…</Detail></Error>`.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};

use super::super::Refusal;
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
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unknown(detail) => Self::new(StatusCode::UNAUTHORIZED, detail),
            Denied::Forbidden(detail) => Self::new(StatusCode::FORBIDDEN, detail),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Error::Refused(refusal) = &error else {
            tracing::error!(%error, "a request on the queues failed");
            return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not do it; its log says why");
        };
        let status = match refusal {
            Refusal::NoEntity { .. } | Refusal::NoMessage { .. } => StatusCode::NOT_FOUND,
            Refusal::EntityExists { .. } => StatusCode::CONFLICT,
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::LockLost { .. } | Refusal::SessionLost { .. } => StatusCode::GONE,
            Refusal::Full { .. } => StatusCode::FORBIDDEN,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut detail = String::with_capacity(self.detail.len());
        for one in self.detail.chars() {
            match one {
                '<' => detail.push_str("&lt;"),
                '>' => detail.push_str("&gt;"),
                '&' => detail.push_str("&amp;"),
                one if one.is_control() => detail.push(' '),
                one => detail.push(one),
            }
        }
        let body = format!("<Error><Code>{}</Code><Detail>{detail}</Detail></Error>", self.status.as_u16());
        let mut response = (self.status, [(CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("1"));
        }
        response
    }
}
