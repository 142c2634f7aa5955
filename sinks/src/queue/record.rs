//! The records of the journal: what was done, not what was asked for, so that reading them back decides nothing.

use uuid::Uuid;

use super::codec::{Reader, put_bytes, put_i64, put_u64};
use super::message::{DeadLetter, Phase};
use super::slots::{NEVER, Slot};

/// A message with all that hold it: count, targets, then the message.
pub(super) const PUT: u8 = 1;
/// A message's new phase or lane: a target.
pub(super) const SET: u8 = 2;
/// A message is gone: entity, sequence number.
pub(super) const REMOVE: u8 = 3;
/// An entity was made or changed: id, next sequence number, its description as JSON.
pub(super) const ENTITY: u8 = 4;
/// An entity is gone with its messages: id.
pub(super) const GONE: u8 = 5;
/// A session's lock and state.
pub(super) const SESSION: u8 = 6;
/// A message id within a duplicate window: entity, hash, until when.
pub(super) const SEEN: u8 = 7;
/// A face's note: key, 1 and value, or 0.
pub(super) const NOTE: u8 = 8;
/// The store: secret, epoch, next entity id.
pub(super) const STORE: u8 = 9;
/// All messages of a lane are gone: entity, lane.
pub(super) const CLEAR: u8 = 10;

/// A message in a lane of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) entity: u32,
    pub(super) dead: bool,
    pub(super) sequence: u64,
    /// Its place is where the record lies, or stays what it was.
    pub(super) slot: Slot,
    pub(super) why: Option<DeadLetter>,
}

pub(super) fn put_target(out: &mut Vec<u8>, target: &Target) {
    let slot = &target.slot;
    put_u64(out, u64::from(target.entity));
    put_u64(out, target.sequence);
    let phase = slot.phase as u8;
    out.push(phase | u8::from(target.dead) << 2 | u8::from(slot.deferred) << 3 | u8::from(target.why.is_some()) << 4);
    put_u64(out, u64::from(slot.deliveries));
    put_u64(out, u64::from(slot.stamp));
    put_i64(out, slot.until_ms);
    put_i64(out, if slot.expires_ms == NEVER { -1 } else { slot.expires_ms });
    if let Some(why) = &target.why {
        put_bytes(out, why.reason.as_bytes());
        put_bytes(out, why.description.as_bytes());
    }
}

pub(super) fn target(from: &mut Reader<'_>) -> Option<Target> {
    let (entity, sequence, bits) = (from.u32()?, from.u64()?, from.u8()?);
    let phase = match bits & 3 {
        0 => Phase::Ready,
        1 => Phase::Scheduled,
        2 => Phase::Locked,
        _ => Phase::Deferred,
    };
    let slot = Slot {
        phase,
        deferred: bits & 8 != 0,
        deliveries: from.u32()?,
        stamp: from.u32()?,
        until_ms: from.i64()?,
        expires_ms: match from.i64()? {
            -1 => NEVER,
            at => at,
        },
        ..Slot::default()
    };
    let why = bits & 16 != 0;
    let why = if why { Some(DeadLetter { reason: from.string()?, description: from.string()? }) } else { None };
    Some(Target { entity, dead: bits & 4 != 0, sequence, slot, why })
}

/// The targets of a message's record; what is left then is the message.
pub(super) fn targets(from: &mut Reader<'_>) -> Option<Vec<Target>> {
    let count = from.u64()?;
    (0..count).map(|_| target(from)).collect()
}

pub(super) fn uuid(from: &mut Reader<'_>) -> Option<Uuid> {
    Uuid::from_slice(from.take(16)?).ok()
}

/// A session's record: entity, id, end of the lock, stamp, state.
pub(super) fn put_session(out: &mut Vec<u8>, entity: u32, id: &str, until_ms: i64, stamp: u32, state: Option<&[u8]>) {
    put_u64(out, u64::from(entity));
    put_bytes(out, id.as_bytes());
    put_i64(out, until_ms);
    put_u64(out, u64::from(stamp));
    put_optional(out, state);
}

pub(super) fn put_optional(out: &mut Vec<u8>, value: Option<&[u8]>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put_bytes(out, value);
    }
}

pub(super) fn optional(from: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    if from.u8()? == 0 { Some(None) } else { Some(Some(from.bytes()?.to_vec())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_back_and_cut_ones_do_not() {
        let why = DeadLetter { reason: "r".into(), description: "d".into() };
        let slot = Slot { deliveries: 3, stamp: 1 << 20, until_ms: 5, expires_ms: NEVER, ..Slot::default() };
        for phase in [Phase::Ready, Phase::Scheduled, Phase::Locked, Phase::Deferred] {
            let slot = Slot { phase, deferred: phase == Phase::Deferred, ..slot };
            let sent = Target { entity: 7, dead: true, sequence: 1 << 40, slot, why: Some(why.clone()) };
            let mut out = Vec::new();
            put_target(&mut out, &sent);
            assert_eq!(target(&mut Reader(&out)), Some(sent));
            for end in 0..out.len() {
                assert_eq!(target(&mut Reader(&out[..end])), None, "cut at {end}");
            }
        }
    }
}
