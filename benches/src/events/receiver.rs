//! Receivers of pushed events: one that takes all, one that never answers.

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;

/// Takes what comes; counts requests and bytes.
pub(super) struct Receiver {
    pub(super) url: String,
    counts: Arc<[AtomicU64; 2]>,
}

impl Receiver {
    pub(super) fn start(runtime: &Handle) -> Result<Self> {
        let counts: Arc<[AtomicU64; 2]> = Arc::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}/", listener.local_addr()?);
        let ours = Arc::clone(&counts);
        let take = move |body: Bytes| {
            ours[0].fetch_add(1, Ordering::Relaxed);
            ours[1].fetch_add(body.len() as u64, Ordering::Relaxed);
            async { StatusCode::OK }
        };
        let app = Router::new().fallback(take).layer(axum::extract::DefaultBodyLimit::disable());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, counts })
    }

    /// Requests and bytes so far.
    pub(super) fn counts(&self) -> [u64; 2] {
        [&self.counts[0], &self.counts[1]].map(|count| count.load(Ordering::Relaxed))
    }
}

/// Connections are made (by the system's queue of them) and never read.
pub(super) struct Hung {
    pub(super) url: String,
    _listener: TcpListener,
}

impl Hung {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok(Self { url: format!("http://{}/", listener.local_addr()?), _listener: listener })
    }
}
