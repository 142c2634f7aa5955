//! What a queue, topic or subscription is told to do, with the bounds of each setting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::filter::FilterSpec;

/// A day in milliseconds.
const DAY_MS: u64 = 86_400_000;
/// Bounds of a lock.
pub const LOCK_MS: std::ops::RangeInclusive<u32> = 5_000..=300_000;
/// Bounds of a duplicate window.
pub const DUPLICATE_WINDOW_MS: std::ops::RangeInclusive<u64> = 20_000..=7 * DAY_MS;
/// The duplicate window where one is asked for without a length.
pub const DEFAULT_DUPLICATE_WINDOW_MS: u64 = 600_000;
/// Filters of a subscription at most.
const MAX_FILTERS: usize = 100;

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Messages wait here for whoever takes them first.
    Queue,
    /// Messages are copied to the subscriptions that want them.
    Topic,
    /// A queue that gets its messages from a topic; its name is `TOPIC/subscriptions/NAME`.
    Subscription,
}

/// Settings. Each is checked against its bounds when an entity is created or changed; those that make no sense for its
/// kind must be left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a received message is locked: 5,000 to 300,000.
    pub lock_ms: u32,
    /// Deliveries after which a message goes to the dead-letter queue; 0: never.
    pub max_deliveries: u32,
    /// How long a message may wait, at most and unless it says less; 0: for ever.
    pub time_to_live_ms: u64,
    /// Whether expired messages go to the dead-letter queue; else they are dropped.
    pub dead_letter_expired: bool,
    /// How long message ids are remembered, 20,000 to 604,800,000; 0: no duplicates are looked for.
    pub duplicate_window_ms: u64,
    /// Whether messages belong to sessions and are taken session by session.
    pub sessions: bool,
    /// Where messages are forwarded to as they are sent; empty: nowhere.
    pub forward_to: String,
    /// Messages that may wait here, at most; 0: as many as the store takes.
    pub max_messages: u64,
    /// Which messages of the topic a subscription wants: those that any of them accepts; none: all.
    pub filters: Vec<FilterSpec>,
}

impl Default for Settings {
    /// The enterprise queue's.
    fn default() -> Self {
        Self {
            lock_ms: 30_000,
            max_deliveries: 10,
            time_to_live_ms: 0,
            dead_letter_expired: false,
            duplicate_window_ms: 0,
            sessions: false,
            forward_to: String::new(),
            max_messages: 0,
            filters: Vec::new(),
        }
    }
}

impl Settings {
    /// The task queue's: no dead letters, messages live as long as each says.
    #[must_use]
    pub fn task() -> Self {
        Self { max_deliveries: 0, ..Self::default() }
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`Refusal::BadSettings`] or [`Refusal::BadFilter`].
    pub fn check(&self, kind: Kind) -> Result<(), Refusal> {
        let bad = |detail: String| Err(Refusal::BadSettings { detail });
        if !LOCK_MS.contains(&self.lock_ms) {
            return bad(format!("lock_ms is {}, but must be {} to {}", self.lock_ms, LOCK_MS.start(), LOCK_MS.end()));
        }
        let window = self.duplicate_window_ms;
        if window != 0 && !DUPLICATE_WINDOW_MS.contains(&window) {
            let (least, most) = (DUPLICATE_WINDOW_MS.start(), DUPLICATE_WINDOW_MS.end());
            return bad(format!("duplicate_window_ms is {window}, but must be 0 or {least} to {most}"));
        }
        if self.time_to_live_ms > i64::MAX.unsigned_abs() / 2 {
            return bad(format!("time_to_live_ms is {}; use 0 for no limit", self.time_to_live_ms));
        }
        if kind != Kind::Subscription && !self.filters.is_empty() {
            return bad("filters are for subscriptions".into());
        }
        if kind == Kind::Topic && (self.sessions || !self.forward_to.is_empty() || self.max_messages != 0) {
            return bad("sessions, forward_to and max_messages are for queues and subscriptions".into());
        }
        if self.sessions && !self.forward_to.is_empty() {
            return bad("an entity with sessions cannot forward".into());
        }
        if self.filters.len() > MAX_FILTERS {
            return bad(format!("{} filters, but at most {MAX_FILTERS}", self.filters.len()));
        }
        self.filters.iter().try_for_each(FilterSpec::check)
    }

    /// When a message that is enqueued now expires; `None`: never.
    pub(super) fn expires_ms(&self, own: Option<u64>, now_ms: i64) -> Option<i64> {
        let limit = (self.time_to_live_ms != 0).then_some(self.time_to_live_ms);
        let live = match (own, limit) {
            (Some(own), Some(limit)) => own.min(limit),
            (own, limit) => own.or(limit)?,
        };
        now_ms.checked_add_unsigned(live).filter(|at| *at != i64::MAX)
    }
}

/// An entity as it is described and listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Its name as it was created.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is told to do.
    pub settings: Settings,
    /// The user's own metadata.
    pub metadata: BTreeMap<String, String>,
    /// What a face keeps with it, such as stored access policies; opaque here.
    pub face: String,
    /// When it was created, in milliseconds since the epoch.
    pub created_ms: i64,
}
