//! Settling a message that is locked: complete, unlock, renew.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::super::{Receipt, Refusal};
use super::Face;
use super::fault::Fault;
use crate::{Error, Result as Done};

/// What a receiver does with what it holds.
#[derive(Clone, Copy)]
enum Verb {
    Complete,
    Unlock,
    Renew,
}

/// Settles the message of an id or sequence number that a token holds.
pub(super) async fn answer(
    face: &Face,
    method: &Method,
    name: &str,
    (message, token): (&str, &str),
) -> Result<Response, Fault> {
    let verb = match method.as_str() {
        "DELETE" => Verb::Complete,
        "PUT" => Verb::Unlock,
        "POST" => Verb::Renew,
        _ => return Err(Fault::not_allowed(method)),
    };
    let failed = |error| Fault::bad(format!("the lock token {token:?} is none: {error}"));
    let token = Uuid::parse_str(token).map_err(failed)?;
    // Digits are a sequence number, or else an id that looks like one.
    let numbered = match message.parse() {
        Ok(sequence) => Some(settle(face, name, verb, Receipt::strict(sequence, token)).await),
        Err(_) => None,
    };
    match numbered {
        None | Some(Err(Error::Refused(Refusal::NoMessage { .. } | Refusal::LockLost { .. }))) => {
            let sequence = by_id(face, name, message, token).await?;
            settle(face, name, verb, Receipt::strict(sequence, token)).await?;
        }
        Some(settled) => settled?,
    }
    Ok(StatusCode::OK.into_response())
}

async fn settle(face: &Face, name: &str, verb: Verb, receipt: Receipt) -> Done<()> {
    let (queues, now_ms) = (&face.parts.queues, face.now());
    match verb {
        Verb::Complete => queues.complete(name, receipt, now_ms)?.durable().await,
        Verb::Unlock => queues.abandon(name, receipt, now_ms)?.durable().await,
        Verb::Renew => queues.renew(name, receipt, now_ms)?.durable().await.map(|_| ()),
    }
}

/// The sequence number of the message that a token holds, if it has that id.
async fn by_id(face: &Face, name: &str, id: &str, token: Uuid) -> Result<u64, Fault> {
    let lost = || Fault::new(StatusCode::NOT_FOUND, format!("no message {id:?} is locked with {token}"));
    let (queues, now_ms) = (&face.parts.queues, face.now());
    let sequence = queues.held_by(name, token, now_ms)?.durable().await?.ok_or_else(lost)?;
    let found = queues.peek(name, sequence, 1, now_ms)?.durable().await?;
    found.iter().any(|one| one.sequence == sequence && one.message.id == id).then_some(sequence).ok_or_else(lost)
}
