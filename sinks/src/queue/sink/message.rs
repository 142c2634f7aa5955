//! An event as a message.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::super::message::{Message, System, Value};
use crate::event::EVENT_NAMESPACE;
use crate::published::{CloudEvent, Place, Published};

/// The event as its CloudEvents JSON.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";
/// Bytes of an id, a label or a property, at most: what is longer stays in the body alone.
const MAX_TEXT: usize = 1024;
/// Bytes of a session id, at most.
const MAX_SESSION: usize = 128;
/// Properties, at most.
const MAX_PROPERTIES: usize = 48;
/// The session of events without a lane.
const NO_LANE: &str = "-";

/// What is the same for all messages of a sink.
pub(super) struct Envelope {
    /// The hub that the events lie in.
    hub: String,
    max_bytes: usize,
}

impl Envelope {
    pub(super) fn new(hub: &str, max_bytes: usize) -> Self {
        Self { hub: hub.into(), max_bytes }
    }

    /// The message of an event. Its id is the event's, its label the event's type, its session the lane; its properties
    /// are the event's attributes and what `data` has in single texts, numbers and truths.
    pub(super) fn message(&self, item: &Published) -> Message {
        let event = &*item.event;
        let lane = event.at("data.lane").and_then(Json::as_str).filter(|lane| !lane.is_empty());
        let system = System {
            content_type: Some(CONTENT_TYPE.into()),
            session_id: Some(cut(lane.unwrap_or(NO_LANE), MAX_SESSION).into()),
            label: Some(cut(&event.kind, MAX_TEXT).into()),
            ..System::default()
        };
        let mut message = Message { id: id(event), system, properties: properties(event), ..Message::default() };
        message.body = self.body(item, message.header_bytes());
        message
    }

    /// The event's JSON. One that is too large for a message is sent without its data, which `dataref` leads to.
    fn body(&self, item: &Published, header_bytes: usize) -> Vec<u8> {
        let fits = |bytes: usize| bytes.saturating_add(header_bytes) <= self.max_bytes;
        if fits(item.json.len()) {
            return item.json.to_vec();
        }
        let Place { partition, offset } = item.place;
        let reference = format!("/{}/partitions/{partition}/messages?offset={offset}", self.hub);
        let attributes = item.event.body.as_object().into_iter().flatten().filter(|(name, _)| *name != "data");
        let mut envelope: Map<String, Json> = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        envelope.insert("dataref".into(), json!(reference));
        let body = Json::Object(envelope).to_string().into_bytes();
        // An event whose attributes alone are too large is no more than a reference.
        if fits(body.len()) { body } else { json!({ "dataref": reference }).to_string().into_bytes() }
    }
}

fn id(event: &CloudEvent) -> String {
    if event.id.len() <= MAX_TEXT {
        return event.id.clone();
    }
    Uuid::new_v5(&EVENT_NAMESPACE, event.id.as_bytes()).to_string()
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn properties(event: &CloudEvent) -> Vec<(String, Value)> {
    let objects = [Some(&event.body), event.body.get("data")];
    let members = objects.into_iter().filter_map(|value| value?.as_object()).flatten();
    let mut all: Vec<(String, Value)> = Vec::new();
    for (name, value) in members.filter_map(single) {
        let is_there = all.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
        if !is_there && all.len() < MAX_PROPERTIES {
            all.push((name, value));
        }
    }
    all
}

/// A member that can be a property.
fn single((name, value): (&String, &Json)) -> Option<(String, Value)> {
    let value = match value {
        Json::String(text) if text.len() <= MAX_TEXT => Value::Text(text.clone()),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number.as_i64().map(Value::Int).or_else(|| number.as_f64().map(Value::Float))?,
        _ => return None,
    };
    (name.len() <= MAX_TEXT).then(|| (name.clone(), value))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn published(json: &str) -> Published {
        let event = Arc::new(CloudEvent::from_json(json.as_bytes()).unwrap());
        let place = Place { partition: 2, offset: 7 };
        Published { place, appended_ms: 0, event, json: json.as_bytes().into(), crop: Arc::default() }
    }

    fn event(data: &Json) -> String {
        json!({ "specversion": "1.0", "id": "a", "source": "s", "type": "LicensePlate.Processed", "data": data })
            .to_string()
    }

    #[test]
    fn an_event_becomes_a_message() {
        let json = event(&json!({ "lane": "7", "confidence": 0.9, "plates": [1], "type": "hidden", "plateIndex": 0 }));
        let message = Envelope::new("results", 1 << 20).message(&published(&json));
        assert_eq!((message.id.as_str(), message.body.as_slice()), ("a", json.as_bytes()));
        assert_eq!(message.system.label.as_deref(), Some("LicensePlate.Processed"));
        assert_eq!(message.system.session_id.as_deref(), Some("7"));
        let property = |name: &str| message.properties.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        assert_eq!(property("confidence"), Some(&Value::Float(0.9)));
        assert_eq!(property("plateIndex"), Some(&Value::Int(0)));
        assert_eq!(property("type"), Some(&"LicensePlate.Processed".into()));
        assert_eq!((property("plates"), property("data")), (None, None));
    }

    #[test]
    fn one_that_is_too_large_is_a_reference() {
        let json = event(&json!({ "lane": null, "note": "x".repeat(3000) }));
        let envelope = Envelope::new("results", 1000);
        let message = envelope.message(&published(&json));
        assert_eq!(message.system.session_id.as_deref(), Some(NO_LANE));
        let body: Json = serde_json::from_slice(&message.body).unwrap();
        assert_eq!((&body["id"], &body["data"]), (&json!("a"), &Json::Null));
        assert_eq!(body["dataref"], "/results/partitions/2/messages?offset=7");
        let kind = "k".repeat(5000);
        let json = json!({ "specversion": "1.0", "id": "i".repeat(5000), "source": "s", "type": kind }).to_string();
        let message = Envelope::new("results", 3000).message(&published(&json));
        assert_eq!((message.id.len(), message.system.label.map(|label| label.len())), (36, Some(MAX_TEXT)));
        assert!(message.body.starts_with(b"{\"dataref\""));
    }
}
