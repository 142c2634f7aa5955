//! What time does: locks end, messages become visible, others expire.

use super::super::book::{Book, LaneId};
use super::super::message::{DeadLetter, Phase};
use super::super::slots::{NEVER, Slot};

impl Book {
    /// Does what is due in a lane. It is asked for by every call on it, so that nothing needs a timer.
    pub(super) fn advance(&mut self, lane: LaneId, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        let Some(entity) = self.shelf.entities.get_mut(&lane.entity) else { return };
        let due = entity.lane(lane.dead).due(now_ms);
        let expired = entity.lane_mut(lane.dead).expired(now_ms);
        for sequence in due {
            self.release(lane, sequence, now_ms);
        }
        for sequence in expired {
            self.expire(lane, sequence);
        }
    }

    /// Gives a message back: to be received again, to wait for its number again, or to the dead letters.
    pub(super) fn release(&mut self, lane: LaneId, sequence: u64, now_ms: i64) {
        let Some(entity) = self.shelf.entities.get(&lane.entity) else { return };
        let Some(slot) = entity.lane(lane.dead).get(sequence).copied() else { return };
        let max = entity.description.settings.max_deliveries;
        if slot.phase == Phase::Locked && !lane.dead && max != 0 && slot.deliveries >= max {
            let reason = "MaxDeliveryCountExceeded".into();
            let description = format!("given out {} times and not completed, at most {max}", slot.deliveries);
            return self.bury(lane.entity, sequence, DeadLetter { reason, description });
        }
        if slot.expires_ms <= now_ms {
            return self.expire(lane, sequence);
        }
        let phase = if slot.deferred { Phase::Deferred } else { Phase::Ready };
        self.set(lane, sequence, Slot { phase, until_ms: 0, ..slot }, None);
        if phase == Phase::Ready {
            self.tell(lane.entity, lane.dead, 1);
        }
    }

    /// Puts a message away whose time is over.
    pub(super) fn expire(&mut self, lane: LaneId, sequence: u64) {
        let Some(entity) = self.shelf.entities.get(&lane.entity) else { return };
        if entity.description.settings.dead_letter_expired && !lane.dead {
            let (reason, description) = ("TTLExpiredException".into(), "not received within its time to live".into());
            self.bury(lane.entity, sequence, DeadLetter { reason, description });
        } else {
            self.remove(lane.entity, sequence);
        }
    }

    /// Moves a message to the dead letters.
    pub(super) fn bury(&mut self, entity: u32, sequence: u64, why: DeadLetter) {
        let slot = self.shelf.entities.get(&entity).and_then(|entity| entity.main.get(sequence)).copied();
        let Some(slot) = slot else { return };
        let slot = Slot { phase: Phase::Ready, deferred: false, until_ms: 0, expires_ms: NEVER, ..slot };
        self.set(LaneId { entity, dead: true }, sequence, slot, Some(why));
        self.tell(entity, true, 1);
    }
}
