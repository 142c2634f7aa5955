//! The making of a stream, and its body.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body::Frame;
use tokio::sync::mpsc::{Receiver, Sender};
use tollgate_ingest::log::Hub;
use tollgate_sinks::Cursor;
use tollgate_sinks::ipc_stream::IpcStream;

use super::query::Query;
use crate::Result;
use crate::serve::follow::{Reader, chain};

/// A piece of the stream, or why it ends here.
pub(super) type Piece = io::Result<Bytes>;
/// How far a camera's clock may run ahead of the log's.
const CLOCK_SLACK_MS: i64 = 60 * 60 * 1000;

/// Makes the stream until its end, or until nobody reads it. Blocks.
pub(super) fn run(hub: &Arc<Hub>, query: &Query, pieces: &Sender<Piece>) {
    if let Err(error) = make(hub, query, pieces) {
        tracing::warn!(error = %chain(&error), "a stream of plates was cut off");
        // Where nobody reads any more, nobody has to be told.
        drop(pieces.blocking_send(Err(io::Error::other("the log cannot be read"))));
    }
}

fn make(hub: &Arc<Hub>, query: &Query, pieces: &Sender<Piece>) -> Result<()> {
    let mut stream = IpcStream::start()?;
    let ends = ends(hub)?;
    let mut reader = Reader::new(Arc::clone(hub), starts(hub, query, &ends)?);
    while behind(reader.cursor(), &ends)
        && let Some(events) = reader.next()?
    {
        for item in &events.items {
            let asked = ends.get(&item.place.partition).is_some_and(|&end| item.place.offset < end);
            let Some(event) = item.event.as_ours().ok().filter(|event| asked && query.takes(event)) else { continue };
            if stream.push(&event)? && !send(pieces, stream.take()) {
                return Ok(());
            }
        }
        if pieces.is_closed() {
            return Ok(());
        }
    }
    send(pieces, stream.finish()?);
    Ok(())
}

/// `false` where nobody reads any more.
fn send(pieces: &Sender<Piece>, bytes: Vec<u8>) -> bool {
    pieces.blocking_send(Ok(bytes.into())).is_ok()
}

/// Where the partitions end now: what comes later is not in the stream.
fn ends(hub: &Hub) -> Result<Cursor> {
    (0..hub.config().partitions).map(|number| Ok((number, hub.partition(number)?.end_offset()))).collect()
}

/// Where to begin: nothing is appended before it was captured.
fn starts(hub: &Hub, query: &Query, ends: &Cursor) -> Result<Cursor> {
    let Some(since) = query.since else { return Ok(Cursor::new()) };
    let append_ms = since.timestamp_millis().saturating_sub(CLOCK_SLACK_MS);
    ends.keys().map(|&number| Ok((number, hub.partition(number)?.offset_at(append_ms)?))).collect()
}

fn behind(cursor: &Cursor, ends: &Cursor) -> bool {
    ends.iter().any(|(partition, end)| cursor.get(partition).is_none_or(|at| at < end))
}

/// The pieces as a body.
pub(super) struct Pieces(Receiver<Piece>);

impl Pieces {
    pub(super) fn new(queue: Receiver<Piece>) -> Self {
        Self(queue)
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.get_mut().0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
