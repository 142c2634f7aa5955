//! Settling what was received: complete, abandon, defer, dead-letter, renew, update.

use uuid::Uuid;

use super::super::Refusal;
use super::super::book::{Book, LaneId};
use super::super::message::{DeadLetter, Message, Phase, Receipt};
use super::super::record::Target;
use super::super::slots::Slot;
use super::Picked;

/// Locks that are looked through for one that is known by its token alone, those first that end first.
const MAX_LOOKED: usize = 4096;
/// Bytes of a dead letter's reason and description, at most; longer ones are cut.
const MAX_WHY: usize = 4096;

impl Book {
    /// The message that a receipt is good for.
    pub(super) fn held(&mut self, lane: LaneId, receipt: Receipt, now_ms: i64) -> Result<Slot, Refusal> {
        self.advance(lane, now_ms);
        let Receipt { sequence, token, lenient } = receipt;
        let entity = self.entity(lane.entity)?;
        let slot = *entity.lane(lane.dead).get(sequence).ok_or(Refusal::NoMessage { sequence })?;
        let holds = lenient || (slot.phase == Phase::Locked && slot.until_ms > now_ms);
        if !holds || self.token(lane.entity, sequence, slot.stamp) != token {
            return Err(Refusal::LockLost { sequence });
        }
        Ok(slot)
    }

    /// The sequence number of the message that a token holds.
    pub(in super::super) fn held_by(&mut self, lane: LaneId, token: Uuid, now_ms: i64) -> Result<Option<u64>, Refusal> {
        self.advance(lane, now_ms);
        let of = self.entity(lane.entity)?.lane(lane.dead);
        let locked: Vec<_> = of.locked().take(MAX_LOOKED).collect();
        let held = |(sequence, stamp): &(u64, u32)| self.token(lane.entity, *sequence, *stamp) == token;
        Ok(locked.into_iter().find(held).map(|(sequence, _)| sequence))
    }

    pub(in super::super) fn complete(&mut self, lane: LaneId, receipt: Receipt, now_ms: i64) -> Result<(), Refusal> {
        self.held(lane, receipt, now_ms)?;
        self.remove(lane.entity, receipt.sequence);
        Ok(())
    }

    pub(in super::super) fn abandon(&mut self, lane: LaneId, receipt: Receipt, now_ms: i64) -> Result<(), Refusal> {
        self.held(lane, receipt, now_ms)?;
        self.release(lane, receipt.sequence, now_ms);
        Ok(())
    }

    pub(in super::super) fn defer(&mut self, lane: LaneId, receipt: Receipt, now_ms: i64) -> Result<(), Refusal> {
        let slot = self.held(lane, receipt, now_ms)?;
        let slot = Slot { phase: Phase::Deferred, deferred: true, until_ms: 0, ..slot };
        self.set(lane, receipt.sequence, slot, None);
        // It may have expired while it was held.
        if slot.expires_ms <= now_ms {
            self.expire(lane, receipt.sequence);
        }
        Ok(())
    }

    pub(in super::super) fn dead_letter(
        &mut self,
        lane: LaneId,
        receipt: Receipt,
        why: DeadLetter,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        self.held(lane, receipt, now_ms)?;
        if lane.dead {
            let (name, detail) = ("$deadletterqueue".into(), "the message is a dead letter already");
            return Err(Refusal::WrongKind { name, detail });
        }
        let why = DeadLetter { reason: cut(why.reason), description: cut(why.description) };
        self.bury(lane.entity, receipt.sequence, why);
        Ok(())
    }

    /// Holds a message longer; returns until when. The token stays.
    pub(in super::super) fn renew(&mut self, lane: LaneId, receipt: Receipt, now_ms: i64) -> Result<i64, Refusal> {
        let slot = self.held(lane, receipt, now_ms)?;
        let lock_ms = self.entity(lane.entity)?.description.settings.lock_ms;
        let until_ms = now_ms.saturating_add(lock_ms.into());
        self.set(lane, receipt.sequence, Slot { phase: Phase::Locked, until_ms, ..slot }, None);
        Ok(until_ms)
    }

    /// Where a message lies that is to be changed.
    pub(in super::super) fn look(
        &mut self,
        lane: LaneId,
        receipt: Receipt,
        now_ms: i64,
    ) -> Result<Option<Picked>, Refusal> {
        let slot = self.held(lane, receipt, now_ms)?;
        Ok(self.picked(lane, receipt.sequence, slot))
    }

    /// Hides a message for a while, with other content if there is any; returns its new token and until when.
    pub(in super::super) fn update(
        &mut self,
        lane: LaneId,
        receipt: Receipt,
        content: Option<(Message, i64)>,
        hide_ms: u32,
        now_ms: i64,
    ) -> Result<(Uuid, i64), Refusal> {
        let old = self.held(lane, receipt, now_ms)?;
        let until_ms = now_ms.saturating_add(hide_ms.into());
        let (phase, at_ms) = if hide_ms == 0 { (Phase::Ready, 0) } else { (Phase::Locked, until_ms) };
        let slot = Slot { phase, until_ms: at_ms, stamp: self.next_stamp(old.stamp), ..old };
        let sequence = receipt.sequence;
        match content {
            None => self.set(lane, sequence, slot, None),
            Some((message, enqueued_ms)) => {
                let why = self.entity(lane.entity)?.lane(lane.dead).why(sequence).cloned();
                let target = Target { entity: lane.entity, dead: lane.dead, sequence, slot, why };
                self.put(vec![target], &message, enqueued_ms);
            }
        }
        if hide_ms == 0 {
            self.tell(lane.entity, lane.dead, 1);
        }
        Ok((self.token(lane.entity, sequence, slot.stamp), until_ms))
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_WHY));
    text
}
