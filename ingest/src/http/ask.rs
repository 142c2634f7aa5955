//! Paths and queries, with the endpoint's own words for what is wrong with them.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use chrono::DateTime;
use serde::de::DeserializeOwned;

use super::fault::Fault;

/// The parts of the path that have names.
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(Fault::bad("bad-path", rejection.body_text())),
        }
    }
}

/// The query of a request.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Fault> {
    let Query(asked) = Query::try_from_uri(uri).map_err(|rejection| Fault::bad("bad-query", rejection.body_text()))?;
    Ok(asked)
}

/// A time: RFC 3339, or milliseconds since the epoch.
pub(super) fn time_ms(text: &str) -> Result<i64, Fault> {
    // In a query a plus stands for a space.
    let zoned = || DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok().map(|time| time.timestamp_millis());
    text.parse().ok().or_else(zoned).ok_or_else(|| {
        let message = format!("{text:?} is no time: send RFC 3339, or milliseconds since the epoch");
        Fault::bad("bad-time", message)
    })
}
