//! Changes of the shelf, made by callers and by reading the journal back alike.

use super::book::{Shelf, session_of};
use super::codec::Reader;
use super::entity::Entity;
use super::name;
use super::record::{self, Target};
use super::settings::{Description, Kind};
use super::slots::Place;

impl Shelf {
    /// Puts a message in its lane; returns the place that it had before.
    pub(super) fn put(&mut self, mut target: Target, place: Place, session: Option<&str>) -> Option<Place> {
        let entity = self.entities.get_mut(&target.entity)?;
        let sequence = target.sequence;
        let old = [false, true].into_iter().find_map(|dead| entity.lane(dead).get(sequence)).map(|slot| slot.place);
        if let (Some(sessions), Some(session), false) = (&mut entity.sessions, session, target.dead) {
            sessions.add(sequence, session);
        }
        target.slot.place = place;
        entity.next_sequence = entity.next_sequence.max(sequence + 1);
        self.lay(target);
        old
    }

    /// Changes a message's slot or lane; its place stays.
    pub(super) fn set(&mut self, mut target: Target) -> Option<()> {
        let entity = self.entities.get(&target.entity)?;
        let lanes = [false, true].into_iter();
        let old = lanes.filter_map(|dead| entity.lane(dead).get(target.sequence)).next()?;
        target.slot.place = old.place;
        self.lay(target);
        Some(())
    }

    fn lay(&mut self, target: Target) {
        let Some(entity) = self.entities.get_mut(&target.entity) else { return };
        let Target { dead, sequence, slot, why, .. } = target;
        entity.lane_mut(!dead).remove(sequence);
        entity.lane_mut(dead).set(sequence, slot);
        if let Some(why) = why {
            entity.lane_mut(dead).explain(sequence, why);
        }
        if let Some(sessions) = &mut entity.sessions {
            if dead {
                sessions.forget(sequence);
            } else {
                sessions.set_phase(sequence, Some(slot.phase));
            }
        }
    }

    /// Takes a message out; returns its place.
    pub(super) fn remove(&mut self, entity: u32, sequence: u64) -> Option<Place> {
        let entity = self.entities.get_mut(&entity)?;
        if let Some(sessions) = &mut entity.sessions {
            sessions.forget(sequence);
        }
        let slot = entity.main.remove(sequence).or_else(|| entity.dead.remove(sequence))?;
        Some(slot.place)
    }

    /// Makes or changes an entity.
    pub(super) fn describe(&mut self, id: u32, description: Description) {
        let key = description.name.to_ascii_lowercase();
        match self.entities.get_mut(&id) {
            Some(entity) => entity.describe(description),
            None => _ = self.entities.insert(id, Entity::new(description)),
        }
        let topic = name::topic_of(&key).and_then(|topic| self.names.get(topic)).copied();
        if let Some(topic) = topic.and_then(|topic| self.entities.get_mut(&topic))
            && !topic.subscriptions.contains(&id)
        {
            topic.subscriptions.push(id);
        }
        self.names.insert(key, id);
        self.next_entity = self.next_entity.max(id + 1);
    }

    /// Takes an entity out with its messages; returns their places.
    pub(super) fn forget(&mut self, id: u32) -> Vec<Place> {
        let Some(entity) = self.entities.remove(&id) else { return Vec::new() };
        self.names.remove(&entity.description.name.to_ascii_lowercase());
        if entity.description.kind == Kind::Subscription {
            self.entities.values_mut().for_each(|topic| topic.subscriptions.retain(|one| *one != id));
        }
        let lanes = [&entity.main, &entity.dead].into_iter();
        lanes.flat_map(|lane| lane.slots().from(0)).map(|(_, slot)| slot.place).collect()
    }

    /// Takes all messages out of a lane; returns their places.
    pub(super) fn clear(&mut self, entity: u32, dead: bool) -> Vec<Place> {
        let Some(of) = self.entities.get(&entity) else { return Vec::new() };
        let sequences: Vec<u64> = of.lane(dead).slots().from(0).map(|(sequence, _)| sequence).collect();
        sequences.into_iter().filter_map(|sequence| self.remove(entity, sequence)).collect()
    }

    pub(super) fn remember(&mut self, entity: u32, hash: u128, until_ms: i64) {
        if let Some(entity) = self.entities.get_mut(&entity) {
            entity.seen.insert(hash, until_ms);
        }
    }

    /// Does what a record says. `None`: it makes no sense.
    pub(super) fn apply(&mut self, place: Place, kind: u8, content: &[u8]) -> Option<()> {
        let mut from = Reader(content);
        match kind {
            record::PUT => {
                let targets = record::targets(&mut from)?;
                let sessions = |target: &Target| self.entities.get(&target.entity)?.sessions.as_ref();
                let session = if targets.iter().any(|t| sessions(t).is_some()) { session_of(from.0) } else { None };
                for target in targets {
                    self.put(target, place, session.as_deref());
                }
            }
            record::SET => _ = self.set(record::target(&mut from)?),
            record::REMOVE => _ = self.remove(from.u32()?, from.u64()?),
            record::ENTITY => {
                let (id, next) = (from.u32()?, from.u64()?);
                self.describe(id, serde_json::from_slice(from.bytes()?).ok()?);
                let entity = self.entities.get_mut(&id)?;
                entity.next_sequence = entity.next_sequence.max(next);
            }
            record::GONE => _ = self.forget(from.u32()?),
            record::SESSION => {
                let (id, name, until_ms, stamp) = (from.u32()?, from.string()?, from.i64()?, from.u32()?);
                let state = record::optional(&mut from)?;
                if let Some(sessions) = self.entities.get_mut(&id).and_then(|entity| entity.sessions.as_mut()) {
                    sessions.set(&name, until_ms, stamp, state);
                }
            }
            record::SEEN => {
                let (entity, hash) = (from.u32()?, u128::from_le_bytes(from.take(16)?.try_into().ok()?));
                self.remember(entity, hash, from.i64()?);
            }
            record::NOTE => {
                let key = from.string()?;
                match record::optional(&mut from)? {
                    Some(value) => _ = self.notes.insert(key, value),
                    None => _ = self.notes.remove(&key),
                }
            }
            record::STORE => {
                self.secret = record::uuid(&mut from)?;
                self.epoch = self.epoch.max(from.u32()?);
                self.next_entity = self.next_entity.max(from.u32()?);
            }
            record::CLEAR => _ = self.clear(from.u32()?, from.u8()? == 1),
            _ => return None,
        }
        Some(())
    }

    /// What the journal's segments are referred to by: the places of all messages.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let lanes = self.entities.values().flat_map(|entity| [&entity.main, &entity.dead]);
        lanes.flat_map(|lane| lane.slots().from(0)).map(|(_, slot)| slot.place)
    }
}
