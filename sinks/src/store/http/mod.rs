//! The store over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /plates?plate=\|prefix=\|near=&fold=&lane=&since=&until=&band=&limit=&token=` | `{"plates": […], "token": …}` |
//! | `GET /plates/{id}` | the document |
//! | `GET /plates/{id}/crop` | the picture (JPEG) of a manual check |
//! | `GET /feed?since=&processor=&limit=&wait_ms=` | `{"changes": [{"token", "changedMs", "document"}], "token": …}` |
//! | `GET /feed` with `Accept: text/event-stream` | the same as server-sent events, without an end |
//! | `GET /feed/processors` | `{"processors": [{"name", "token", "savedMs", "behind"}]}` |
//! | `PUT /feed/processors/{name}` | 204; the body is `{"token": "…"}` |
//! | `DELETE /feed/processors/{name}` | 204 |
//!
//! **Plates.** `plate=` is exact, `near=` also takes one character that is another, too many or missing; with
//! `fold=true` O counts as 0 and I as 1. `band=` is `read`, `manual` or `reviewed`. Times are RFC 3339 or milliseconds
//! since the epoch. Hits come by plate and then capture time where a plate is asked for, else by capture time. As long
//! as there is a `token` there may be more, also behind a page without hits.
//!
//! **Feed.** `since=` is `beginning` (also where nothing is said), `now`, a time, or the `token` of an answer. With
//! `processor=` it goes on from what that one saved; nothing is saved by reading. `wait_ms=` waits where there is
//! nothing yet. A stream goes on from `Last-Event-ID`, which browsers send by themselves.

mod feed;
mod plates;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, put};
use tokio::sync::{Semaphore, watch};

use super::{Store, StoreConfig};

/// Says the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the handlers share.
struct Shared {
    store: Arc<Store>,
    config: StoreConfig,
    clock: Clock,
    /// True when those who wait are to wait no longer.
    stopping: watch::Receiver<bool>,
    streams: Arc<Semaphore>,
}

/// The routes, for those who may read results. Who waits waits no longer once `stopping` is true.
pub fn routes(store: Arc<Store>, config: StoreConfig, clock: Clock, stopping: watch::Receiver<bool>) -> Router {
    let streams = Arc::new(Semaphore::new(config.max_streams));
    Router::new()
        .route("/plates", get(plates::find))
        .route("/plates/{id}", get(plates::one))
        .route("/plates/{id}/crop", get(plates::crop))
        .route("/feed", get(feed::read))
        .route("/feed/processors", get(feed::processors))
        .route("/feed/processors/{name}", put(feed::save).delete(feed::delete))
        .with_state(Arc::new(Shared { store, config, clock, stopping, streams }))
}
