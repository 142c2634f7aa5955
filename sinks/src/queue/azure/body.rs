//! Bodies that come: bounded each, all together, and in time.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::fault::Fault;

/// Bytes of a message's text, at most.
pub(super) const MAX_TEXT: usize = 64 << 10;
/// Bytes of a body, at most: each character of a text may be written as an escape of six, and there is a frame.
pub(super) const MAX_BODY: usize = 6 * MAX_TEXT + (4 << 10);
/// What a permit stands for.
const PIECE: usize = 1 << 10;

/// The room for all bodies that are on their way.
pub(super) struct Room {
    pieces: Semaphore,
    wait: Duration,
}

/// A body that is here, and the room it takes as long as this lives.
pub(super) struct Held<'a> {
    pub(super) bytes: Bytes,
    _room: SemaphorePermit<'a>,
}

impl Room {
    pub(super) fn new(max_bytes: usize, wait: Duration) -> Self {
        Self { pieces: Semaphore::new(max_bytes.max(MAX_BODY).div_ceil(PIECE)), wait }
    }

    /// Reads a body.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held<'_>, Fault> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let most = announced.unwrap_or(MAX_BODY);
        if most > MAX_BODY {
            return Err(Fault::body_too_large(MAX_TEXT));
        }
        let pieces = u32::try_from(most.div_ceil(PIECE)).unwrap_or(u32::MAX);
        let whole = async {
            let room = self.pieces.acquire_many(pieces).await.ok().ok_or_else(Fault::busy)?;
            // A body that breaks off has nobody left to be told; one that goes on is too large.
            let bytes = to_bytes(body, MAX_BODY).await.ok().ok_or_else(|| Fault::body_too_large(MAX_TEXT))?;
            Ok(Held { bytes, _room: room })
        };
        timeout(self.wait, whole).await.unwrap_or_else(|_| Err(Fault::timed_out()))
    }
}
