//! Messages as answers carry them: `BrokerProperties`, and properties as headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::DateTime;
use serde_json::{Map, Value as Json, json};

use super::super::message::{Delivery, Value};
use super::properties::{BROKER, is_property};

fn date(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .map(|time| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

/// A received message's headers.
pub(super) fn of(delivery: &Delivery, locked: bool) -> HeaderMap {
    let message = &delivery.message;
    let mut broker = Map::new();
    let mut set = |name: &str, value: Json| _ = broker.insert(name.into(), value);
    set("MessageId", json!(message.id));
    set("SequenceNumber", json!(delivery.sequence));
    set("DeliveryCount", json!(delivery.deliveries));
    set("EnqueuedSequenceNumber", json!(0));
    set("EnqueuedTimeUtc", json!(date(delivery.enqueued_ms)));
    set("State", json!("Active"));
    if locked {
        set("LockToken", json!(delivery.token));
        set("LockedUntilUtc", json!(date(delivery.until_ms)));
    }
    if let Some(ms) = message.time_to_live_ms {
        set("TimeToLive", json!(ms as f64 / 1000.0));
    }
    for (name, value) in message.system.fields() {
        if let (Some(value), true) = (value, name != "ContentType") {
            set(name, json!(value));
        }
    }
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &[u8]| {
        // What a header cannot carry stays away; the broker's own JSON is made so that it can.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.insert(name, value);
        }
    };
    put(BROKER, ascii(&Json::Object(broker).to_string()).as_bytes());
    // A sender may call a property what he likes; what would make another answer of this one stays away.
    for (name, value) in message.properties.iter().filter(|(name, _)| is_property(name)) {
        put(name, ascii(&own(value)).as_bytes());
    }
    if let Some(why) = &delivery.dead {
        put("deadletterreason", ascii(&json!(why.reason).to_string()).as_bytes());
        put("deadlettererrordescription", ascii(&json!(why.description).to_string()).as_bytes());
    }
    let content = message.system.content_type.as_deref().unwrap_or("application/octet-stream");
    put("content-type", content.as_bytes());
    headers
}

fn own(value: &Value) -> String {
    match value {
        Value::Text(text) => json!(text).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => json!(number).to_string(),
        Value::Bool(value) => value.to_string(),
    }
}

/// JSON with what a header cannot carry escaped: what is beyond ASCII, and the one control character that JSON allows.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for one in json.chars() {
        if one.is_ascii() && one != '\u{7f}' {
            out.push(one);
        } else {
            one.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}
