//! The HTTP endpoint of the log.
//!
//! | request | needs | answer |
//! |---|---|---|
//! | `POST /{hub}/messages` | send | 201, partition and offset, when durable |
//! | `POST /{hub}/publishers/{name}/messages` | send | the same; the partition key is the name |
//! | `POST /lanes/{lane}/images` | send on the images' hub | the same; the key is the lane |
//! | `GET /{hub}/partitions/{p}/messages` | listen | records, one JSON object a line |
//! | `GET /hubs`, `GET /{hub}` | any | hubs, their configuration and offsets |
//! | `PUT /{hub}`, `DELETE /{hub}` | manage | 201 (200 where it was there just so), 204 |
//! | `POST /login`, `POST /logout` | – | 204 and a cookie, for browsers |
//! | `GET /healthz`, `/readyz`, `/metrics` | – | JSON; OpenMetrics text |
//!
//! **Sending.** A body of any content type is one message; its content type is kept as the record's header
//! `content-type`, and each request header `x-property-NAME` as the header `name`. The request header `BrokerProperties`
//! may give `PartitionKey` and `PartitionId`, the query `partition=`. With the content type
//! `application/vnd.microsoft.servicebus.json` the body is a batch, `[{"Body": …, "UserProperties": {…},
//! "BrokerProperties": {…}}, …]`: a `Body` that is no string is kept as compact JSON. A batch goes to one partition as
//! one record batch, all or nothing. The partition is the one that is named, else the key's as Kafka's clients choose it
//! ([`partition_of_key`](crate::log::partition_of_key)), else the next in turn. The answer is
//! `{"partition", "offset", "records", "enqueued_ms"}`, and the headers `tollgate-partition` and `tollgate-offset`.
//!
//! **Images.** The body is a JPEG, PNG or WebP, or `multipart/form-data` whose first file is one. The query, headers
//! `tollgate-NAME` or fields of the form say `captured` (RFC 3339 or milliseconds since the epoch), `sequence` and
//! `file`. A photo elsewhere is named by a body `{"url": "…"}` of the type
//! `application/vnd.tollgate.reference+json`, or by `Content-Location` with no body. See [`photo`](crate::photo).
//!
//! **Reading.** `offset=` (a number, `earliest`, `latest`) or `time=` (RFC 3339 or milliseconds since the epoch), `max=`
//! records, `wait_ms=` to wait where there are none yet. Bytes are shown as a JSON string where they are UTF-8, else as
//! `{"base64": "…"}`. `tollgate-next-offset` says where to go on. `Accept: application/octet-stream` gives the body of
//! one record as it is, or 204.
//!
//! **Keys** are shown as `Authorization: SharedAccessSignature …`; see [`access`](crate::access). A browser shows one
//! once, `POST /login` with `{"key": "…"}`, and gets a cookie with a signature for 12 hours (`HttpOnly`,
//! `SameSite=Strict`). **Refusals** are
//! `{"error": {"code": "…", "message": "…"}}`: 400 bad request, 401 no or a wrong key, 403 no right, 404 no such hub
//! or partition, 408 body too slow, 409 hub exists, 413 too large, 415 no image, 416 offset out of range, 422 a batch
//! that cannot be decompressed, 429 over the rate and 503 too much to do, both with `Retry-After`.

mod append;
mod ask;
mod body;
mod config;
mod door;
mod face;
mod fault;
mod fetch;
mod gauges;
mod health;
mod hubs;
mod image;
mod login;
mod message;
mod page;
mod rate;
mod readiness;
mod routes;
mod send;
mod server;
mod shared;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

pub use config::HttpConfig;
pub use face::Face;
pub use readiness::Readiness;

use crate::access::{Access, Right};
use crate::log::Store;
use crate::metrics::Metrics;
use crate::{Clock, Error, Result};
use gauges::Gauges;
use shared::Shared;

/// The endpoint: bound, and serving once [`Endpoint::serve`] runs.
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    more: Router,
}

impl Endpoint {
    /// Binds the address. Metrics of the store are added to `metrics`.
    ///
    /// # Errors
    /// Settings that cannot be meant, an address that cannot be had, or one that is open to other machines while there
    /// are no keys.
    pub async fn bind(
        config: HttpConfig,
        store: Arc<Store>,
        access: Arc<Access>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Result<Self> {
        config.check()?;
        let address = config.address;
        access.may_serve(address)?;
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        metrics.collect(Gauges::new(Arc::clone(&store), config.max_lag_series));
        let shared = Arc::new(Shared::new(config, store, access, metrics, clock));
        Ok(Self { listener, address, shared, more: Router::new() })
    }

    /// Adds routes, which must be none of the endpoint's own and have no fallback; they hide hubs of the same name. Who
    /// asks for one needs this right on the hub, as for the endpoint's own.
    #[must_use]
    pub fn with_routes(mut self, routes: Router, hub: &str, right: Right) -> Self {
        self.more = self.more.merge(routes::guarded(routes, &self.shared, hub, right));
        self
    }

    /// Adds routes that need no key, such as pages that say nothing by themselves.
    #[must_use]
    pub fn with_open_routes(mut self, routes: Router) -> Self {
        self.more = self.more.merge(routes);
        self
    }

    /// What `/readyz` looks at; ready as long as nobody says otherwise.
    #[must_use]
    pub fn readiness(&self) -> Arc<Readiness> {
        Arc::clone(&self.shared.readiness)
    }

    /// Where it listens: with the port that the system gave where the configuration said 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready. Then it listens no more, who waits for records gets an empty answer, what is
    /// under way is finished, and what takes longer than `drain_ms` is cut off.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let router = routes::all(&self.shared).merge(self.more);
        server::serve(self.listener, router, Arc::clone(&self.shared.door), shutdown).await;
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("address", &self.address).finish_non_exhaustive()
    }
}
