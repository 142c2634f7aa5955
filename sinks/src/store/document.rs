//! What the store holds of an event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Candidate, Event, EventKind, Reason, Region, Review, TimeSource};
use crate::finite;

/// A document: one an event, known by the event's id. Names are those of the tollbooth lab where it has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Id of the event, and of the document.
    pub event_id: Uuid,
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: DocumentKind,
    /// File name as the source gave it.
    pub file_name: String,
    /// The plate; in a manual check the partial text.
    pub license_plate_text: String,
    /// When the photo was taken: never when the document was written or exported.
    pub time_stamp: DateTime<Utc>,
    /// Where the capture time came from.
    pub time_source: TimeSource,
    /// In a `Processed` document: whether an export has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<bool>,
    /// Name of that export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported_in: Option<String>,
    /// In a `NeedsManualReview` document: whether a person has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<bool>,
    /// How sure the text is: its least sure character, 0 to 1. What a person read is 1.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
    /// Booth or lane.
    pub lane: Option<String>,
    /// URI of the record it came from.
    pub source: String,
    /// Country or state the reader believes in.
    pub region: Option<Region>,
    /// Up to 5 texts, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// Why a person must look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What a person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Whether the picture of the plate is kept with it.
    #[serde(default)]
    pub crop: bool,
}

/// Kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DocumentKind {
    /// A plate that is known, by the reader or by a person: to be exported once.
    Processed,
    /// A plate that a person must look at.
    NeedsManualReview,
}

/// How a document came to its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// The reader was sure.
    Read,
    /// Nobody is sure.
    Manual,
    /// A person read it.
    Reviewed,
}

impl Band {
    /// The number that stands for it in the file. Never changes.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Read => 0,
            Self::Manual => 1,
            Self::Reviewed => 2,
        }
    }
}

impl Document {
    /// The document of an event; none for events that are about no plate.
    #[must_use]
    pub fn of(event: &Event, has_crop: bool) -> Option<Self> {
        let kind = match event.kind {
            EventKind::Processed => DocumentKind::Processed,
            EventKind::Reviewed if event.data.license_plate_found => DocumentKind::Processed,
            EventKind::ManualCheck => DocumentKind::NeedsManualReview,
            EventKind::Reviewed | EventKind::Rejected => return None,
        };
        let processed = kind == DocumentKind::Processed;
        Some(Self {
            kind,
            exported: processed.then_some(false),
            resolved: (!processed).then_some(false),
            reason: (!processed).then(|| event.data.reason.clone()).flatten(),
            review: event.data.review.clone(),
            crop: has_crop,
            ..Self::base(event)
        })
    }

    /// The manual check that a review answers, as far as the review tells: for when the check itself comes later.
    #[must_use]
    pub(super) fn answered(event: &Event, review: &Review) -> Self {
        Self {
            event_id: review.event_id,
            license_plate_text: review.partial_text.clone(),
            confidence: review.confidence,
            resolved: Some(true),
            reason: event.data.reason.clone(),
            review: Some(review.clone()),
            ..Self::base(event)
        }
    }

    fn base(event: &Event) -> Self {
        let data = &event.data;
        Self {
            event_id: event.id,
            kind: DocumentKind::NeedsManualReview,
            file_name: data.file_name.clone(),
            license_plate_text: data.license_plate_text.clone(),
            time_stamp: data.time_stamp,
            time_source: data.time_source,
            exported: None,
            exported_in: None,
            resolved: None,
            confidence: data.confidence,
            lane: data.lane.clone(),
            source: event.source.clone(),
            region: data.region.clone(),
            candidates: data.candidates.clone(),
            reason: None,
            review: None,
            crop: false,
        }
    }

    /// How it came to its text.
    #[must_use]
    pub fn band(&self) -> Band {
        match self.kind {
            DocumentKind::NeedsManualReview => Band::Manual,
            DocumentKind::Processed if self.review.is_some() => Band::Reviewed,
            DocumentKind::Processed => Band::Read,
        }
    }
}
