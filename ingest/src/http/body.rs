//! Bodies that come, and answers that go: none without a bound.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::config::ms;
use super::fault::Fault;
use super::shared::Shared;

/// What is handed to a connection at once.
const PIECE_BYTES: usize = 64 << 10;

/// A body that is here, and the room it takes as long as this lives.
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) _room: OwnedSemaphorePermit,
}

/// The length that a request announces.
pub(super) fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Room for a body: as much as is announced, else as much as it may have.
pub(super) async fn room(shared: &Shared, headers: &HeaderMap, max: usize) -> Result<OwnedSemaphorePermit, Fault> {
    let announced = announced(headers);
    if announced.is_some_and(|length| length > max) {
        return Err(Fault::too_large(max));
    }
    shared.room(announced.unwrap_or(max)).await
}

/// Reads a body into one buffer that never grows beyond `max`.
pub(super) async fn read(shared: &Shared, headers: &HeaderMap, body: Body, max: usize) -> Result<Held, Fault> {
    let room = room(shared, headers, max).await?;
    let mut bytes = Vec::with_capacity(announced(headers).unwrap_or(0));
    let whole = gather(body, &mut bytes, max);
    in_time(shared, whole).await?;
    Ok(Held { bytes, _room: room })
}

/// What must be done before the time for a body is over.
pub(super) async fn in_time<T>(shared: &Shared, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let late = || Fault::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", "the body did not come within body_wait_ms");
    timeout(ms(shared.config.body_wait_ms), work).await.unwrap_or_else(|_| Err(late()))
}

async fn gather(mut body: Body, bytes: &mut Vec<u8>, max: usize) -> Result<(), Fault> {
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| Fault::bad("broken-body", format!("the body broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            push(bytes, &data, max)?;
        }
    }
    Ok(())
}

/// Adds to a buffer that takes `max` bytes.
pub(super) fn push(bytes: &mut Vec<u8>, data: &[u8], max: usize) -> Result<(), Fault> {
    let length = bytes.len() + data.len();
    if length > max {
        return Err(Fault::too_large(max));
    }
    if length > bytes.capacity() {
        bytes.reserve_exact(max.min(2 * length) - bytes.len());
    }
    bytes.extend_from_slice(data);
    Ok(())
}

/// An answer that keeps its room until it is sent.
pub(super) struct Answer {
    rest: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Answer {
    pub(super) fn body(bytes: Vec<u8>, room: OwnedSemaphorePermit) -> Body {
        Body::new(Self { rest: bytes.into(), _room: room })
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(piece);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
