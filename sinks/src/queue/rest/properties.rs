//! `BrokerProperties` and the headers that are properties.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value as Json, json};

use super::super::message::{Delivery, Message, Value};
use super::fault::Fault;

/// The header with the broker's properties.
pub(super) const BROKER: &str = "brokerproperties";
/// Headers of HTTP itself: no properties.
const HTTP: [&str; 15] = [
    "accept",
    "accept-encoding",
    "authorization",
    "brokerproperties",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Takes over what `BrokerProperties` says.
pub(super) fn apply(message: &mut Message, properties: &Map<String, Json>) -> Result<(), Fault> {
    for (name, value) in properties {
        match (name.as_str(), value) {
            (_, Json::Null) => {}
            ("MessageId", Json::String(id)) => message.id.clone_from(id),
            ("TimeToLive", value) => message.time_to_live_ms = Some(seconds(value)?),
            ("ScheduledEnqueueTimeUtc", Json::String(text)) => message.visible_ms = Some(time(text)?),
            (_, Json::String(text)) => {
                let mut fields = message.system.fields_mut();
                // What the broker sets itself, such as SequenceNumber, may be sent back and has no effect.
                if let Some((_, field)) = fields.iter_mut().find(|(own, _)| own == name) {
                    **field = Some(text.clone());
                }
            }
            ("MessageId", _) => return Err(Fault::bad("BrokerProperties: MessageId must be a text")),
            _ => {}
        }
    }
    Ok(())
}

fn seconds(value: &Json) -> Result<u64, Fault> {
    let seconds = value.as_f64().filter(|seconds| *seconds > 0.0);
    let seconds = seconds.ok_or_else(|| Fault::bad("BrokerProperties: TimeToLive must be seconds above 0"))?;
    Ok((seconds * 1000.0).min(9e15) as u64)
}

fn time(text: &str) -> Result<i64, Fault> {
    let parsed = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text));
    let failed = |error| Fault::bad(format!("BrokerProperties: ScheduledEnqueueTimeUtc {text:?}: {error}"));
    parsed.map(|time| time.timestamp_millis()).map_err(failed)
}

/// A message from a request's headers and body.
pub(super) fn message(headers: &HeaderMap, body: Vec<u8>) -> Result<Message, Fault> {
    let mut message = Message { body, ..Message::default() };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    message.system.content_type = headers.get("content-type").map(text);
    if let Some(value) = headers.get(BROKER) {
        let failed = |error| Fault::bad(format!("BrokerProperties is no JSON object: {error}"));
        apply(&mut message, &serde_json::from_slice(value.as_bytes()).map_err(failed)?)?;
    }
    for (name, value) in headers.iter().filter(|(name, _)| !HTTP.contains(&name.as_str())) {
        message.properties.push((name.as_str().to_owned(), property(&text(value))));
    }
    Ok(message)
}

/// The value of a header: a text in quotes, a number, true or false, or a text as it is.
fn property(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) => from_json(&value).unwrap_or_else(|| text.into()),
        Err(_) => text.into(),
    }
}

fn from_json(value: &Json) -> Option<Value> {
    match value {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(value) => Some(Value::Bool(*value)),
        Json::Number(number) => number.as_i64().map(Value::Int).or_else(|| number.as_f64().map(Value::Float)),
        _ => None,
    }
}

/// The messages of a batch: `[{"Body": "…", "BrokerProperties": {…}, "UserProperties": {…}}]`.
pub(super) fn batch(body: &[u8]) -> Result<Vec<Message>, Fault> {
    let failed = |error| Fault::bad(format!("the batch is no JSON array: {error}"));
    let items: Vec<Map<String, Json>> = serde_json::from_slice(body).map_err(failed)?;
    items.iter().map(item).collect()
}

fn item(item: &Map<String, Json>) -> Result<Message, Fault> {
    let Some(Json::String(body)) = item.get("Body") else {
        return Err(Fault::bad("each message of a batch needs a text Body"));
    };
    let mut message = Message { body: body.clone().into_bytes(), ..Message::default() };
    if let Some(Json::Object(properties)) = item.get("BrokerProperties") {
        apply(&mut message, properties)?;
    }
    if let Some(Json::Object(properties)) = item.get("UserProperties") {
        let each = properties.iter().filter_map(|(name, value)| Some((name.clone(), from_json(value)?)));
        message.properties = each.collect();
    }
    Ok(message)
}

fn date(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .map(|time| time.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

fn exact(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms);
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)).unwrap_or_default()
}

/// A received message's headers.
pub(super) fn headers(delivery: &Delivery, locked: bool) -> HeaderMap {
    let message = &delivery.message;
    let mut broker = Map::new();
    let mut set = |name: &str, value: Json| _ = broker.insert(name.into(), value);
    set("MessageId", json!(message.id));
    set("SequenceNumber", json!(delivery.sequence));
    set("DeliveryCount", json!(delivery.deliveries));
    set("EnqueuedTimeUtc", json!(date(delivery.enqueued_ms)));
    set("State", json!("Active"));
    if locked {
        set("LockToken", json!(delivery.token));
        set("LockedUntilUtc", json!(exact(delivery.until_ms)));
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
    for (name, value) in &message.properties {
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

/// JSON with what is beyond ASCII escaped.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for one in json.chars() {
        if one.is_ascii() {
            out.push(one);
        } else {
            one.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}
