//! Receiving and looking.

use std::fs::File;
use std::sync::Arc;

use uuid::Uuid;

use super::super::Refusal;
use super::super::book::{Book, LaneId};
use super::super::message::{Ask, DeadLetter, Phase};
use super::super::slots::Slot;

/// A message that was picked; its content is read without the lock.
#[derive(Debug)]
pub(in super::super) struct Picked {
    pub(in super::super) sequence: u64,
    pub(in super::super) slot: Slot,
    pub(in super::super) token: Uuid,
    pub(in super::super) why: Option<DeadLetter>,
    pub(in super::super) file: Arc<File>,
}

impl Book {
    /// Locks the first messages of a lane, or of one session of it.
    pub(in super::super) fn receive(
        &mut self,
        lane: LaneId,
        name: &str,
        ask: Ask,
        session: Option<(&str, Uuid)>,
        now_ms: i64,
    ) -> Result<Vec<Picked>, Refusal> {
        self.may_receive(lane, name, session, now_ms)?;
        let mut picked = Vec::new();
        while picked.len() < ask.max
            && let Some(sequence) = self.first_ready(lane, session.map(|(id, _)| id))
        {
            picked.extend(self.pick(lane, sequence, ask.lock_ms, now_ms));
        }
        Ok(picked)
    }

    /// Takes the first messages of a lane out.
    pub(in super::super) fn take(
        &mut self,
        lane: LaneId,
        name: &str,
        max: usize,
        session: Option<(&str, Uuid)>,
        now_ms: i64,
    ) -> Result<Vec<Picked>, Refusal> {
        let picked = self.receive(lane, name, Ask::up_to(max), session, now_ms)?;
        picked.iter().for_each(|one| self.remove(lane.entity, one.sequence));
        Ok(picked)
    }

    /// Locks deferred messages by their numbers: all or none.
    pub(in super::super) fn receive_deferred(
        &mut self,
        lane: LaneId,
        sequences: &[u64],
        now_ms: i64,
    ) -> Result<Vec<Picked>, Refusal> {
        self.advance(lane, now_ms);
        let entity = self.entity(lane.entity)?;
        let deferred = |slot: &&Slot| slot.phase == Phase::Deferred;
        for sequence in sequences {
            entity.lane(lane.dead).get(*sequence).filter(deferred).ok_or(Refusal::NoMessage { sequence: *sequence })?;
        }
        Ok(sequences.iter().filter_map(|sequence| self.pick(lane, *sequence, None, now_ms)).collect())
    }

    /// Messages from a number on, in whatever phase, as they lie there.
    pub(in super::super) fn peek(
        &mut self,
        lane: LaneId,
        from: u64,
        max: usize,
        ready_only: bool,
        now_ms: i64,
    ) -> Result<Vec<Picked>, Refusal> {
        self.advance(lane, now_ms);
        let entity = self.entity(lane.entity)?;
        let wanted = |(_, slot): &(u64, &Slot)| !ready_only || slot.phase == Phase::Ready;
        let found = entity.lane(lane.dead).slots().from(from).filter(wanted).take(max);
        let found: Vec<_> = found.map(|(sequence, slot)| (sequence, *slot)).collect();
        Ok(found.into_iter().filter_map(|(sequence, slot)| self.picked(lane, sequence, slot)).collect())
    }

    fn may_receive(
        &mut self,
        lane: LaneId,
        name: &str,
        session: Option<(&str, Uuid)>,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        self.advance(lane, now_ms);
        let entity = self.entity(lane.entity)?;
        if entity.is_topic() {
            return Err(Refusal::WrongKind { name: name.into(), detail: "receive from a subscription of the topic" });
        }
        let sessions = entity.description.settings.sessions && !lane.dead;
        if sessions != session.is_some() {
            return Err(Refusal::SessionMismatch { name: name.into() });
        }
        session.map_or(Ok(()), |(id, token)| self.check_session(lane.entity, id, token, now_ms).map(|_| ()))
    }

    fn first_ready(&self, lane: LaneId, session: Option<&str>) -> Option<u64> {
        let entity = self.shelf.entities.get(&lane.entity)?;
        match (session, &entity.sessions) {
            (Some(id), Some(sessions)) => sessions.first_ready(id),
            _ => entity.lane(lane.dead).slots().first_ready(),
        }
    }

    /// Locks a message; `None` where it has expired meanwhile, and then it is put away.
    fn pick(&mut self, lane: LaneId, sequence: u64, lock_ms: Option<u32>, now_ms: i64) -> Option<Picked> {
        let entity = self.shelf.entities.get(&lane.entity)?;
        let slot = *entity.lane(lane.dead).get(sequence)?;
        if slot.expires_ms <= now_ms {
            self.expire(lane, sequence);
            return None;
        }
        let lock_ms = lock_ms.unwrap_or(entity.description.settings.lock_ms);
        let slot = Slot {
            phase: Phase::Locked,
            until_ms: now_ms.saturating_add(lock_ms.into()),
            deliveries: slot.deliveries.saturating_add(1),
            stamp: self.next_stamp(slot.stamp),
            ..slot
        };
        self.set(lane, sequence, slot, None);
        self.picked(lane, sequence, slot)
    }

    pub(super) fn picked(&self, lane: LaneId, sequence: u64, slot: Slot) -> Option<Picked> {
        let why = self.shelf.entities.get(&lane.entity)?.lane(lane.dead).why(sequence).cloned();
        let file = Arc::clone(&self.journal.segments.get(&slot.place.segment)?.file);
        let token = self.token(lane.entity, sequence, slot.stamp);
        Some(Picked { sequence, slot, token, why, file })
    }
}
