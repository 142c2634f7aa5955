//! All entities in memory with the journal: each change is made here, in both.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::Refusal;
use super::codec::{Reader, put_bytes, put_i64, put_message, put_u64};
use super::entity::Entity;
use super::journal::Journal;
use super::message::{DeadLetter, Message};
use super::name;
use super::record::{self, Target};
use super::settings::Description;
use super::slots::{Place, Slot};
use super::store::QueuesOptions;

/// What is known without the journal.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) entities: HashMap<u32, Entity>,
    /// Entities by name in lower case.
    pub(super) names: BTreeMap<String, u32>,
    pub(super) notes: BTreeMap<String, Vec<u8>>,
    pub(super) secret: Uuid,
    /// Counts the openings: receives that were not on the disk yet when the process died are told apart from those
    /// after it.
    pub(super) epoch: u32,
    pub(super) next_entity: u32,
}

/// The shelf and the journal.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) shelf: Shelf,
    pub(super) journal: Journal,
    pub(super) options: QueuesOptions,
    pub(super) stopping: bool,
    /// The latest time that a caller told.
    pub(super) now_ms: i64,
}

/// A lane that a caller named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneId {
    pub(super) entity: u32,
    pub(super) dead: bool,
}

impl Book {
    /// Finds an entity's lane by name.
    pub(super) fn find(&self, name: &str) -> Result<LaneId, Refusal> {
        let address = name::address(name);
        let entity = self.shelf.names.get(address.key.as_ref()).copied();
        let entity = entity.ok_or_else(|| Refusal::NoEntity { name: name.chars().take(300).collect() })?;
        Ok(LaneId { entity, dead: address.dead })
    }

    /// The lane's entity; none when it is gone.
    pub(super) fn entity(&mut self, id: u32) -> Result<&mut Entity, Refusal> {
        self.shelf.entities.get_mut(&id).ok_or_else(|| Refusal::NoEntity { name: format!("#{id}") })
    }

    /// A token that shows a message in its present state: nobody can guess it, and it survives a restart.
    pub(super) fn token(&self, entity: u32, sequence: u64, stamp: u32) -> Uuid {
        let mut place = [0; 16];
        place[..4].copy_from_slice(&entity.to_le_bytes());
        place[4..12].copy_from_slice(&sequence.to_le_bytes());
        place[12..].copy_from_slice(&stamp.to_le_bytes());
        Uuid::new_v5(&self.shelf.secret, &place)
    }

    /// The stamp after this one.
    pub(super) fn next_stamp(&self, stamp: u32) -> u32 {
        (stamp.wrapping_add(1)).max(self.shelf.epoch << 16)
    }

    /// Writes a message with all that hold it.
    pub(super) fn put(&mut self, targets: Vec<Target>, message: &Message, enqueued_ms: i64) {
        let place = self.journal.append(record::PUT, |out| {
            put_targets(out, &targets);
            put_message(out, message, enqueued_ms);
        });
        let session = message.system.session_id.as_deref();
        self.place(targets, place, session);
    }

    /// Writes a message's record anew, from the bytes of its old one.
    pub(super) fn put_again(&mut self, targets: Vec<Target>, message: &[u8], session: Option<&str>) {
        let place = self.journal.append(record::PUT, |out| {
            put_targets(out, &targets);
            out.extend_from_slice(message);
        });
        self.place(targets, place, session);
    }

    fn place(&mut self, targets: Vec<Target>, place: Place, session: Option<&str>) {
        for target in targets {
            if let Some(old) = self.shelf.put(target, place, session) {
                self.journal.release(old);
            }
            self.journal.refer(place);
        }
    }

    /// Changes a message's slot or lane. Its place stays.
    pub(super) fn set(&mut self, lane: LaneId, sequence: u64, slot: Slot, why: Option<DeadLetter>) {
        let target = Target { entity: lane.entity, dead: lane.dead, sequence, slot, why };
        self.journal.append(record::SET, |out| record::put_target(out, &target));
        self.shelf.set(target);
    }

    /// Takes a message out.
    pub(super) fn remove(&mut self, entity: u32, sequence: u64) {
        self.journal.append(record::REMOVE, |out| {
            put_u64(out, u64::from(entity));
            put_u64(out, sequence);
        });
        if let Some(place) = self.shelf.remove(entity, sequence) {
            self.journal.release(place);
        }
    }

    /// Makes or changes an entity.
    pub(super) fn describe(&mut self, id: u32, description: Description) {
        self.shelf.describe(id, description);
        write_entity(&self.shelf, &mut self.journal, id);
    }

    /// Remembers a message id.
    pub(super) fn remember(&mut self, entity: u32, hash: u128, until_ms: i64) {
        self.journal.append(record::SEEN, |out| {
            put_u64(out, u64::from(entity));
            out.extend_from_slice(&hash.to_le_bytes());
            put_i64(out, until_ms);
        });
        self.journal.remember_until(until_ms);
        self.shelf.remember(entity, hash, until_ms);
    }

    /// Sets a session's lock and state.
    pub(super) fn set_session(&mut self, entity: u32, id: &str, until_ms: i64, stamp: u32, state: Option<Vec<u8>>) {
        let text = state.as_deref();
        self.journal.append(record::SESSION, |out| record::put_session(out, entity, id, until_ms, stamp, text));
        if let Some(sessions) = self.shelf.entities.get_mut(&entity).and_then(|entity| entity.sessions.as_mut()) {
            sessions.set(id, until_ms, stamp, state);
        }
    }

    /// Writes the head of a segment: all that is small, so that no older segment is needed for it.
    pub(super) fn write_head(&mut self) {
        let Self { shelf, journal, .. } = self;
        write_store(shelf, journal);
        for id in shelf.entities.keys() {
            write_entity(shelf, journal, *id);
        }
        for (id, entity) in &shelf.entities {
            for (name, session) in entity.sessions.iter().flat_map(|sessions| sessions.iter()) {
                let (until_ms, stamp) = (session.until_ms, session.stamp);
                if until_ms != 0 || session.state.is_some() {
                    let state = session.state.as_deref();
                    journal.append(record::SESSION, |out| record::put_session(out, *id, name, until_ms, stamp, state));
                }
            }
        }
        for (key, value) in &shelf.notes {
            write_note(journal, key, Some(value));
        }
    }
}

fn put_targets(out: &mut Vec<u8>, targets: &[Target]) {
    put_u64(out, targets.len() as u64);
    targets.iter().for_each(|target| record::put_target(out, target));
}

fn write_store(shelf: &Shelf, journal: &mut Journal) {
    journal.append(record::STORE, |out| {
        out.extend_from_slice(shelf.secret.as_bytes());
        put_u64(out, u64::from(shelf.epoch));
        put_u64(out, u64::from(shelf.next_entity));
    });
}

fn write_entity(shelf: &Shelf, journal: &mut Journal, id: u32) {
    let Some(entity) = shelf.entities.get(&id) else { return };
    // Names, numbers and texts: there is nothing in it that JSON cannot say.
    let json = serde_json::to_vec(&entity.description).unwrap_or_default();
    journal.append(record::ENTITY, |out| {
        put_u64(out, u64::from(id));
        put_u64(out, entity.next_sequence);
        put_bytes(out, &json);
    });
}

pub(super) fn write_note(journal: &mut Journal, key: &str, value: Option<&[u8]>) {
    journal.append(record::NOTE, |out| {
        put_bytes(out, key.as_bytes());
        record::put_optional(out, value);
    });
}

/// The session id of a message's bytes.
pub(super) fn session_of(message: &[u8]) -> Option<String> {
    super::codec::message(&mut Reader(message))?.0.system.session_id
}
