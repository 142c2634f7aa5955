//! The store through its public interface: documents, queries, change feed, exports.

mod documents;
mod export;
mod faults;
mod feed;
mod query;

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tollgate_sinks::event::{Event, EventKind, Review};
use tollgate_sinks::store::Store;
use tollgate_sinks::{CloudEvent, Place, Published};
use uuid::Uuid;

use crate::common;

const CACHE: usize = 16 << 20;

fn open(dir: &Path) -> Store {
    Store::open(&dir.join("store.redb"), CACHE).expect("the store opens")
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
}

/// An event as it lies in the hub: the nth of partition 0, appended at that second.
fn published(event: &Event, n: u64, crop: &[u8]) -> Published {
    let mut json = Vec::new();
    event.write_json(&mut json).expect("JSON");
    let cloud = CloudEvent::from_json(&json).expect("an event");
    Published {
        place: Place { partition: 0, offset: n },
        appended_ms: at(n as i64).timestamp_millis(),
        event: Arc::new(cloud),
        json: json.into(),
        crop: crop.into(),
    }
}

/// Brings events in, in their order.
fn apply(store: &Store, events: &[Event]) -> u64 {
    let items: Vec<_> = events.iter().zip(0..).map(|(event, n)| published(event, n, b"")).collect();
    store.apply(&items).expect("the store takes it")
}

/// A read of this plate on that lane.
fn read(n: usize, plate: &str, lane: &str) -> Event {
    let mut event = common::event_of(n, EventKind::Processed);
    event.data.license_plate_text = plate.into();
    event.data.lane = Some(lane.into());
    event
}

fn check(n: usize, partial: &str) -> Event {
    let mut event = common::event_of(n, EventKind::ManualCheck);
    event.data.license_plate_text = partial.into();
    event
}

/// What a person says to a manual check; `None`: unreadable.
fn review(check: &Event, text: Option<&str>) -> Event {
    let mut event = check.clone();
    event.id = Event::review_id(check.id);
    event.kind = EventKind::Reviewed;
    event.data.review = Some(Review {
        event_id: check.id,
        reviewer: "Ann".into(),
        reviewed_at: at(500),
        unreadable: text.is_none(),
        partial_text: check.data.license_plate_text.clone(),
        confidence: check.data.confidence,
    });
    event.data.license_plate_found = text.is_some();
    event.data.license_plate_text = text.unwrap_or_default().into();
    event.data.confidence = 1.0;
    event
}

fn ids(documents: &[tollgate_sinks::store::Document]) -> Vec<Uuid> {
    documents.iter().map(|document| document.event_id).collect()
}
