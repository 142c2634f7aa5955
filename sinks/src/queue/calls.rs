//! The store's calls on messages.

use uuid::Uuid;

use super::codec::{self, Reader};
use super::journal::{Pending, read_at};
use super::message::{Ask, DeadLetter, Delivery, Message, Receipt, Sent};
use super::ops::Picked;
use super::slots::NEVER;
use super::store::Queues;
use super::{Refusal, SessionLock, Updated, journal, record};
use crate::{Error, Result};

/// Messages that were picked; their content is read when they are durable.
#[derive(Debug)]
#[must_use = "nothing is received before wait() or durable().await"]
pub struct Receiving(Pending<Vec<Picked>>);

impl Receiving {
    /// Waits with a thread.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn wait(self) -> Result<Vec<Delivery>> {
        self.0.wait()?.iter().map(read).collect()
    }

    /// Waits as a task. The content is read from the file at once: mostly from the system's memory.
    ///
    /// # Errors
    /// As [`Receiving::wait`].
    pub async fn durable(self) -> Result<Vec<Delivery>> {
        self.0.durable().await?.iter().map(read).collect()
    }
}

/// Reads what a place holds.
fn read(picked: &Picked) -> Result<Delivery> {
    let place = picked.slot.place;
    let mut bytes = vec![0; place.len as usize];
    read_at(&picked.file, &mut bytes, place.at.into())
        .map_err(Error::io("read the queues' segment", "segment".as_ref()))?;
    let damaged =
        || Error::QueuesDamaged { path: format!("segment {}", place.segment).into(), offset: place.at.into() };
    let (_, content) = journal::record(&bytes).ok_or_else(damaged)?;
    let mut from = Reader(content);
    record::targets(&mut from).ok_or_else(damaged)?;
    let (message, enqueued_ms) = codec::message(&mut from).ok_or_else(damaged)?;
    let slot = picked.slot;
    Ok(Delivery {
        message,
        sequence: picked.sequence,
        enqueued_ms,
        expires_ms: Some(slot.expires_ms).filter(|at| *at != NEVER),
        deliveries: slot.deliveries,
        phase: slot.phase,
        until_ms: slot.until_ms,
        token: picked.token,
        dead: picked.why.clone(),
    })
}

impl Queues {
    /// Sends messages to a queue or topic: all, or none where one is refused.
    ///
    /// # Errors
    /// There is no such entity, a message is too large or does not fit it, or it is full.
    pub fn send(&self, name: &str, messages: &[Message], now_ms: i64) -> Result<Pending<Vec<Sent>>> {
        self.on(name, |book, lane| book.send(lane, name, messages, now_ms))
    }

    /// The same, and keeps a text of at most 64 KiB under a key: both become durable, or neither. It is how a sender that
    /// may die in between knows how far it had come.
    ///
    /// # Errors
    /// As [`Queues::send`] and [`Queues::set_note`].
    pub fn send_noting(
        &self,
        name: &str,
        messages: &[Message],
        (key, value): (&str, Vec<u8>),
        now_ms: i64,
    ) -> Result<Pending<Vec<Sent>>> {
        self.on(name, |book, lane| {
            // What is refused must have changed nothing.
            book.check_note(key, Some(&value))?;
            let sent = book.send(lane, name, messages, now_ms)?;
            book.set_note(key, Some(value))?;
            Ok(sent)
        })
    }

    /// Locks the first messages (peek-lock); none where there are none at present.
    ///
    /// It is answered when the messages are durable, not when their locks are: a crash within these milliseconds gives
    /// them out again, with other tokens, as at-least-once allows.
    ///
    /// # Errors
    /// There is no such entity, or it has sessions.
    pub fn receive(&self, name: &str, ask: Ask, now_ms: i64) -> Result<Receiving> {
        self.picking(name, |book, lane| book.receive(lane, name, ask, None, now_ms))
    }

    /// The same within a session that is held.
    ///
    /// # Errors
    /// There is no such entity, or the session is not held.
    pub fn receive_session(&self, name: &str, session: &SessionLock, ask: Ask, now_ms: i64) -> Result<Receiving> {
        let session = Some((session.id.as_str(), session.token));
        self.picking(name, |book, lane| book.receive(lane, name, ask, session, now_ms))
    }

    /// Locks and answers without waiting for what is durable already.
    fn picking(
        &self,
        name: &str,
        f: impl FnOnce(&mut super::book::Book, super::book::LaneId) -> Result<Vec<Picked>, Refusal>,
    ) -> Result<Receiving> {
        let pending = self.on(name, |book, lane| {
            let picked = f(book, lane)?;
            let durable = picked.iter().all(|one| book.journal.is_durable(one.slot.place));
            Ok((picked, durable))
        })?;
        Ok(Receiving(pending.unless(|(_, durable)| *durable).map(|(picked, _)| picked)))
    }

    /// Takes the first messages out (receive-and-delete); they come once at most.
    ///
    /// # Errors
    /// There is no such entity, or it has sessions.
    pub fn receive_and_delete(&self, name: &str, max: usize, now_ms: i64) -> Result<Receiving> {
        self.on(name, |book, lane| book.take(lane, name, max, None, now_ms)).map(Receiving)
    }

    /// Locks deferred messages by their sequence numbers: all or none.
    ///
    /// # Errors
    /// One of them is not there, or not deferred.
    pub fn receive_deferred(&self, name: &str, sequences: &[u64], now_ms: i64) -> Result<Receiving> {
        self.on(name, |book, lane| book.receive_deferred(lane, sequences, now_ms)).map(Receiving)
    }

    /// Looks at messages from a sequence number on without taking them, in whatever phase they are.
    ///
    /// # Errors
    /// There is no such entity.
    pub fn peek(&self, name: &str, from: u64, max: usize, now_ms: i64) -> Result<Receiving> {
        self.on(name, |book, lane| book.peek(lane, from, max, false, now_ms)).map(Receiving)
    }

    /// Looks at the first messages that could be received.
    ///
    /// # Errors
    /// There is no such entity.
    pub fn peek_ready(&self, name: &str, max: usize, now_ms: i64) -> Result<Receiving> {
        self.on(name, |book, lane| book.peek(lane, 0, max, true, now_ms)).map(Receiving)
    }

    /// The sequence number of the message that is locked with a token; `None` where no lock of that token holds, or it is
    /// not among the first few thousand to end.
    ///
    /// # Errors
    /// There is no such entity.
    pub fn held_by(&self, name: &str, token: Uuid, now_ms: i64) -> Result<Pending<Option<u64>>> {
        self.on(name, |book, lane| book.held_by(lane, token, now_ms))
    }

    /// Takes a received message out: it was seen to.
    ///
    /// # Errors
    /// It is not there, or the receipt is good no more.
    pub fn complete(&self, name: &str, receipt: Receipt, now_ms: i64) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.complete(lane, receipt, now_ms))
    }

    /// Gives a received message back; after too many deliveries it goes to the dead letters.
    ///
    /// # Errors
    /// As [`Queues::complete`].
    pub fn abandon(&self, name: &str, receipt: Receipt, now_ms: i64) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.abandon(lane, receipt, now_ms))
    }

    /// Puts a received message aside until it is asked for by its sequence number.
    ///
    /// # Errors
    /// As [`Queues::complete`].
    pub fn defer(&self, name: &str, receipt: Receipt, now_ms: i64) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.defer(lane, receipt, now_ms))
    }

    /// Moves a received message to the dead letters.
    ///
    /// # Errors
    /// As [`Queues::complete`]; and it is a dead letter already.
    pub fn dead_letter(&self, name: &str, receipt: Receipt, why: DeadLetter, now_ms: i64) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.dead_letter(lane, receipt, why, now_ms))
    }

    /// Holds a received message longer, by the entity's time from now; returns until when.
    ///
    /// # Errors
    /// As [`Queues::complete`].
    pub fn renew(&self, name: &str, receipt: Receipt, now_ms: i64) -> Result<Pending<i64>> {
        self.on(name, |book, lane| book.renew(lane, receipt, now_ms))
    }

    /// Hides a message for `hide_ms` from now, with another body if one is given. Its token changes.
    ///
    /// # Errors
    /// As [`Queues::complete`]; the body is too large; the disk refuses.
    pub fn update(
        &self,
        name: &str,
        receipt: Receipt,
        body: Option<Vec<u8>>,
        hide_ms: u32,
        now_ms: i64,
    ) -> Result<Pending<Updated>> {
        let content = match body {
            None => None,
            Some(body) => {
                let limit = self.shared.lock().options.max_message_bytes;
                if body.len() > limit {
                    return Err(Refusal::TooLarge { what: "a message", bytes: body.len(), limit }.into());
                }
                let found = self.on(name, |book, lane| book.look(lane, receipt, now_ms))?.wait()?;
                let mut old = found.as_ref().map(read).transpose()?;
                old.take().map(|old| (Message { body, ..old.message }, old.enqueued_ms))
            }
        };
        let updated = self.on(name, |book, lane| book.update(lane, receipt, content, hide_ms, now_ms))?;
        Ok(updated.map(|(token, visible_ms)| Updated { token, visible_ms }))
    }

    /// Takes a session that is named, or the free one whose first message came first.
    ///
    /// # Errors
    /// The entity has no sessions, or the session is held by somebody else, or none is free.
    pub fn accept_session(&self, name: &str, id: Option<&str>, now_ms: i64) -> Result<Pending<SessionLock>> {
        let accepted = self.on(name, |book, lane| book.accept_session(lane, name, id, now_ms))?;
        Ok(accepted.map(|(id, token, until_ms)| SessionLock { id: id.to_string(), token, until_ms }))
    }

    /// Holds a session longer, with its messages that are held; returns until when.
    ///
    /// # Errors
    /// It is not held.
    pub fn renew_session(&self, name: &str, session: &SessionLock, now_ms: i64) -> Result<Pending<i64>> {
        self.on(name, |book, lane| book.renew_session(lane, shown(session), now_ms))
    }

    /// Gives a session back.
    ///
    /// # Errors
    /// It is not held.
    pub fn release_session(&self, name: &str, session: &SessionLock, now_ms: i64) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.release_session(lane, shown(session), now_ms))
    }

    /// A session's state.
    ///
    /// # Errors
    /// It is not held.
    pub fn session_state(&self, name: &str, session: &SessionLock, now_ms: i64) -> Result<Pending<Option<Vec<u8>>>> {
        self.on(name, |book, lane| book.session_state(lane, shown(session), now_ms))
    }

    /// Sets a session's state (64 KiB at most), or takes it away.
    ///
    /// # Errors
    /// It is not held, or the state is too large.
    pub fn set_session_state(
        &self,
        name: &str,
        session: &SessionLock,
        state: Option<Vec<u8>>,
        now_ms: i64,
    ) -> Result<Pending<()>> {
        self.on(name, |book, lane| book.set_session_state(lane, shown(session), state, now_ms))
    }
}

fn shown(session: &SessionLock) -> (&str, Uuid) {
    (&session.id, session.token)
}
