//! `/healthz`, `/readyz` and `/metrics`, which need no key.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::fault::Fault;
use super::shared::Shared;

/// Whether the process lives and its disk takes writes.
pub(super) async fn alive(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Fault> {
    // A disk that does not keep up is no failure: only one that has failed is.
    if let Ok(failed @ Err(_)) = timeout(Duration::ZERO, shared.store.admitted()).await {
        failed?;
    }
    Ok(Json(json!({ "alive": true })))
}

/// Whether everything has started and nothing has stopped.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Fault> {
    match shared.readiness.waiting() {
        None => Ok(Json(json!({ "ready": true }))),
        Some(waiting) => Err(Fault::busy("not-ready", format!("not ready yet: {waiting}"))),
    }
}

/// All metrics, in the OpenMetrics text format.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let mut text = String::new();
    if shared.metrics.write(&mut text).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}
