//! Messages as requests bring them: `BrokerProperties`, and headers that are properties.

use axum::http::{HeaderMap, HeaderValue};
use chrono::DateTime;
use serde_json::{Map, Value as Json};

use super::super::message::{Message, Value};
use super::fault::Fault;

/// The header with the broker's properties.
pub(super) const BROKER: &str = "brokerproperties";
/// Headers of HTTP itself and of this face: no properties, neither on the way in nor on the way out.
const HTTP: [&str; 32] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "brokerproperties",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "keep-alive",
    "location",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];
/// What begins so was put in by something in between, or is for it.
const BETWEEN: [&str; 3] = ["x-forwarded-", "x-ms-", "sec-"];

/// Whether a header is, or may be, a property of a message.
pub(super) fn is_property(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !HTTP.contains(&name.as_str()) && !BETWEEN.iter().any(|begin| name.starts_with(begin))
}

/// Takes over what `BrokerProperties` says.
fn apply(message: &mut Message, properties: &Map<String, Json>) -> Result<(), Fault> {
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "MessageId" => message.id = text_of(name, value)?,
            "TimeToLive" => message.time_to_live_ms = Some(seconds(value)?),
            "ScheduledEnqueueTimeUtc" => message.visible_ms = Some(time(&text_of(name, value)?)?),
            _ => {
                let mut fields = message.system.fields_mut();
                // What the broker sets itself, such as SequenceNumber, may be sent back and has no effect.
                if let Some((_, field)) = fields.iter_mut().find(|(own, _)| own == name) {
                    **field = Some(text_of(name, value)?);
                }
            }
        }
    }
    Ok(())
}

fn text_of(name: &str, value: &Json) -> Result<String, Fault> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Fault::bad(format!("BrokerProperties: {name} must be a text")))
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
    for (name, value) in headers.iter().filter(|(name, _)| is_property(name.as_str())) {
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
