//! Entities: made, changed, cleared, removed, described.

use std::ops::Bound;

use super::super::book::{Book, LaneId, write_note};
use super::super::codec::put_u64;
use super::super::message::{Counts, Phase};
use super::super::name;
use super::super::record;
use super::super::settings::{Description, Kind};
use super::super::{Created, Refusal};

/// Bytes of an entity's metadata and a face's text with it, at most: they are repeated at the head of each segment.
const MAX_DESCRIPTION: usize = 64 << 10;

impl Book {
    /// Makes an entity, unless it is there with the same settings.
    pub(in super::super) fn create(&mut self, description: Description) -> Result<Created, Refusal> {
        let Description { name, kind, .. } = &description;
        name::check(name, *kind)?;
        self.check_description(&description)?;
        let key = name.to_ascii_lowercase();
        if let Some(there) = self.shelf.names.get(&key).and_then(|id| self.shelf.entities.get(id)) {
            let there = &there.description;
            let same = (there.kind, &there.settings, &there.metadata)
                == (description.kind, &description.settings, &description.metadata);
            return if same { Ok(Created::WasThere) } else { Err(Refusal::EntityExists { name: name.clone() }) };
        }
        if let Some(topic) = name::topic_of(&key).filter(|_| *kind == Kind::Subscription) {
            let is_topic = self.shelf.names.get(topic).and_then(|id| self.shelf.entities.get(id));
            is_topic.filter(|of| of.is_topic()).ok_or_else(|| Refusal::NoEntity { name: topic.into() })?;
        }
        let max = self.options.max_entities;
        if self.shelf.entities.len() >= max {
            return Err(Refusal::Full { detail: format!("there are max_entities of {max}") });
        }
        let id = self.shelf.next_entity;
        self.shelf.next_entity += 1;
        self.describe(id, description);
        Ok(Created::New)
    }

    fn check_description(&self, description: &Description) -> Result<(), Refusal> {
        let Description { settings, kind, metadata, face, .. } = description;
        settings.check(*kind)?;
        let bytes = face.len() + metadata.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        if bytes > MAX_DESCRIPTION {
            return Err(Refusal::TooLarge { what: "metadata", bytes, limit: MAX_DESCRIPTION });
        }
        Ok(())
    }

    /// Changes an entity's settings, metadata or face.
    pub(in super::super) fn configure(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Description),
    ) -> Result<(), Refusal> {
        let lane = self.find(name)?;
        let mut description = self.entity(lane.entity)?.description.clone();
        let (name, kind) = (description.name.clone(), description.kind);
        change(&mut description);
        (description.name, description.kind) = (name, kind);
        if description.settings.sessions != self.entity(lane.entity)?.description.settings.sessions {
            let detail = "sessions is for ever; delete the entity and make it anew".into();
            return Err(Refusal::BadSettings { detail });
        }
        self.check_description(&description)?;
        self.describe(lane.entity, description);
        Ok(())
    }

    /// Removes an entity with its messages, and a topic with its subscriptions.
    pub(in super::super) fn delete(&mut self, name: &str) -> Result<(), Refusal> {
        let lane = self.find(name)?;
        if lane.dead {
            return Err(Refusal::WrongKind { name: name.into(), detail: "a dead-letter queue goes with its queue" });
        }
        let mut ids = self.entity(lane.entity)?.subscriptions.clone();
        ids.push(lane.entity);
        for id in ids {
            self.journal.append(record::GONE, |out| put_u64(out, id.into()));
            // Those who wait there are told: they find it gone.
            self.tell(id, false, usize::MAX);
            self.tell(id, true, usize::MAX);
            for place in self.shelf.forget(id) {
                self.journal.release(place);
            }
        }
        Ok(())
    }

    /// Takes all messages out of a lane.
    pub(in super::super) fn clear(&mut self, lane: LaneId) -> Result<(), Refusal> {
        self.entity(lane.entity)?;
        self.journal.append(record::CLEAR, |out| {
            put_u64(out, lane.entity.into());
            out.push(lane.dead.into());
        });
        for place in self.shelf.clear(lane.entity, lane.dead) {
            self.journal.release(place);
        }
        Ok(())
    }

    /// Entities whose name begins so, in the order of their names, behind one of them.
    pub(in super::super) fn list(&self, prefix: &str, after: &str, max: usize) -> Vec<Description> {
        let (prefix, after) = (prefix.to_ascii_lowercase(), after.to_ascii_lowercase());
        let from = if after < prefix { Bound::Included(prefix.clone()) } else { Bound::Excluded(after) };
        let named = self.shelf.names.range((from, Bound::Unbounded)).take_while(|(key, _)| key.starts_with(&prefix));
        let found = named.filter_map(|(_, id)| self.shelf.entities.get(id));
        found.take(max).map(|entity| entity.description.clone()).collect()
    }

    /// Messages of an entity by phase.
    pub(in super::super) fn counts(&mut self, lane: LaneId, now_ms: i64) -> Result<Counts, Refusal> {
        self.advance(lane, now_ms);
        let entity = self.entity(lane.entity)?;
        let count = |phase| entity.main.slots().count(phase);
        Ok(Counts {
            ready: count(Phase::Ready),
            scheduled: count(Phase::Scheduled),
            locked: count(Phase::Locked),
            deferred: count(Phase::Deferred),
            dead: entity.dead.slots().len(),
        })
    }

    /// Whether a small text may be kept.
    pub(in super::super) fn check_note(&self, key: &str, value: Option<&[u8]>) -> Result<(), Refusal> {
        let bytes = key.len() + value.map_or(0, <[u8]>::len);
        if bytes > MAX_DESCRIPTION {
            return Err(Refusal::TooLarge { what: "a note", bytes, limit: MAX_DESCRIPTION });
        }
        let max = self.options.max_entities;
        if self.shelf.notes.len() >= max && !self.shelf.notes.contains_key(key) {
            return Err(Refusal::Full { detail: format!("there are max_entities of {max} notes") });
        }
        Ok(())
    }

    /// Keeps a small text of a face, or takes it away.
    pub(in super::super) fn set_note(&mut self, key: &str, value: Option<Vec<u8>>) -> Result<(), Refusal> {
        self.check_note(key, value.as_deref())?;
        write_note(&mut self.journal, key, value.as_deref());
        match value {
            Some(value) => _ = self.shelf.notes.insert(key.into(), value),
            None => _ = self.shelf.notes.remove(key),
        }
        Ok(())
    }
}
