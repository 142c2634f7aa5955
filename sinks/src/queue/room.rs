//! Bodies that come to a face: bounded each, all together, and in time.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// What a permit stands for.
const PIECE: usize = 1 << 10;

/// The room for all bodies that are on their way.
pub(super) struct Room {
    pieces: Semaphore,
    max_body: usize,
    wait: Duration,
}

/// A body that is here, and the room it takes as long as this lives.
pub(super) struct Held<'a> {
    pub(super) bytes: Bytes,
    _room: SemaphorePermit<'a>,
}

/// Why a body is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBody {
    /// It is larger than one may be.
    TooLarge,
    /// The server is closing.
    Closing,
    /// It did not come in time, or there was no room for it.
    TimedOut,
}

impl Room {
    /// Room for `max_bytes` of bodies of up to `max_body` bytes, each of which is waited for as long as `wait`.
    pub(super) fn new(max_bytes: usize, max_body: usize, wait: Duration) -> Self {
        Self { pieces: Semaphore::new(max_bytes.max(max_body).div_ceil(PIECE)), max_body, wait }
    }

    /// Reads a body.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held<'_>, NoBody> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let most = announced.unwrap_or(self.max_body);
        if most > self.max_body {
            return Err(NoBody::TooLarge);
        }
        let pieces = u32::try_from(most.div_ceil(PIECE)).unwrap_or(u32::MAX);
        let whole = async {
            let room = self.pieces.acquire_many(pieces).await.ok().ok_or(NoBody::Closing)?;
            // A body that breaks off has nobody left to be told; one that goes on is too large.
            let bytes = to_bytes(body, self.max_body).await.ok().ok_or(NoBody::TooLarge)?;
            Ok(Held { bytes, _room: room })
        };
        timeout(self.wait, whole).await.unwrap_or(Err(NoBody::TimedOut))
    }
}
