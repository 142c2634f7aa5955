//! What every connection of a listener passes: the bounds, the counts, and the word that it is over.

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;

use super::config::HttpConfig;
use crate::metrics::{ListenerLabels, Metrics, RefusalLabels};

/// The door of one listener.
pub(super) struct Door {
    /// Its name in metrics.
    name: &'static str,
    pub(super) config: HttpConfig,
    pub(super) metrics: Arc<Metrics>,
    /// Becomes true when the listener stops: who waits for something then waits no longer.
    pub(super) stopping: watch::Sender<bool>,
}

/// An open connection in the metrics: however it ends, it is counted no more.
pub(super) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Door {
    pub(super) fn new(name: &'static str, config: HttpConfig, metrics: Arc<Metrics>) -> Self {
        Self { name, config, metrics, stopping: watch::Sender::new(false) }
    }

    /// Counts what was refused for what was sent.
    pub(super) fn refused(&self, reason: &'static str) {
        self.metrics.refusals.get_or_create(&RefusalLabels { listener: self.name, reason }).inc();
    }

    /// Counts a connection, until what is given back is dropped.
    pub(super) fn connected(&self) -> Connected {
        let open = self.metrics.connections.get_or_create(&ListenerLabels { listener: self.name }).clone();
        open.inc();
        Connected(open)
    }
}
