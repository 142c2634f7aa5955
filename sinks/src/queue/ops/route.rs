//! Where a message goes: forwarding, and the subscriptions of a topic.

use super::super::book::Book;
use super::super::message::{DeadLetter, Message};
use super::super::name;

/// Forwards from entity to entity at most; then the message goes to the dead-letter queue.
const MAX_HOPS: usize = 4;

/// A place that a message goes to.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) entity: u32,
    /// It goes to the dead-letter queue, and why.
    pub(super) why: Option<DeadLetter>,
}

fn dead(reason: &str, description: String) -> Option<DeadLetter> {
    Some(DeadLetter { reason: reason.into(), description })
}

impl Book {
    /// The places that a message goes to from an entity on: none where no subscription wants it.
    pub(super) fn route(&self, entity: u32, message: &Message) -> Vec<Stop> {
        let mut stops = Vec::with_capacity(1);
        self.visit(entity, message, 0, &mut stops);
        stops
    }

    fn visit(&self, id: u32, message: &Message, hops: usize, stops: &mut Vec<Stop>) {
        let Some(entity) = self.shelf.entities.get(&id) else { return };
        if entity.is_topic() {
            for subscription in &entity.subscriptions {
                let filters = self.shelf.entities.get(subscription).map_or(&[][..], |one| &one.filters);
                if filters.is_empty() || filters.iter().any(|filter| filter.accepts(message)) {
                    self.visit(*subscription, message, hops, stops);
                }
            }
            return;
        }
        let forward = &entity.description.settings.forward_to;
        if forward.is_empty() {
            let unfit = entity.description.settings.sessions && message.system.session_id.is_none();
            let why = unfit.then(|| dead("Session ID is null", "the queue has sessions, the message none".into()));
            return stops.push(Stop { entity: id, why: why.flatten() });
        }
        let next = self.shelf.names.get(name::address(forward).key.as_ref());
        match next {
            Some(next) if hops < MAX_HOPS => self.visit(*next, message, hops + 1, stops),
            Some(_) => {
                let why = dead("MaxTransferHopCountExceeded", format!("forwarded {MAX_HOPS} times"));
                stops.push(Stop { entity: id, why });
            }
            None => {
                let why = dead("ForwardTargetMissing", format!("there is no {forward:?} to forward to"));
                stops.push(Stop { entity: id, why });
            }
        }
    }
}
