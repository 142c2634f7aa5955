//! Faults of the lab's code (SYSTEMS.md), each a test.

use serde_json::{Value, json};
use tollgate_sinks::store::Document;

use super::{apply, at, check, open, read, review};
use crate::common;

fn shown(document: &Document) -> Value {
    serde_json::to_value(document).expect("JSON")
}

#[test]
fn documents_carry_no_event_id() {
    let dir = common::scratch();
    let store = open(dir.path());
    let event = read(1, "ABC123", "7");
    apply(&store, &[event.clone(), event.clone()]);
    let waiting = store.unexported(9).unwrap();
    assert_eq!(waiting.len(), 1, "a redelivery bills once");
    assert_eq!(shown(&waiting[0])["eventId"], json!(event.id));
    let document = shown(&waiting[0]);
    let lab = ["fileName", "licensePlateText", "timeStamp", "exported"].map(|name| &document[name]);
    assert_eq!(lab, [&json!(event.data.file_name), &json!("ABC123"), &json!(event.data.time_stamp), &json!(false)]);
}

#[test]
fn the_manual_review_document_drops_the_partial_text_and_has_no_confidence() {
    let dir = common::scratch();
    let store = open(dir.path());
    let event = check(2, "AB?1");
    apply(&store, std::slice::from_ref(&event));
    let document = shown(&store.document(event.id).unwrap().unwrap());
    assert_eq!(document["type"], "NeedsManualReview");
    assert_eq!((&document["licensePlateText"], &document["resolved"]), (&json!("AB?1"), &json!(false)));
    assert!((document["confidence"].as_f64().unwrap() - f64::from(event.data.confidence)).abs() < 1e-6);
    assert!(event.data.confidence > 0.0);
    assert_eq!(document["candidates"], json!(event.data.candidates));
}

#[test]
fn the_exported_timestamp_is_the_last_modified_time() {
    let dir = common::scratch();
    let store = open(dir.path());
    let (plate, asked) = (read(1, "ABC123", "7"), check(2, "XY"));
    apply(&store, &[plate.clone(), asked.clone()]);
    // Modified later, by a review and by an earlier export.
    apply(&store, &[review(&asked, Some("XYZ789"))]);
    let export = store.export_batch("a.csv", 9, at(900)).unwrap().unwrap();
    let times: Vec<_> = export.rows.iter().map(|row| row.time_stamp).collect();
    assert_eq!(times, [plate.time, asked.time], "the time of the capture");
    store.mark_exported("a.csv", at(901)).unwrap();
    assert_eq!(store.document(plate.id).unwrap().unwrap().time_stamp, plate.time);
}
