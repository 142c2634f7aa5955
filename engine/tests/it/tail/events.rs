//! Made-up events, put into the results hub by HTTP.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::serve::Server;

/// 2024-05-01T06:58:00Z: some minutes before a full hour.
pub(super) fn capture_time(n: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_714_546_680, 0).expect("a time") + TimeDelta::seconds(7 * n as i64)
}

/// A plate that no other event of these has.
pub(super) fn plate(n: usize) -> String {
    format!("ABC{n:04}")
}

/// An event about photo `n`: lanes 0 to 4, one of them with a name that needs care, and some without a lane.
pub(super) fn event(n: usize) -> Value {
    let lane = match n % 5 {
        3 => json!("north/ gate=1"),
        4 => Value::Null,
        lane => json!(lane.to_string()),
    };
    let time = capture_time(n).to_rfc3339();
    json!({
        "specversion": "1.0",
        "id": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, n.to_string().as_bytes()),
        "source": format!("hub:images/0/{n}"), "type": "LicensePlate.Processed", "subject": format!("x/{n}.jpg"),
        "time": time, "datacontenttype": "application/json",
        "data": {
            "fileName": format!("{n}.jpg"), "lane": lane, "timeStamp": time, "timeSource": "record",
            "licensePlateFound": true, "licensePlateText": plate(n), "rawText": plate(n),
            "confidence": 0.97, "meanConfidence": 0.99, "charConfidences": [0.97, 0.99],
            "candidates": [{ "text": plate(n), "confidence": 0.97 }], "region": null,
            "plateIndex": 0, "platesInImage": 1, "detection": null, "image": null, "reason": null, "models": [],
            "timings": { "decodeMs": 1.0, "detectMs": 2.0, "readMs": 3.0, "judgeMs": 0.0 }, "weakSightings": []
        }
    })
}

/// Puts events into a partition of the results hub, in one batch; they are durable then.
pub(super) fn post(server: &Server, partition: u32, events: &[Value]) {
    let batch: Vec<Value> = events.iter().map(|event| json!({ "Body": event })).collect();
    let answer = ureq::post(format!("{}/results/messages?partition={partition}", server.http()))
        .header("content-type", "application/vnd.microsoft.servicebus.json")
        .send(Value::from(batch).to_string())
        .expect("taken");
    assert_eq!(answer.status(), 201);
}

/// Events `from..to`, spread over partitions 0 and 1.
pub(super) fn post_range(server: &Server, range: std::ops::Range<usize>) {
    for partition in 0..2 {
        let events: Vec<Value> = range.clone().filter(|n| n % 2 == partition as usize).map(event).collect();
        post(server, partition, &events);
    }
}
