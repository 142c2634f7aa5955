//! `GET /hubs`, and `GET`, `PUT` and `DELETE /{hub}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::ask::Named;
use super::body;
use super::fault::Fault;
use super::shared::Shared;
use crate::access::{Denied, Grant, Right};
use crate::log::{Hub, HubConfig};

/// Paths of the endpoint that hubs' names would hide behind.
const TAKEN: [&str; 7] = ["healthz", "hubs", "lanes", "login", "logout", "metrics", "readyz"];
/// Bytes of a hub's configuration.
const MAX_CONFIG_BYTES: usize = 16 << 10;

/// Whether somebody has any right to a hub; managing includes the others.
fn knows(grant: &Grant, hub: &str) -> bool {
    [Right::Send, Right::Listen].iter().any(|&right| grant.allows(hub, right))
}

#[derive(Serialize)]
struct Held {
    id: u32,
    start_offset: u64,
    end_offset: u64,
}

fn shown(hub: &Hub) -> Value {
    let config = hub.config();
    let held = |id| {
        let partition = hub.partition(id).ok()?;
        Some(Held { id, start_offset: partition.start_offset(), end_offset: partition.end_offset() })
    };
    let partitions: Vec<Held> = (0..config.partitions).filter_map(held).collect();
    json!({ "name": hub.name(), "config": config, "partitions": partitions })
}

/// All hubs that the sender has a right to.
pub(super) async fn list(State(shared): State<Arc<Shared>>, request: Request) -> Result<Json<Value>, Fault> {
    let grant = shared.grant(request.headers())?;
    let hubs = shared.store.hubs();
    let known = hubs.iter().filter(|hub| knows(&grant, hub.name()));
    Ok(Json(json!({ "hubs": known.map(|hub| shown(hub)).collect::<Vec<_>>() })))
}

/// One hub, for whoever has a right to it.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Named(hub): Named<String>,
    request: Request,
) -> Result<Json<Value>, Fault> {
    if !knows(&shared.grant(request.headers())?, &hub) {
        return Err(shared.denied(Denied::Forbidden));
    }
    Ok(Json(shown(&*shared.store.hub(&hub)?)))
}

/// Creates a hub; one that is there already with just this configuration is left as it is.
pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    Named(hub): Named<String>,
    request: Request,
) -> Result<Response, Fault> {
    shared.admit(request.headers(), &[&hub], &hub, Right::Manage)?;
    if TAKEN.contains(&hub.as_str()) {
        return Err(Fault::bad("bad-hub", format!("{hub:?} is a path of the endpoint itself; choose another name")));
    }
    let (parts, body) = request.into_parts();
    let held = body::read(&shared, &parts.headers, body, MAX_CONFIG_BYTES).await?;
    let config = match held.bytes.as_slice() {
        [] => HubConfig::default(),
        text => serde_json::from_slice(text)
            .map_err(|error| Fault::bad("bad-hub", format!("cannot understand the configuration: {error}")))?,
    };
    if let Ok(there) = shared.store.hub(&hub)
        && there.config() == config
    {
        return Ok(Json(shown(&there)).into_response());
    }
    let made = shared.store.create_hub(&hub, &config)?;
    Ok((StatusCode::CREATED, Json(shown(&made))).into_response())
}

/// Removes a hub with all its records.
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Named(hub): Named<String>,
    request: Request,
) -> Result<StatusCode, Fault> {
    shared.admit(request.headers(), &[&hub], &hub, Right::Manage)?;
    shared.store.delete_hub(&hub)?;
    Ok(StatusCode::NO_CONTENT)
}
