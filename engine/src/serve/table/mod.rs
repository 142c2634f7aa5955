//! `GET /plates.arrow?since=&until=&lane=`: the plates as an Arrow IPC stream, straight from the results hub.
//!
//! | in the query | |
//! |---|---|
//! | `since`, `until` | time of capture, RFC 3339; `since` is within, `until` is not |
//! | `lane` | this lane alone |
//!
//! The rows are those that are in the hub when the request comes: what retention removed is not there. They come in the
//! order of the hub, partition by partition in turn. A thread makes the stream as fast as the reader takes it; in memory
//! are a batch of rows and a few pieces. When the server stops or the log fails the stream ends without its end mark,
//! which readers see as an error.

mod query;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tollgate_ingest::log::Hub;
use tollgate_sinks::ipc_stream::MEDIA_TYPE;

use super::endpoints::Shared;
use super::sinks::Assembly;
use crate::Result;
use crate::config::Config;
use query::Query;

/// Streams at once.
const MAX_STREAMS: usize = 4;
/// Pieces that wait for the reader. A piece is a batch of rows: some megabytes.
const QUEUE_PIECES: usize = 2;

struct Table {
    hub: Arc<Hub>,
    places: Arc<Semaphore>,
}

/// Adds the route, over the results hub.
pub(super) fn assemble(config: &Config, shared: &Shared, assembly: &mut Assembly) -> Result<()> {
    let hub = shared.store.hub(&config.source.results)?;
    let table = Table { hub, places: Arc::new(Semaphore::new(MAX_STREAMS)) };
    let routes = Router::new().route("/plates.arrow", get(plates)).with_state(Arc::new(table));
    assembly.served.add_readable(routes);
    Ok(())
}

async fn plates(State(table): State<Arc<Table>>, RawQuery(query): RawQuery) -> Response {
    let query = match Query::parse(query.as_deref().unwrap_or_default()) {
        Ok(query) => query,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, "bad-query", &why),
    };
    let Ok(place) = Arc::clone(&table.places).try_acquire_owned() else {
        let why = format!("{MAX_STREAMS} streams are open; come back later");
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", &why);
    };
    let (pieces, queue) = mpsc::channel(QUEUE_PIECES);
    let hub = Arc::clone(&table.hub);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        stream::run(&hub, &query, &pieces);
    });
    ([(CONTENT_TYPE, MEDIA_TYPE)], Body::new(stream::Pieces::new(queue))).into_response()
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": message } }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
