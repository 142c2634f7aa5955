//! What all requests share, and what each must pass before it is looked at closer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::config::{HttpConfig, ms};
use super::door::Door;
use super::fault::Fault;
use super::login;
use super::rate::Rate;
use super::readiness::Readiness;
use crate::Clock;
use crate::access::{Access, Denied, Grant, Right};
use crate::log::Store;
use crate::metrics::Metrics;

/// The name of this endpoint in metrics.
pub(super) const HTTP: &str = "http";
/// Hubs whose turns are remembered, at most; then all begin anew.
const MAX_TURNS: usize = 4096;

/// What all requests share.
pub(super) struct Shared {
    pub(super) config: HttpConfig,
    pub(super) store: Arc<Store>,
    pub(super) access: Arc<Access>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Clock,
    pub(super) readiness: Arc<Readiness>,
    pub(super) door: Arc<Door>,
    rate: Rate,
    room: Arc<Semaphore>,
    turns: Mutex<HashMap<String, u32>>,
}

impl Shared {
    pub(super) fn new(
        config: HttpConfig,
        store: Arc<Store>,
        access: Arc<Access>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Self {
        let (rate, room) = (Rate::new(config.max_requests_per_s), Arc::new(Semaphore::new(config.max_inflight_bytes)));
        let door = Arc::new(Door::new(HTTP, config.clone(), Arc::clone(&metrics)));
        let (readiness, turns) = (Arc::default(), Mutex::default());
        Self { config, store, access, metrics, clock, readiness, door, rate, room, turns }
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.clock)()
    }

    /// Takes a token of the rate and reads the key that a sender shows.
    pub(super) fn grant(&self, headers: &HeaderMap) -> Result<Grant, Fault> {
        let now_ms = self.now_ms();
        let granted = match headers.get(AUTHORIZATION).map(|value| value.to_str()) {
            None => match login::session(headers) {
                Some(fields) => self.access.by_session(fields, now_ms),
                None => self.access.anonymous(),
            },
            Some(Ok(shown)) => self.access.by_signature(shown, now_ms),
            Some(Err(_)) if self.access.is_open() => self.access.anonymous(),
            Some(Err(_)) => Err(Denied::Malformed),
        };
        let grant = granted.map_err(|denied| self.denied(denied))?;
        self.rate.take(now_ms).map_err(Fault::throttled)?;
        Ok(grant)
    }

    /// Lets a request pass that may do this with a hub over a path.
    pub(super) fn admit(&self, headers: &HeaderMap, path: &[&str], hub: &str, right: Right) -> Result<(), Fault> {
        let allowed = self.grant(headers)?.allows_at(path, hub, right);
        if allowed { Ok(()) } else { Err(self.denied(Denied::Forbidden)) }
    }

    pub(super) fn denied(&self, denied: Denied) -> Fault {
        self.door.refused(denied.name());
        denied.into()
    }

    /// Waits for room for a body or an answer.
    pub(super) async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Fault> {
        let bytes = u32::try_from(bytes.min(self.config.max_inflight_bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes);
        match timeout(ms(self.config.append_wait_ms), room).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Fault::busy("busy", "the bodies under way fill max_inflight_bytes; come back later")),
        }
    }

    /// The partition whose turn it is in a hub: records without a key go round.
    pub(super) fn turn(&self, hub: &str, partitions: u32) -> u32 {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get_mut(hub) {
            *turn = turn.wrapping_add(1);
            return turn.checked_rem(partitions).unwrap_or(0);
        }
        if turns.len() >= MAX_TURNS {
            turns.clear();
        }
        turns.insert(hub.to_owned(), 0);
        0
    }
}
