//! `GET /feed` as pages, and the processors.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{Shared, stream};
use crate::refusal::{Refusal, blocking, json_body, query, time};
use crate::store::{Changes, Start, Token};

/// Changes in an answer where nothing is said.
const PAGE: usize = 100;
/// Bytes of the body that saves a processor.
const MAX_BODY_BYTES: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    since: Option<String>,
    processor: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

impl Asked {
    /// Where it begins: what a processor saved wins over `since`.
    pub(super) async fn start(&self, shared: &Arc<Shared>) -> Result<Token, Refusal> {
        let since = match self.since.as_deref() {
            None | Some("beginning") => Start::Beginning,
            Some("now") => Start::Now,
            Some(token) if token.starts_with('v') => Start::Token(token.parse()?),
            Some(text) => Start::Time(time(text)?),
        };
        let (store, processor) = (Arc::clone(&shared.store), self.processor.clone());
        let saved = move || {
            let saved = processor.map(|name| store.processor(&name)).transpose()?.flatten();
            store.token(saved.map_or(since, Start::Token))
        };
        blocking(saved).await
    }

    fn limit(&self, shared: &Shared) -> usize {
        self.limit.unwrap_or(PAGE).clamp(1, shared.config.max_page.max(1))
    }
}

pub(super) async fn read(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let asked: Asked = query(&uri)?;
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/event-stream") {
        return stream::open(&shared, &asked, &headers).await;
    }
    let wait = Duration::from_millis(asked.wait_ms.min(shared.config.max_poll_ms));
    let start = asked.start(&shared).await?;
    let changes = changes_or_timeout(&shared, start, asked.limit(&shared), wait).await?;
    Ok(Json(json!({ "changes": changes.items, "token": changes.token.to_string() })).into_response())
}

/// The changes behind a token; none when none have come within the time, or when the server stops.
pub(super) async fn changes_or_timeout(
    shared: &Arc<Shared>,
    after: Token,
    limit: usize,
    wait: Duration,
) -> Result<Changes, Refusal> {
    let until = Instant::now() + wait;
    let mut stopping = shared.stopping.clone();
    loop {
        let changed = shared.store.listen();
        let store = Arc::clone(&shared.store);
        let changes = blocking(move || store.changes(after, limit)).await?;
        if !changes.items.is_empty() || Instant::now() >= until {
            return Ok(changes);
        }
        tokio::select! {
            () = changed => {}
            () = sleep_until(until) => {}
            // Also where nobody is left to say so.
            _ = stopping.wait_for(|stop| *stop) => return Ok(changes),
        }
    }
}

pub(super) async fn processors(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refusal> {
    let all = blocking(move || shared.store.processors()).await?;
    Ok(Json(json!({ "processors": all })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    token: String,
}

pub(super) async fn save(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let Saved { token } = json_body(request, MAX_BODY_BYTES).await?;
    let token: Token = token.parse()?;
    let now: DateTime<Utc> = DateTime::from_timestamp_millis((shared.clock)()).unwrap_or_default();
    blocking(move || shared.store.save_processor(&name, token, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    if blocking(move || shared.store.delete_processor(&name)).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::new(StatusCode::NOT_FOUND, "no-processor", "there is no processor of that name"))
}
