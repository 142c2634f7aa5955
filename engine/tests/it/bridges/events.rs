//! Made-up events, and what must be found of them behind a broker.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Value, json};

use super::reader::Received;
use crate::serve::Server;

/// Lanes of the events: event `n` is of lane `n % 4`.
const LANES: usize = 4;

fn event(n: usize) -> Value {
    json!({
        "specversion": "1.0", "id": format!("id-{n}"), "source": format!("hub:images/0/{n}"),
        "type": "LicensePlate.Processed", "subject": format!("{}/{n}.jpg", n % LANES), "time": "2026-11-22T06:00:00Z",
        "datacontenttype": "application/json",
        "data": { "lane": (n % LANES).to_string(), "licensePlateText": format!("BKW{n}"), "n": n }
    })
}

/// Puts events into the results hub, those of a lane in one partition; they are durable then.
pub(super) fn produce(server: &Server, range: Range<usize>) {
    for partition in 0..2 {
        let here = range.clone().filter(|n| n % LANES % 2 == partition);
        let batch: Vec<Value> = here.map(|n| json!({ "Body": event(n) })).collect();
        put(server, partition, &batch);
    }
}

/// Puts one event with so many bytes of data into the results hub.
pub(super) fn produce_large(server: &Server, bytes: usize) {
    let mut large = event(0);
    large["id"] = "large".into();
    large["data"]["note"] = "x".repeat(bytes).into();
    put(server, 0, &[json!({ "Body": large })]);
}

fn put(server: &Server, partition: usize, batch: &[Value]) {
    let answer = ureq::post(format!("{}/results/messages?partition={partition}", server.http()))
        .header("content-type", "application/vnd.microsoft.servicebus.json")
        .send(Value::from(batch).to_string());
    assert_eq!(answer.expect("taken").status(), 201);
}

/// Every event of the range was received, whole, and nothing else.
#[track_caller]
pub(super) fn all_are_there(received: &[Received], range: Range<usize>) {
    let ids: BTreeSet<&str> = received.iter().filter_map(|one| one.event["id"].as_str()).collect();
    let wanted: Vec<String> = range.clone().map(|n| format!("id-{n}")).collect();
    let missing: Vec<&String> = wanted.iter().filter(|id| !ids.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "{} are missing, such as {:?}", missing.len(), missing.first());
    assert_eq!(ids.len(), range.len(), "more ids than there are events");
    let whole = |one: &Received| one.event["data"]["n"].as_u64().map(|n| event(n as usize)) == Some(one.event.clone());
    assert!(received.iter().all(whole), "an event was changed");
}

/// The first time that each event of a lane came is in the order of the hub.
#[track_caller]
pub(super) fn lanes_are_in_order(received: &[Received]) {
    let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::<String, u64>::new());
    for one in received {
        let (lane, n) = (one.event["data"]["lane"].to_string(), one.event["data"]["n"].as_u64().expect("a number"));
        if seen.insert(n) {
            let before = last.insert(lane, n);
            assert!(before.is_none_or(|before| before < n), "{n} came behind {before:?}");
        }
    }
}

/// None came twice.
#[track_caller]
pub(super) fn each_is_there_once(received: &[Received]) {
    let ids: BTreeSet<&str> = received.iter().filter_map(|one| one.event["id"].as_str()).collect();
    assert_eq!(received.len(), ids.len(), "some came twice");
}
