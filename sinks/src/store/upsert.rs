//! From events to documents.

use redb::ReadableTable;

use super::document::{Document, DocumentKind};
use super::tables::Tables;
use crate::database::Done;
use crate::event::{Event, EventKind, Review};
use crate::published::Published;

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A document is new or another.
    Changed,
    /// All is as it was: a repeat.
    Same,
    /// No event about a plate, or one that is not in our form.
    Foreign,
}

impl Tables<'_> {
    /// Brings in one event of the results hub.
    pub(super) fn apply(&mut self, item: &Published) -> Done<Outcome> {
        let ours = [EventKind::Processed, EventKind::ManualCheck, EventKind::Reviewed];
        if !ours.iter().any(|kind| kind.as_str() == item.event.kind) {
            return Ok(Outcome::Foreign);
        }
        let event = match item.event.as_ours() {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(id = item.event.id, %error, "an event is not in our form; no document is made of it");
                return Ok(Outcome::Foreign);
            }
        };
        match event.data.review.clone() {
            Some(review) if event.kind == EventKind::Reviewed => self.review(&event, &review, item.appended_ms),
            None if event.kind == EventKind::Reviewed => Ok(Outcome::Foreign),
            _ => self.upsert(&event, &item.crop, item.appended_ms),
        }
    }

    fn upsert(&mut self, event: &Event, crop: &[u8], now_ms: i64) -> Done<Outcome> {
        let Some(new) = Document::of(event, !crop.is_empty()) else { return Ok(Outcome::Foreign) };
        let Some((number, old)) = self.find(event.id.as_u128())? else {
            self.insert(&new, crop, now_ms)?;
            return Ok(Outcome::Changed);
        };
        let new = Document { crop: old.crop, ..new };
        if old == new || self.is_settled(number, &old)? {
            return Ok(Outcome::Same);
        }
        self.replace(number, &old, &new, now_ms)?;
        Ok(Outcome::Changed)
    }

    /// Whether something has come of the document already that another reading must not undo or do again: a person has
    /// answered, or an export has taken it.
    fn is_settled(&self, number: u64, document: &Document) -> Done<bool> {
        Ok(match document.kind {
            DocumentKind::NeedsManualReview => document.resolved == Some(true),
            DocumentKind::Processed => document.review.is_some() || self.unexported.get(number)?.is_none(),
        })
    }

    /// Resolves the manual check, and makes the document of what the person read. The first answer stands.
    fn review(&mut self, event: &Event, review: &Review, now_ms: i64) -> Done<Outcome> {
        match self.find(review.event_id.as_u128())? {
            None => self.insert(&Document::answered(event, review), &[], now_ms)?,
            Some((_, old)) if old.resolved == Some(true) => return Ok(Outcome::Same),
            Some((number, old)) if old.kind == DocumentKind::NeedsManualReview => {
                let new = Document { resolved: Some(true), review: Some(review.clone()), ..old.clone() };
                self.replace(number, &old, &new, now_ms)?;
            }
            // Read anew in the meantime, and now sure: one passage must not be billed twice.
            Some((number, old)) => return self.correct(number, &old, event, review, now_ms),
        }
        match Document::of(event, false) {
            Some(read) if self.find(event.id.as_u128())?.is_none() => self.insert(&read, &[], now_ms)?,
            _ => {}
        }
        Ok(Outcome::Changed)
    }

    /// Puts a person's text into a document that is not exported yet.
    fn correct(&mut self, number: u64, old: &Document, event: &Event, review: &Review, now_ms: i64) -> Done<Outcome> {
        if review.unreadable || self.is_settled(number, old)? {
            return Ok(Outcome::Same);
        }
        let new = Document {
            license_plate_text: event.data.license_plate_text.clone(),
            confidence: event.data.confidence,
            review: Some(review.clone()),
            ..old.clone()
        };
        self.replace(number, old, &new, now_ms)?;
        Ok(Outcome::Changed)
    }
}
