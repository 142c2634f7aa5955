//! Events and subscriptions to measure with.

use anyhow::Result;
use serde_json::json;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tollgate_sinks::push::{BatchConfig, NoMeter, Parts, Subscription, WebhookConfig};
use tollgate_sinks::route::{Route, RouteConfig};
use tollgate_sinks::{CloudEvent, Place, Published};

/// An event as the flow makes them, without candidates and models: JSON of about 1 KB.
pub(super) fn json(offset: u64) -> Vec<u8> {
    json!({
        "specversion": "1.0", "id": format!("0b4c1d2e-0000-5000-8000-{offset:012x}"),
        "source": format!("hub:images/0/{offset}"), "type": "LicensePlate.Processed", "subject": "lane-7/car.jpg",
        "time": "2026-11-22T06:00:00Z", "datacontenttype": "application/json",
        "data": {
            "fileName": "car.jpg", "lane": "lane-7", "timeStamp": "2026-11-22T06:00:00Z", "timeSource": "record",
            "licensePlateFound": true, "licensePlateText": "BKW4217", "rawText": "BKW4217", "confidence": 0.97,
            "meanConfidence": 0.99, "charConfidences": [0.99, 0.98, 0.97, 0.99, 0.99, 0.99, 0.98],
            "region": { "name": "Germany", "confidence": 0.8 }, "plateIndex": 0, "platesInImage": 1,
            "detection": { "score": 0.91, "box": [101.0, 202.0, 120.0, 40.0],
                "corners": [[101.0, 202.0], [221.0, 202.0], [221.0, 242.0], [101.0, 242.0]] },
            "image": { "width": 1920, "height": 1080 }, "reason": null, "models": [],
            "timings": { "decodeMs": 4.1, "detectMs": 9.2, "readMs": 3.3, "judgeMs": 0.1 }, "weakSightings": []
        }
    })
    .to_string()
    .into_bytes()
}

/// What a follower makes of a record.
pub(super) fn published(offset: u64, json: &[u8]) -> Result<Published> {
    let event = Arc::new(CloudEvent::from_json(json)?);
    let place = Place { partition: 0, offset };
    Ok(Published { place, appended_ms: now_ms(), event, json: json.into(), crop: Arc::default() })
}

/// A route with 20 filters, all of which the events pass: every kind of operator, none of them in vain.
pub(super) fn route() -> Result<Route> {
    let filters = [
        ("data.confidence", "NumberGreaterThan", "value = 0.9"),
        ("data.confidence", "NumberInRange", "values = [[0.1, 0.2], [0.9, 1]]"),
        ("data.charConfidences", "NumberGreaterThanOrEquals", "value = 0.99"),
        ("data.charConfidences", "NumberNotInRange", "values = [[0, 0.5], [1.5, 2]]"),
        ("data.plateIndex", "NumberIn", "values = [3, 2, 1, 0]"),
        ("data.plateIndex", "NumberNotIn", "values = [7, 8, 9]"),
        ("data.platesInImage", "NumberLessThan", "value = 5"),
        ("data.image.width", "NumberLessThanOrEquals", "value = 4096"),
        ("data.licensePlateFound", "BoolEquals", "value = true"),
        ("data.detection.score", "IsNotNull", ""),
        ("data.reason", "IsNullOrUndefined", ""),
        ("data.lane", "StringIn", "values = [\"LANE-1\", \"LANE-3\", \"LANE-5\", \"LANE-7\"]"),
        ("data.lane", "StringNotIn", "values = [\"lane-2\", \"lane-4\"]"),
        ("data.licensePlateText", "StringBeginsWith", "values = [\"hh\", \"bkw\"]"),
        ("data.licensePlateText", "StringNotBeginsWith", "values = [\"x\", \"y\"]"),
        ("data.fileName", "StringEndsWith", "values = [\".PNG\", \".JPG\"]"),
        ("data.fileName", "StringNotEndsWith", "values = [\".tmp\"]"),
        ("data.region.name", "StringContains", "values = [\"MANY\"]"),
        ("source", "StringNotContains", "values = [\"telemetry\", \"test\"]"),
        ("subject", "StringBeginsWith", "value = \"Lane-\""),
    ];
    let filter = |(key, operator, given)| format!("[[filters]]\nkey = \"{key}\"\noperator = \"{operator}\"\n{given}\n");
    let text: String = filters.map(filter).concat();
    Ok(Route::new(&toml::from_str::<RouteConfig>(&text)?))
}

/// A subscription with batches of 100 that never leaves a receiver alone.
pub(super) fn subscription(dir: &Path, name: &str, url: &str, runtime: &Handle) -> Result<Arc<Subscription>> {
    let config = WebhookConfig {
        url: url.into(),
        allow_private: true,
        handshake: false,
        batch: Some(BatchConfig::default()),
        breaker_failures: NonZeroU32::MAX,
        ..WebhookConfig::default()
    };
    let parts = Parts { clock: Arc::new(now_ms), meter: Arc::new(NoMeter), runtime: runtime.clone() };
    let state = dir.join(format!("{name}.redb"));
    Ok(Subscription::open(name, &config, (&state, &dir.join("dead")), parts)?)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
