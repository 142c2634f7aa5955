//! What the queue holds and hands out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Candidate, Event, Reason};
use crate::sink::Entry;

/// A plate to be checked by a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Id of its event, and of the item.
    pub event_id: Uuid,
    /// File name of the photo.
    pub file_name: String,
    /// URI of the record.
    pub position: String,
    /// Booth or lane.
    pub lane: Option<String>,
    /// Capture time.
    pub capture_time: DateTime<Utc>,
    /// What was read, unsure as it is.
    pub partial_text: String,
    /// 0 to 1: the least sure character.
    pub confidence: f32,
    /// Up to 5 texts, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// Why a person must look.
    pub reason: Option<Reason>,
    /// The event itself, from which the answer's is made; none in items put by older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<Event>>,
    /// JPEG of the plate; may be empty.
    #[serde(skip)]
    pub crop: Vec<u8>,
}

impl From<&Entry> for Item {
    fn from(entry: &Entry) -> Self {
        Self::new(&entry.event, &entry.crop)
    }
}

impl Item {
    /// The item of a manual check.
    #[must_use]
    pub fn new(event: &Event, crop: &[u8]) -> Self {
        let data = &event.data;
        Self {
            event_id: event.id,
            file_name: data.file_name.clone(),
            position: event.source.clone(),
            lane: data.lane.clone(),
            capture_time: event.time,
            partial_text: data.license_plate_text.clone(),
            confidence: data.confidence,
            candidates: data.candidates.clone(),
            reason: data.reason.clone(),
            event: Some(Box::new(event.clone())),
            crop: crop.to_vec(),
        }
    }
}

/// An item that is locked for its receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct Locked {
    /// The item.
    pub item: Item,
    /// Proof of this lock, for [`complete`](super::ManualQueue::complete) and [`abandon`](super::ManualQueue::abandon).
    /// It tells one delivery from another and is no secret: it can be worked out from the id and the delivery count.
    pub token: Uuid,
    /// When the lock ends, to the microsecond.
    pub locked_until: DateTime<Utc>,
    /// How often the item was handed out, this time included.
    pub delivery_count: u32,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// The plate says this.
    Text(String),
    /// Nobody could read it.
    Unreadable,
}

/// A completed item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    /// The item, its crop and its event left out.
    pub item: Item,
    /// What the person said.
    pub answer: Answer,
    /// When.
    pub completed_at: DateTime<Utc>,
    /// How often it was handed out.
    pub delivery_count: u32,
}

/// Sizes of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Items nobody has.
    pub waiting: u64,
    /// Items handed out, also those whose lock has ended and that nobody has asked for since.
    pub locked: u64,
    /// Items answered.
    pub completed: u64,
}

/// What happened elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A person must look at this.
    Put(Item),
    /// A person has answered.
    Settle(Completed),
}
