//! From events to documents.

use tollgate_sinks::event::EventKind;
use tollgate_sinks::store::{Band, DocumentKind, Start, StoreSink};
use tollgate_sinks::{Cursor, Sink};

use super::{apply, at, check, open, published, read, review};
use crate::common;

#[test]
fn a_document_survives_a_reopen_with_its_picture_and_the_cursor() {
    let dir = common::scratch();
    let store = std::sync::Arc::new(open(dir.path()));
    let event = check(3, "AB1");
    let mut sink = StoreSink::new(std::sync::Arc::clone(&store));
    assert_eq!(sink.resume(Cursor::from([(0, 4), (1, 7)])).unwrap(), Cursor::from([(0, 4), (1, 7)]));
    sink.write(&[published(&event, 9, b"picture")]).unwrap();
    assert_eq!(store.document(event.id).unwrap(), None, "nothing shows before the sync");
    sink.sync().unwrap();
    drop((sink, store));

    let store = std::sync::Arc::new(open(dir.path()));
    let document = store.document(event.id).unwrap().unwrap();
    assert_eq!(
        (document.kind, document.resolved, document.exported),
        (DocumentKind::NeedsManualReview, Some(false), None)
    );
    assert_eq!(store.crop(event.id).unwrap().as_deref(), Some(&b"picture"[..]));
    // The store's own place is newer than the checkpoint.
    let resumed = StoreSink::new(store).resume(Cursor::from([(0, 4), (1, 7)])).unwrap();
    assert_eq!(resumed, Cursor::from([(0, 10), (1, 7)]));
}

#[test]
fn a_repeat_changes_nothing_not_even_the_feed() {
    let dir = common::scratch();
    let store = open(dir.path());
    let events = [read(1, "ABC123", "7"), check(2, "XY"), review(&check(2, "XY"), Some("XYZ789"))];
    assert_eq!(apply(&store, &events), 3);
    let before = store.changes(store.token(Start::Beginning).unwrap(), 99).unwrap();
    assert_eq!(apply(&store, &events), 0);
    assert_eq!(apply(&store, &[events[2].clone(), events[1].clone(), events[0].clone()]), 0);
    assert_eq!(store.changes(store.token(Start::Beginning).unwrap(), 99).unwrap(), before);
    assert_eq!(store.unexported_count().unwrap(), 2);
}

#[test]
fn a_better_reading_takes_the_place_of_the_older_until_it_is_settled() {
    let dir = common::scratch();
    let store = open(dir.path());
    let (first, second) = (read(1, "ABC123", "7"), read(1, "ABC128", "7"));
    apply(&store, std::slice::from_ref(&first));
    assert_eq!(apply(&store, std::slice::from_ref(&second)), 1);
    assert_eq!(store.document(first.id).unwrap().unwrap().license_plate_text, "ABC128");
    store.export_batch("one.csv", 9, at(0)).unwrap().unwrap();
    // Claimed: what is in the file and what is in the store stay the same.
    assert_eq!(apply(&store, std::slice::from_ref(&first)), 0);
    store.mark_exported("one.csv", at(1)).unwrap();
    assert_eq!(apply(&store, std::slice::from_ref(&first)), 0);
    let document = store.document(first.id).unwrap().unwrap();
    assert_eq!((document.license_plate_text.as_str(), document.exported), ("ABC128", Some(true)));
}

#[test]
fn a_review_resolves_its_check_and_becomes_a_plate_of_its_own() {
    let dir = common::scratch();
    let store = open(dir.path());
    let (asked, answered) = (check(2, "XY"), review(&check(2, "XY"), Some("XYZ789")));
    apply(&store, &[asked.clone(), answered.clone()]);
    let check = store.document(asked.id).unwrap().unwrap();
    assert_eq!((check.resolved, check.license_plate_text.as_str()), (Some(true), "XY"));
    let plate = store.document(answered.id).unwrap().unwrap();
    assert_eq!((plate.kind, plate.band(), plate.exported), (DocumentKind::Processed, Band::Reviewed, Some(false)));
    assert_eq!((plate.license_plate_text.as_str(), plate.time_stamp), ("XYZ789", asked.time));
    assert_eq!(
        plate.review.as_ref().map(|review| (review.event_id, review.partial_text.as_str())),
        Some((asked.id, "XY"))
    );
    // Whoever answers a second time comes too late.
    let mut later = review(&asked, Some("XYZ780"));
    later.data.confidence = 0.5;
    assert_eq!(apply(&store, &[later]), 0);
    assert_eq!(store.document(answered.id).unwrap().unwrap(), plate);
}

#[test]
fn what_nobody_can_read_is_resolved_and_never_exported() {
    let dir = common::scratch();
    let store = open(dir.path());
    let asked = check(2, "XY");
    apply(&store, &[asked.clone(), review(&asked, None)]);
    let check = store.document(asked.id).unwrap().unwrap();
    assert_eq!((check.resolved, check.review.unwrap().unreadable), (Some(true), true));
    assert_eq!(store.unexported_count().unwrap(), 0);
    assert_eq!(store.document(review(&asked, None).id).unwrap(), None);
}

/// Partitions of the hub are read in turn: an answer may be seen before its question.
#[test]
fn an_answer_may_come_before_its_question() {
    let dir = common::scratch();
    let store = open(dir.path());
    let asked = check(2, "XY");
    apply(&store, &[review(&asked, Some("XYZ789"))]);
    assert_eq!(apply(&store, std::slice::from_ref(&asked)), 0);
    assert_eq!(store.document(asked.id).unwrap().unwrap().resolved, Some(true));
    assert_eq!(store.unexported_count().unwrap(), 1);
}

/// A photo that was read anew by a better net while a person was looking at it is one passage.
#[test]
fn a_check_that_became_a_read_is_billed_once_whatever_a_person_says() {
    let dir = common::scratch();
    let store = open(dir.path());
    let asked = check(2, "XY");
    let mut read = asked.clone();
    (read.kind, read.data.license_plate_text) = (EventKind::Processed, "XYZ780".into());
    apply(&store, &[asked.clone(), read, review(&asked, Some("XYZ789"))]);
    let waiting = store.unexported(9).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].event_id, waiting[0].license_plate_text.as_str()), (asked.id, "XYZ789"));
}

#[test]
fn rejections_and_foreign_events_make_no_document() {
    let dir = common::scratch();
    let store = open(dir.path());
    let rejected = common::event_of(1, EventKind::Rejected);
    let mut shapeless = published(&read(2, "ABC123", "1"), 1, b"");
    let json = br#"{"specversion":"1.0","id":"1","source":"s","type":"LicensePlate.Processed","data":{"a":1}}"#;
    shapeless.event = std::sync::Arc::new(tollgate_sinks::CloudEvent::from_json(json).unwrap());
    assert_eq!(store.apply(&[published(&rejected, 0, b""), shapeless]).unwrap(), 0);
    assert_eq!(store.cursor().unwrap(), Cursor::from([(0, 2)]), "they are passed over, once");
}
