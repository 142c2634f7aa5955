//! What a request is answered with, and the headers that every answer has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, SERVER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat};
use httpdate::HttpDate;
use uuid::{Builder, Uuid};

use super::fault::Fault;

/// The version answered where a request names none: the newest that this follows.
pub(super) const VERSION: HeaderValue = HeaderValue::from_static("2025-11-05");
pub(super) const X_MS_VERSION: HeaderName = HeaderName::from_static("x-ms-version");
pub(super) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");
const XML: HeaderValue = HeaderValue::from_static("application/xml");
const NAME: HeaderValue = HeaderValue::from_static("tollgate-queue/1.0");
/// Bytes of a client's own id that are given back, at most.
const MAX_CLIENT_ID: usize = 1024;
/// The last second that can be written: what never expires expires then.
const NEVER_S: u64 = 253_402_300_799;

/// A good answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    pub(super) headers: HeaderMap,
    xml: Option<String>,
}

impl Answer {
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), xml: None }
    }

    pub(super) fn xml(status: StatusCode, xml: String) -> Self {
        Self { status, headers: HeaderMap::new(), xml: Some(xml) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { status, mut headers, xml } = self;
        if xml.is_some() {
            headers.insert(CONTENT_TYPE, XML);
        }
        let mut response = Response::new(xml.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// Numbers requests; the numbers of two runs differ by their seed.
pub(super) struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> Uuid {
        let number = u128::from(self.next.fetch_add(1, Ordering::Relaxed));
        Builder::from_custom_bytes((u128::from(self.seed) << 64 | number).to_be_bytes()).into_uuid()
    }
}

/// What every answer says of its request.
pub(super) struct Stamp {
    pub(super) request_id: Uuid,
    pub(super) version: HeaderValue,
    pub(super) client_id: Option<HeaderValue>,
    pub(super) now_ms: i64,
}

impl Stamp {
    /// Makes the response.
    pub(super) fn response(self, outcome: Result<Answer, Fault>) -> Response {
        let id = self.request_id.to_string();
        let mut response = match outcome {
            Ok(answer) => answer.into_response(),
            Err(fault) => {
                let time = DateTime::from_timestamp_millis(self.now_ms).unwrap_or_default();
                let xml = fault.body(&id, &time.to_rfc3339_opts(SecondsFormat::Millis, true));
                let mut answer = Answer::xml(fault.status, xml);
                answer.headers.insert(ERROR_CODE, HeaderValue::from_static(fault.code()));
                answer.into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(SERVER, NAME);
        headers.insert(X_MS_VERSION, self.version);
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(id) = self.client_id.filter(|id| id.len() <= MAX_CLIENT_ID) {
            headers.insert(CLIENT_REQUEST_ID, id);
        }
        response
    }
}

/// A time as headers and bodies have it.
pub(super) fn http_time(ms: i64) -> HttpDate {
    let seconds = u64::try_from(ms / 1000).unwrap_or(0).min(NEVER_S);
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
    time.into()
}

/// The same of an end that may not come.
pub(super) fn expiry(ms: Option<i64>) -> HttpDate {
    http_time(ms.unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_end_of_time() {
        assert_eq!(http_time(1_800_000_000_999).to_string(), "Fri, 15 Jan 2027 08:00:00 GMT");
        assert_eq!(expiry(None).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(http_time(-1).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn request_ids_differ() {
        let ids = RequestIds::new(7);
        assert_ne!(ids.next(), ids.next());
        assert_ne!(RequestIds::new(8).next(), RequestIds::new(7).next());
    }
}
