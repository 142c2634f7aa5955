//! The event: one result of the flow as CloudEvents 1.0 in JSON (structured mode), the form every sink starts from.
//!
//! Field names inside `data` are camelCase; the first fields keep the names the tollbooth lab's consumers know
//! (`fileName`, `licensePlateText`, `timeStamp`, `licensePlateFound`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::finite;

/// Namespace of all event ids, itself the UUIDv5 of `tollgate:event` in the URL namespace of RFC 9562. Never changes:
/// ids already given to others must come out the same for ever.
pub const EVENT_NAMESPACE: Uuid = Uuid::from_u128(0x2dc7_cb9e_d4c7_5af8_adcb_3504_6076_4723);

/// Version of the CloudEvents specification. There is only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SpecVersion {
    /// CloudEvents 1.0.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// Media type of `data`. There is only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ContentType {
    /// `application/json`.
    #[default]
    #[serde(rename = "application/json")]
    Json,
}

/// What happened, as the CloudEvents `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A plate was read and can be trusted.
    #[serde(rename = "LicensePlate.Processed")]
    Processed,
    /// A plate was seen, but a person must confirm its text.
    #[serde(rename = "LicensePlate.ManualCheck")]
    ManualCheck,
    /// The image gave no plate, or could not be used; `data.reason` says why.
    #[serde(rename = "Image.Rejected")]
    Rejected,
    /// A person answered a manual check; `data.review` says which and how.
    #[serde(rename = "LicensePlate.Reviewed")]
    Reviewed,
}

impl EventKind {
    /// The CloudEvents `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "LicensePlate.Processed",
            Self::ManualCheck => "LicensePlate.ManualCheck",
            Self::Rejected => "Image.Rejected",
            Self::Reviewed => "LicensePlate.Reviewed",
        }
    }

    /// The short name of the band this kind stands for: `read`, `manual`, `rejected` or `reviewed`.
    pub fn band(self) -> &'static str {
        match self {
            Self::Processed => "read",
            Self::ManualCheck => "manual",
            Self::Rejected => "rejected",
            Self::Reviewed => "reviewed",
        }
    }
}

/// Where the capture time came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeSource {
    /// The image's EXIF block.
    Exif,
    /// The file's name.
    Name,
    /// The record itself (a stream's timestamp, a column, the file's own time).
    Record,
}

impl TimeSource {
    /// The name used in JSON and in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exif => "exif",
            Self::Name => "name",
            Self::Record => "record",
        }
    }
}

/// One result of the flow: a CloudEvents 1.0 event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Version of the specification.
    pub specversion: SpecVersion,
    /// [`Event::id_for`] of the source position and the plate: the same photo has the same ids in every replay.
    pub id: Uuid,
    /// URI of the record this came from (`file:///…`, or a log position).
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// `lane/file`.
    pub subject: String,
    /// Capture time, never the time of processing or export.
    pub time: DateTime<Utc>,
    /// Media type of `data`.
    pub datacontenttype: ContentType,
    /// What was found.
    pub data: Data,
}

/// What was found. Lengths are pixels of the upright full-size image, times milliseconds, confidences 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// File name as the source gave it.
    pub file_name: String,
    /// Booth or lane: the folder the photo lay in.
    pub lane: Option<String>,
    /// Capture time (equals the event's `time`).
    pub time_stamp: DateTime<Utc>,
    /// Where the capture time came from.
    pub time_source: TimeSource,
    /// True for [`EventKind::Processed`], and for [`EventKind::Reviewed`] with a text; else false.
    pub license_plate_found: bool,
    /// Plate text after the text rules; in a manual check, the partial text; in a review, what the person said.
    pub license_plate_text: String,
    /// Text as the reader gave it.
    pub raw_text: String,
    /// Confidence of the least sure character.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
    /// Mean over the characters.
    #[serde(serialize_with = "finite::one")]
    pub mean_confidence: f32,
    /// One confidence a character of `raw_text`.
    #[serde(serialize_with = "finite::many")]
    pub char_confidences: Vec<f32>,
    /// Up to 5 texts, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// Country or state the reader believes in.
    pub region: Option<Region>,
    /// Number of this plate in its image, from 0.
    pub plate_index: u32,
    /// Plates in the image; 0 for an image without.
    pub plates_in_image: u32,
    /// Where the plate is; none where nothing was detected.
    pub detection: Option<Detection>,
    /// Size of the image; none where it could not be decoded.
    pub image: Option<ImageSize>,
    /// Why the image was rejected, or why a person must look.
    pub reason: Option<Reason>,
    /// Models this result came from.
    pub models: Vec<ModelRef>,
    /// Time spent on it, by stage.
    pub timings: Timings,
    /// Sightings too weak to become plates of their own.
    pub weak_sightings: Vec<WeakSighting>,
    /// In a review: which manual check was answered, by whom and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// A person's answer to a manual check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Id of the event that asked.
    pub event_id: Uuid,
    /// Who answered, as they named themselves.
    pub reviewer: String,
    /// When they did.
    pub reviewed_at: DateTime<Utc>,
    /// True where they could not read it either; then there is no text.
    pub unreadable: bool,
    /// What the reader had made of it.
    pub partial_text: String,
    /// The confidence of that, 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
}

/// One possible text of a plate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The text.
    pub text: String,
    /// Its confidence, 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
}

/// Country or state of a plate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Name as the reader's class list gives it.
    pub name: String,
    /// Its confidence, 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
}

/// Where a plate is in its image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Detector score, 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub score: f32,
    /// `[x, y, width, height]` in pixels.
    #[serde(rename = "box", serialize_with = "finite::many")]
    pub bounds: [f32; 4],
    /// Corners `[x, y]` in pixels: top left, top right, bottom right, bottom left.
    #[serde(serialize_with = "finite::points")]
    pub corners: [[f32; 2]; 4],
}

/// Size of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Why something was rejected or must be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Short, stable code for programs, like `no_plate`.
    pub code: String,
    /// Sentence for people.
    pub detail: String,
}

/// What a model did for a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelRole {
    /// Found the plate.
    Detector,
    /// Gave the text that stands.
    Reader,
    /// Was asked as well, and its text does not stand.
    SecondReader,
}

/// A model that took part in a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRef {
    /// What it did.
    pub role: ModelRole,
    /// Its name.
    pub name: String,
    /// SHA-256 of its file, lower-case hex.
    pub sha256: String,
}

/// Milliseconds spent on the image, all its plates together, by stage.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Reading and decoding the image.
    #[serde(serialize_with = "finite::one")]
    pub decode_ms: f32,
    /// Finding plates.
    #[serde(serialize_with = "finite::one")]
    pub detect_ms: f32,
    /// Reading the plate.
    #[serde(serialize_with = "finite::one")]
    pub read_ms: f32,
    /// Judging the read.
    #[serde(serialize_with = "finite::one")]
    pub judge_ms: f32,
}

/// Something that looked like a plate, but not enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeakSighting {
    /// Detector score, 0 to 1.
    #[serde(serialize_with = "finite::one")]
    pub score: f32,
    /// `[x, y, width, height]` in pixels.
    #[serde(rename = "box", serialize_with = "finite::many")]
    pub bounds: [f32; 4],
    /// What was read there.
    pub text: String,
    /// Confidence of its least sure character.
    #[serde(serialize_with = "finite::one")]
    pub confidence: f32,
    /// Why it is no plate of its own (a code as in [`Reason::code`]).
    pub reason: String,
}

impl Event {
    /// Id of the event about plate `plate_index` of the record at `position` (its source URI): a UUIDv5, so that a
    /// repeat is recognised wherever it turns up.
    pub fn id_for(position: &str, plate_index: u32) -> Uuid {
        Uuid::new_v5(&EVENT_NAMESPACE, format!("{position}#{plate_index}").as_bytes())
    }

    /// Id of the review of the event with this id. There is one: whoever answers again says the same event again, so
    /// that a repeat is recognised.
    pub fn review_id(reviewed: Uuid) -> Uuid {
        Uuid::new_v5(&EVENT_NAMESPACE, format!("review:{reviewed}").as_bytes())
    }

    /// Appends the event as one line of JSON, without the line's end. A number that is not finite is written as 0,
    /// because JSON has none.
    ///
    /// # Errors
    /// [`Error::Json`]; `out` then holds a part of the event.
    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(out, self).map_err(Error::json("write an event"))
    }

    /// Reads an event from JSON.
    ///
    /// # Errors
    /// [`Error::Json`] when it is no event of ours.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(Error::json("read an event"))
    }

    /// The first model with this role.
    pub fn model(&self, role: ModelRole) -> Option<&ModelRef> {
        self.data.models.iter().find(|m| m.role == role)
    }
}
