//! A queue, topic or subscription in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use event_listener::Event;

use super::filter::Filter;
use super::lane::Lane;
use super::session::Sessions;
use super::settings::{Description, Kind};

/// Who listens for messages of the two lanes of an entity.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    main: Event,
    dead: Event,
}

impl Arrivals {
    pub(super) fn of(&self, dead: bool) -> &Event {
        if dead { &self.dead } else { &self.main }
    }
}

/// An entity.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) description: Description,
    pub(super) main: Lane,
    pub(super) dead: Lane,
    pub(super) sessions: Option<Sessions>,
    pub(super) seen: Seen,
    pub(super) next_sequence: u64,
    pub(super) arrivals: Arc<Arrivals>,
    /// A subscription's filters, compiled.
    pub(super) filters: Vec<Filter>,
    /// A topic's subscriptions.
    pub(super) subscriptions: Vec<u32>,
}

impl Entity {
    pub(super) fn new(description: Description) -> Self {
        let mut entity = Self {
            description: description.clone(),
            main: Lane::default(),
            dead: Lane::default(),
            sessions: None,
            seen: Seen::default(),
            next_sequence: 1,
            arrivals: Arc::default(),
            filters: Vec::new(),
            subscriptions: Vec::new(),
        };
        entity.describe(description);
        entity
    }

    /// Takes other settings.
    pub(super) fn describe(&mut self, description: Description) {
        // They were checked before they were written: what cannot be compiled accepts nothing.
        self.filters = description.settings.filters.iter().filter_map(|spec| Filter::compile(spec).ok()).collect();
        if description.settings.sessions && self.sessions.is_none() {
            self.sessions = Some(Sessions::default());
        }
        self.description = description;
    }

    pub(super) fn is_topic(&self) -> bool {
        self.description.kind == Kind::Topic
    }

    pub(super) fn lane(&self, dead: bool) -> &Lane {
        if dead { &self.dead } else { &self.main }
    }

    pub(super) fn lane_mut(&mut self, dead: bool) -> &mut Lane {
        if dead { &mut self.dead } else { &mut self.main }
    }
}

/// The message ids of a duplicate window, as hashes.
#[derive(Debug, Default)]
pub(super) struct Seen {
    until: HashMap<u128, i64>,
    order: VecDeque<(i64, u128)>,
}

impl Seen {
    /// Forgets what is out of the window.
    pub(super) fn forget(&mut self, now_ms: i64) {
        while let Some(&(until, hash)) = self.order.front()
            && until <= now_ms
        {
            self.order.pop_front();
            if self.until.get(&hash) == Some(&until) {
                self.until.remove(&hash);
            }
        }
    }

    /// Until when an id is remembered.
    pub(super) fn until(&self, hash: u128) -> Option<i64> {
        self.until.get(&hash).copied()
    }

    pub(super) fn insert(&mut self, hash: u128, until_ms: i64) {
        if self.until.insert(hash, until_ms) != Some(until_ms) {
            self.order.push_back((until_ms, hash));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}
