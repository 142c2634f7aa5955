//! Handing out and answering.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::config::ReviewConfig;
use super::event::reviewed;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::failpoint;
use crate::manual::{Answer, Locked, ManualQueue};

/// Appends an event to the results hub; returns when it is durable.
pub type Publish = Arc<dyn Fn(&Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

/// How long an item is kept for an answer that is on its way to the disk.
const ANSWERING: TimeDelta = TimeDelta::seconds(60);

/// What a plate's text may be, as the judge has it: A–Z and 0–9, of so many characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRules {
    /// At least.
    pub min_chars: usize,
    /// At most.
    pub max_chars: usize,
}

impl TextRules {
    /// The text as it is kept: in upper case, without spaces, hyphens and dots; none where it is no plate's.
    #[must_use]
    pub fn apply(&self, text: &str) -> Option<String> {
        // Bounded before anything is made of it: a plate with a space behind each character.
        if text.len() > 4 * self.max_chars {
            return None;
        }
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '·'));
        let plate: String = kept.map(|c| c.to_ascii_uppercase()).collect();
        let fits = (self.min_chars..=self.max_chars).contains(&plate.len())
            && plate.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        fits.then_some(plate)
    }
}

/// The manual checks of a server, with the way back for answers.
pub struct Reviews {
    queue: Arc<ManualQueue>,
    publish: Publish,
    pub(super) config: ReviewConfig,
    pub(super) rules: TextRules,
}

impl Reviews {
    /// Reviews of what is in `queue`.
    #[must_use]
    pub fn new(queue: Arc<ManualQueue>, publish: Publish, config: ReviewConfig, rules: TextRules) -> Self {
        Self { queue, publish, config, rules }
    }

    /// Locks the next item for who asks; with it, how many are not answered yet.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub fn next(&self, now: DateTime<Utc>) -> Result<(Option<Locked>, u64)> {
        let locked = self.queue.receive(now, self.lock_for())?;
        let counts = self.queue.counts()?;
        Ok((locked, counts.waiting + counts.locked))
    }

    /// Lengthens a reviewer's lock.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`], [`Error::Queue`].
    pub fn renew(&self, id: Uuid, token: Uuid, now: DateTime<Utc>) -> Result<Locked> {
        self.queue.renew(id, token, now, self.lock_for())
    }

    /// Gives an item back.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`], [`Error::Queue`].
    pub fn abandon(&self, id: Uuid, token: Uuid) -> Result<()> {
        self.queue.abandon(id, token)
    }

    /// Makes an answer an event, durably, and then completes the item. Returns the event's id.
    ///
    /// # Errors
    /// [`Error::UnknownItem`], [`Error::LockLost`], [`Error::Publish`] (the item stays locked), [`Error::Queue`].
    pub fn answer(&self, id: Uuid, token: Uuid, answer: &Answer, reviewer: &str, now: DateTime<Utc>) -> Result<Uuid> {
        // Nobody else gets the item before this answer is durable, or has failed.
        let locked = self.queue.renew(id, token, now, ANSWERING.max(self.lock_for()))?;
        let event = reviewed(&locked.item, answer, reviewer, now);
        failpoint::reach("review.answered");
        (self.publish)(&event).map_err(|source| Error::Publish { source })?;
        failpoint::reach("review.published");
        match self.queue.complete(id, token, answer, now) {
            // The sink was here first: it has met the event in the hub.
            Ok(()) | Err(Error::UnknownItem { .. }) => Ok(event.id),
            Err(error) => Err(error),
        }
    }

    fn lock_for(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::from(self.config.lock_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_the_rules_of_the_judge() {
        let rules = TextRules { min_chars: 4, max_chars: 8 };
        for (text, kept) in [
            ("abc123", Some("ABC123")),
            (" ABC-12.34 ", Some("ABC1234")),
            ("AB1", None),
            ("ABC123456", None),
            ("ABC12é", None),
            ("ABC<12", None),
            ("", None),
        ] {
            assert_eq!(rules.apply(text).as_deref(), kept, "{text:?}");
        }
        assert_eq!(rules.apply(&" ".repeat(1 << 20)), None);
    }
}
