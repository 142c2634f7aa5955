//! The event's JSON is CloudEvents 1.0, comes back as it went, and never holds what JSON cannot say.

use serde_json::Value;
use tollgate_sinks::Event;
use tollgate_sinks::event::{EVENT_NAMESPACE, EventKind};
use uuid::Uuid;

use crate::common;

fn json(event: &Event) -> String {
    let mut bytes = Vec::new();
    event.write_json(&mut bytes).expect("events can be written");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

#[test]
fn a_read_has_the_attributes_of_cloudevents_and_the_labs_fields() {
    let event = common::event_of(1, EventKind::Processed);
    let value: Value = serde_json::from_str(&json(&event)).unwrap();
    assert_eq!(value["specversion"], "1.0");
    assert_eq!(value["type"], "LicensePlate.Processed");
    assert_eq!(value["datacontenttype"], "application/json");
    assert_eq!(value["source"], "file:///photos/lane%201/1.jpg");
    assert_eq!(value["subject"], "lane 1/photo, \"1\".jpg");
    assert_eq!(value["time"], "2024-05-01T06:30:02.000123Z");
    assert_eq!(value["id"], event.id.to_string());
    let data = &value["data"];
    assert_eq!(data["fileName"], "photo, \"1\".jpg");
    assert_eq!(data["licensePlateText"], event.data.license_plate_text);
    assert_eq!(data["licensePlateFound"], true);
    assert_eq!(data["timeStamp"], value["time"]);
    assert_eq!(data["timeSource"], "name");
    assert_eq!(data["detection"]["box"][2], 180.0);
    assert_eq!(data["detection"]["corners"][2][0], 781.5);
    assert_eq!(data["models"][1]["role"], "reader");
    assert_eq!(data["timings"]["judgeMs"], 0.0625);
    assert_eq!(data["reason"], Value::Null);
}

#[test]
fn every_kind_comes_back_as_it_went() {
    for n in 0..200 {
        let event = common::event(n);
        let written = json(&event);
        let back = Event::from_json(written.as_bytes()).unwrap();
        assert_eq!(back, event);
        assert_eq!(json(&back), written, "written again, it is the same bytes");
        assert!(!written.contains('\n'), "an event is one line");
    }
}

#[test]
fn what_is_not_finite_is_written_as_zero() {
    let mut event = common::event_of(5, EventKind::Processed);
    event.data.confidence = f32::NAN;
    event.data.char_confidences[2] = f32::INFINITY;
    event.data.timings.read_ms = f32::NEG_INFINITY;
    let detection = event.data.detection.as_mut().unwrap();
    detection.bounds[1] = f32::NAN;
    detection.corners[3][1] = f32::NAN;
    event.data.weak_sightings[0].bounds[0] = f32::NAN;
    let back = Event::from_json(json(&event).as_bytes()).unwrap();
    assert_eq!(back.data.confidence, 0.0);
    assert_eq!(back.data.char_confidences[2], 0.0);
    assert_eq!(back.data.char_confidences[1], event.data.char_confidences[1]);
    assert_eq!(back.data.timings.read_ms, 0.0);
    assert_eq!(back.data.detection.unwrap().bounds[1], 0.0);
    assert_eq!(back.data.detection.unwrap().corners[3][1], 0.0);
    assert_eq!(back.data.weak_sightings[0].bounds[0], 0.0);
}

#[test]
fn ids_depend_on_position_and_plate_alone_and_never_change() {
    assert_eq!(EVENT_NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"tollgate:event"));
    let id = Event::id_for("file:///photos/a.jpg", 0);
    assert_eq!(id, Event::id_for("file:///photos/a.jpg", 0));
    assert_eq!(id.to_string(), "4be773dc-42fd-519f-b9c9-0ba97b62a1d6");
    let others = [Event::id_for("file:///photos/a.jpg", 1), Event::id_for("file:///photos/b.jpg", 0)];
    assert!(!others.contains(&id));
    assert_eq!(id.get_version_num(), 5);
}

#[test]
fn what_is_no_event_of_ours_is_refused() {
    let good = json(&common::event(0));
    for (from, to) in
        [("\"1.0\"", "\"0.3\""), ("LicensePlate.Processed", "LicensePlate.Unknown"), ("\"time\"", "\"Time\"")]
    {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(Event::from_json(bad.as_bytes()).is_err(), "{to}");
    }
}
