//! The event that an answer becomes.

use chrono::{DateTime, Utc};

use crate::event::{ContentType, Data, Event, EventKind, Review, SpecVersion, TimeSource, Timings};
use crate::manual::{Answer, Item};

/// `LicensePlate.Reviewed`: the manual check with the person's word in the place of the reader's.
pub(super) fn reviewed(item: &Item, answer: &Answer, reviewer: &str, now: DateTime<Utc>) -> Event {
    let asked = item.event.as_deref().cloned().unwrap_or_else(|| bare(item));
    let text = match answer {
        Answer::Text(text) => text.clone(),
        Answer::Unreadable => String::new(),
    };
    let known = *answer != Answer::Unreadable;
    let confidence = if known { 1.0 } else { 0.0 };
    let review = Review {
        event_id: item.event_id,
        reviewer: reviewer.into(),
        reviewed_at: now,
        unreadable: !known,
        partial_text: item.partial_text.clone(),
        confidence: item.confidence,
    };
    let data = Data {
        license_plate_found: known,
        license_plate_text: text,
        confidence,
        mean_confidence: confidence,
        review: Some(review),
        ..asked.data
    };
    Event { id: Event::review_id(item.event_id), kind: EventKind::Reviewed, data, ..asked }
}

/// The event of an item that was put without it: what the item tells.
fn bare(item: &Item) -> Event {
    let subject = item.lane.as_ref().map(|lane| format!("{lane}/{}", item.file_name));
    Event {
        specversion: SpecVersion::V1,
        id: item.event_id,
        source: item.position.clone(),
        kind: EventKind::ManualCheck,
        subject: subject.unwrap_or_else(|| item.file_name.clone()),
        time: item.capture_time,
        datacontenttype: ContentType::Json,
        data: Data {
            file_name: item.file_name.clone(),
            lane: item.lane.clone(),
            time_stamp: item.capture_time,
            time_source: TimeSource::Record,
            license_plate_found: false,
            license_plate_text: item.partial_text.clone(),
            raw_text: item.partial_text.clone(),
            confidence: item.confidence,
            mean_confidence: item.confidence,
            char_confidences: Vec::new(),
            candidates: item.candidates.clone(),
            region: None,
            plate_index: 0,
            plates_in_image: 0,
            detection: None,
            image: None,
            reason: item.reason.clone(),
            models: Vec::new(),
            timings: Timings::default(),
            weak_sightings: Vec::new(),
            review: None,
        },
    }
}
