//! Sending: all messages of a call or none.

use std::borrow::Cow;

use uuid::Uuid;

use super::super::Refusal;
use super::super::book::{Book, LaneId};
use super::super::message::{DeadLetter, Message, Phase, Sent};
use super::super::record::Target;
use super::super::slots::{NEVER, Slot};
use super::route::Stop;

impl Book {
    /// Sends messages to a queue or topic.
    pub(in super::super) fn send(
        &mut self,
        to: LaneId,
        name: &str,
        messages: &[Message],
        now_ms: i64,
    ) -> Result<Vec<Sent>, Refusal> {
        if to.dead {
            return Err(Refusal::WrongKind { name: name.into(), detail: "nobody sends to a dead-letter queue" });
        }
        self.check_messages(to, name, messages)?;
        self.entity(to.entity)?.seen.forget(now_ms);
        Ok(messages.iter().map(|message| self.send_one(to.entity, message, now_ms)).collect())
    }

    fn check_messages(&mut self, to: LaneId, name: &str, messages: &[Message]) -> Result<(), Refusal> {
        let (limit, max_ids) = (self.options.max_message_bytes, self.options.max_duplicate_ids);
        let (live, most) = (self.journal.bytes().0, self.options.max_bytes);
        let entity = self.entity(to.entity)?;
        let settings = &entity.description.settings;
        for message in messages {
            let bytes = message.body.len().saturating_add(message.header_bytes());
            if bytes > limit {
                return Err(Refusal::TooLarge { what: "a message", bytes, limit });
            }
            if settings.sessions && message.system.session_id.is_none() {
                return Err(Refusal::SessionMismatch { name: name.into() });
            }
        }
        let max = settings.max_messages;
        if max != 0 && entity.main.slots().len() + messages.len() as u64 > max {
            return Err(Refusal::Full { detail: format!("{name:?} holds its max_messages of {max}") });
        }
        if settings.duplicate_window_ms != 0 && entity.seen.len() + messages.len() > max_ids {
            let detail = format!("the duplicate window of {name:?} holds max_duplicate_ids of {max_ids}");
            return Err(Refusal::Full { detail });
        }
        if live > most {
            return Err(Refusal::Full { detail: format!("the store holds max_bytes of {most}") });
        }
        Ok(())
    }

    fn send_one(&mut self, to: u32, message: &Message, now_ms: i64) -> Sent {
        let visible_ms = message.visible_ms.map_or(now_ms, |at| at.max(now_ms));
        let mut sent = Sent {
            id: message.id.clone(),
            sequence: None,
            token: Uuid::nil(),
            enqueued_ms: now_ms,
            visible_ms,
            expires_ms: None,
        };
        if self.is_duplicate(to, &message.id, now_ms) {
            return sent;
        }
        let why = (message.header_bytes() > self.options.max_header_bytes).then(|| DeadLetter {
            reason: "HeaderSizeExceeded".into(),
            description: format!("the properties are larger than {} bytes", self.options.max_header_bytes),
        });
        let stops = self.route(to, message);
        let mut targets = Vec::with_capacity(stops.len());
        for mut stop in stops {
            if stop.entity != to && self.is_duplicate(stop.entity, &message.id, now_ms) {
                continue;
            }
            stop.why = why.clone().or(stop.why);
            targets.extend(self.target(stop, message, now_ms, visible_ms));
        }
        let Some(first) = targets.first() else { return sent };
        let (entity, sequence) = (first.entity, first.sequence);
        sent.sequence = Some(sequence);
        sent.expires_ms = Some(first.slot.expires_ms).filter(|at| *at != NEVER);
        sent.token = self.token(entity, sequence, first.slot.stamp);
        let mut message = Cow::Borrowed(message);
        if message.id.is_empty() {
            sent.id = self.token(entity, sequence, u32::MAX).to_string();
            message.to_mut().id.clone_from(&sent.id);
        }
        let told: Vec<_> = targets.iter().map(|target| (target.entity, target.dead)).collect();
        self.put(targets, &message, now_ms);
        told.into_iter().for_each(|(entity, dead)| self.tell(entity, dead, 1));
        sent
    }

    /// Whether an id was seen within the window of an entity; remembers it if not.
    fn is_duplicate(&mut self, entity: u32, id: &str, now_ms: i64) -> bool {
        let Some(of) = self.shelf.entities.get_mut(&entity) else { return false };
        let window_ms = of.description.settings.duplicate_window_ms;
        if window_ms == 0 || id.is_empty() {
            return false;
        }
        of.seen.forget(now_ms);
        let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()).as_u128();
        if of.seen.until(hash).is_some() {
            return true;
        }
        self.remember(entity, hash, now_ms.saturating_add_unsigned(window_ms));
        false
    }

    /// The slot of a message in a queue that it goes to.
    fn target(&mut self, stop: Stop, message: &Message, now_ms: i64, visible_ms: i64) -> Option<Target> {
        let entity = self.shelf.entities.get_mut(&stop.entity)?;
        let sequence = entity.next_sequence;
        entity.next_sequence += 1;
        let later = visible_ms > now_ms && stop.why.is_none();
        let settings = &entity.description.settings;
        let slot = Slot {
            phase: if later { Phase::Scheduled } else { Phase::Ready },
            until_ms: if later { visible_ms } else { 0 },
            expires_ms: settings.expires_ms(message.time_to_live_ms, visible_ms).unwrap_or(NEVER),
            ..Slot::default()
        };
        let dead = stop.why.is_some();
        // Dead letters do not expire.
        let slot = if dead { Slot { expires_ms: NEVER, ..slot } } else { slot };
        Some(Target { entity: stop.entity, dead, sequence, slot, why: stop.why })
    }

    /// Tells those who wait for messages.
    pub(super) fn tell(&self, entity: u32, dead: bool, count: usize) {
        if let Some(entity) = self.shelf.entities.get(&entity) {
            entity.arrivals.of(dead).notify(event_listener::IntoNotification::additional(count));
        }
    }
}
