//! A browser's way in: `POST /login` gives a cookie for a key, `POST /logout` takes it back.
//!
//! The cookie is a shared access signature, so that the server keeps nothing and a key's rights bound the browser as
//! they bound any other. Scripts cannot read it (`HttpOnly`), other sites' requests do not carry it (`SameSite=Strict`),
//! and a request that says that it comes from another site is not let in with it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::body;
use super::fault::Fault;
use super::message::media_type;
use super::shared::Shared;

/// The cookie.
const NAME: &str = "tollgate";
/// How long it is good: a long working day.
const LIFETIME_S: i64 = 12 * 3600;
/// Bytes of a key.
const MAX_KEY_BYTES: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    key: String,
}

/// Lets a browser in that shows a connection string or a signature.
pub(super) async fn login(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    refuse_other_sites(&parts.headers)?;
    if media_type(&parts.headers) != Some("application/json") {
        let message = format!("send {{\"key\": \"…\"}} with {CONTENT_TYPE}: application/json");
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", message));
    }
    let held = body::read(&shared, &parts.headers, body, MAX_KEY_BYTES).await?;
    let bad =
        |_malformed| Fault::bad("bad-body", "send {\"key\": \"…\"}: a connection string or a SharedAccessSignature");
    let Shown { key } = serde_json::from_slice(&held.bytes).map_err(bad)?;
    let session = shared.access.session(&key, shared.now_ms(), LIFETIME_S);
    Ok(match session.map_err(|denied| shared.denied(denied))? {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(fields) => set(&fields, LIFETIME_S),
    })
}

/// Takes the cookie back.
pub(super) async fn logout() -> Response {
    set("", 0)
}

fn set(value: &str, lifetime_s: i64) -> Response {
    let cookie = format!("{NAME}={value}; Path=/; Max-Age={lifetime_s}; HttpOnly; SameSite=Strict");
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
}

/// The fields of a signature in a request's cookie, unless another site made the request.
pub(super) fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, fields) = pairs.find(|(name, _)| *name == NAME)?;
    (!fields.is_empty() && refuse_other_sites(headers).is_ok()).then_some(fields)
}

/// Refuses what a page of another site had a browser send. Programs say nothing of a site and pass.
pub(super) fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Fault> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host_of = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        // Over plain HTTP between machines browsers do not say the site.
        (None, Some(origin)) => host_of(origin).as_deref() == text(HOST.as_str()),
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(Fault::new(StatusCode::FORBIDDEN, "other-site", "a page of another site sent this")) }
}
