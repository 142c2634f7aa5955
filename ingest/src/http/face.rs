//! A listener for somebody else's routes, with the same bounds, counts and way to end as the log's own endpoint.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use super::config::HttpConfig;
use super::door::Door;
use super::server;
use crate::metrics::Metrics;
use crate::{Error, Result};

/// A bound listener whose routes see to their keys themselves.
pub struct Face {
    listener: TcpListener,
    address: SocketAddr,
    door: Arc<Door>,
    routes: Router,
}

impl Face {
    /// Binds `config.address`. Of the other bounds those of connections hold; bodies are the routes' own matter.
    /// `name` is what metrics call it.
    ///
    /// # Errors
    /// Settings that cannot be meant; an address that cannot be had.
    pub async fn bind(name: &'static str, config: HttpConfig, routes: Router, metrics: Arc<Metrics>) -> Result<Self> {
        config.check()?;
        let address = config.address;
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, door: Arc::new(Door::new(name, config, metrics)), routes })
    }

    /// Where it listens: with the port that the system gave where the configuration said 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready, as [`Endpoint::serve`](super::Endpoint::serve) does.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        server::serve(self.listener, self.routes, self.door, shutdown).await;
    }
}
