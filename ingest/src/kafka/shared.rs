//! What all connections of an endpoint share.

use std::sync::Arc;

use tokio::sync::watch;

use super::KafkaConfig;
use super::group::Groups;
use super::producers::Producers;
use super::room::Room;
use crate::Clock;
use crate::access::Access;
use crate::log::Store;
use crate::metrics::{Metrics, RefusalLabels, RequestLabels};

pub(super) struct Shared {
    pub(super) config: KafkaConfig,
    pub(super) store: Arc<Store>,
    pub(super) access: Arc<Access>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Clock,
    pub(super) groups: Groups,
    pub(super) producers: Producers,
    /// For requests that are being read.
    pub(super) request_room: Room,
    /// For answers with records.
    pub(super) fetch_room: Room,
    /// Becomes true when the endpoint stops.
    pub(super) stopping: watch::Sender<bool>,
}

impl Shared {
    /// Counts what was refused, and why.
    pub(super) fn refused(&self, listener: &'static str, reason: &'static str) {
        self.metrics.refusals.get_or_create(&RefusalLabels { listener, reason }).inc();
    }

    /// Counts an answered request.
    pub(super) fn answered(&self, api: &'static str, outcome: &'static str) {
        self.metrics.requests.get_or_create(&RequestLabels { protocol: "kafka", api, outcome }).inc();
    }
}
