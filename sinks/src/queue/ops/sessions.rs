//! Sessions: accepted by one receiver at a time, with a state that outlives it.

use std::sync::Arc;

use uuid::Uuid;

use super::super::Refusal;
use super::super::book::{Book, LaneId};
use super::super::session::Session;
use super::super::slots::Slot;

/// Bytes of a session's state, at most: states are repeated at the head of each segment.
const MAX_STATE: usize = 64 << 10;
/// Bytes of a session id, at most.
const MAX_ID: usize = 128;
/// What a session's token has in the place of a message's stamp.
const SESSION: &[u8] = b"session";

impl Book {
    fn session_token(&self, entity: u32, id: &str, stamp: u32) -> Uuid {
        let mut place = [&entity.to_le_bytes()[..], &stamp.to_le_bytes(), SESSION].concat();
        place.extend_from_slice(id.as_bytes());
        Uuid::new_v5(&self.shelf.secret, &place)
    }

    fn session(&self, entity: u32, id: &str) -> Option<&Session> {
        self.shelf.entities.get(&entity)?.sessions.as_ref()?.get(id)
    }

    /// The session that a token holds.
    pub(super) fn check_session(&self, entity: u32, id: &str, token: Uuid, now_ms: i64) -> Result<&Session, Refusal> {
        let session = self.session(entity, id).filter(|session| session.until_ms > now_ms);
        let held = session.filter(|session| self.session_token(entity, id, session.stamp) == token);
        held.ok_or_else(|| Refusal::SessionLost { session: id.into() })
    }

    /// Takes a session that is named, or the one that waits longest; returns its id, token and until when.
    pub(in super::super) fn accept_session(
        &mut self,
        lane: LaneId,
        name: &str,
        id: Option<&str>,
        now_ms: i64,
    ) -> Result<(Arc<str>, Uuid, i64), Refusal> {
        self.advance(lane, now_ms);
        let entity = self.entity(lane.entity)?;
        let lock_ms = entity.description.settings.lock_ms;
        let mismatch = || Refusal::SessionMismatch { name: name.into() };
        let sessions = entity.sessions.as_ref().filter(|_| !lane.dead).ok_or_else(mismatch)?;
        let id: Arc<str> = match id {
            Some(id) if id.len() > MAX_ID => {
                return Err(Refusal::TooLarge { what: "a session id", bytes: id.len(), limit: MAX_ID });
            }
            Some(id) => id.into(),
            None => sessions.next_free(now_ms).ok_or(Refusal::SessionLost { session: String::new() })?,
        };
        let before = sessions.get(&id).cloned().unwrap_or_default();
        if before.until_ms > now_ms {
            return Err(Refusal::SessionLost { session: id.to_string() });
        }
        // What the last receiver still held comes before what follows it.
        for sequence in sessions.held(&id) {
            self.release(lane, sequence, now_ms);
        }
        let (stamp, until_ms) = (self.next_stamp(before.stamp), now_ms.saturating_add(lock_ms.into()));
        self.set_session(lane.entity, &id, until_ms, stamp, before.state);
        let token = self.session_token(lane.entity, &id, stamp);
        Ok((id, token, until_ms))
    }

    /// Holds a session longer, with the messages of it that are held.
    pub(in super::super) fn renew_session(
        &mut self,
        lane: LaneId,
        (id, token): (&str, Uuid),
        now_ms: i64,
    ) -> Result<i64, Refusal> {
        self.advance(lane, now_ms);
        let session = self.check_session(lane.entity, id, token, now_ms)?.clone();
        let entity = self.entity(lane.entity)?;
        let until_ms = now_ms.saturating_add(entity.description.settings.lock_ms.into());
        let held = entity.sessions.as_ref().map(|sessions| sessions.held(id)).unwrap_or_default();
        for sequence in held {
            if let Some(slot) = self.entity(lane.entity)?.main.get(sequence).copied() {
                self.set(lane, sequence, Slot { until_ms, ..slot }, None);
            }
        }
        self.set_session(lane.entity, id, until_ms, session.stamp, session.state);
        Ok(until_ms)
    }

    /// Gives a session back.
    pub(in super::super) fn release_session(
        &mut self,
        lane: LaneId,
        (id, token): (&str, Uuid),
        now_ms: i64,
    ) -> Result<(), Refusal> {
        self.advance(lane, now_ms);
        let session = self.check_session(lane.entity, id, token, now_ms)?.clone();
        self.set_session(lane.entity, id, 0, session.stamp, session.state);
        self.tell(lane.entity, lane.dead, 1);
        Ok(())
    }

    /// A session's state.
    pub(in super::super) fn session_state(
        &mut self,
        lane: LaneId,
        (id, token): (&str, Uuid),
        now_ms: i64,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(self.check_session(lane.entity, id, token, now_ms)?.state.clone())
    }

    /// Sets a session's state, or takes it away.
    pub(in super::super) fn set_session_state(
        &mut self,
        lane: LaneId,
        (id, token): (&str, Uuid),
        state: Option<Vec<u8>>,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let session = self.check_session(lane.entity, id, token, now_ms)?.clone();
        let bytes = state.as_ref().map_or(0, Vec::len);
        if bytes > MAX_STATE {
            return Err(Refusal::TooLarge { what: "a session's state", bytes, limit: MAX_STATE });
        }
        self.set_session(lane.entity, id, session.until_ms, session.stamp, state);
        Ok(())
    }
}
