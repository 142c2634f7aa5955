//! The body of a request and what its headers say of it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::config::{BatchConfig, Schema, WebhookConfig};
use super::pending::Pending;

/// What is POSTed.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
}

const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";
const BATCHED: &str = "application/cloudevents-batch+json; charset=utf-8";
/// Of the native schema, and of its handshake.
pub(super) const NATIVE: &str = "application/json; charset=utf-8";

/// Cuts events into requests, in their order.
pub(super) fn cut(config: &WebhookConfig, events: Vec<Pending>) -> Vec<Vec<Pending>> {
    let (most, most_bytes) = match config.batch {
        Some(BatchConfig { max_events, max_kib }) => (max_events.get(), max_kib.get() << 10),
        None => (1, usize::MAX),
    };
    let mut batches: Vec<Vec<Pending>> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let size = event.json.len() + 1;
        match batches.last_mut() {
            Some(batch) if batch.len() < most && bytes + size <= most_bytes => batch.push(event),
            _ => {
                bytes = 0;
                batches.push(vec![event]);
            }
        }
        bytes += size;
    }
    batches
}

/// The body for the events of a request.
pub(super) fn body(config: &WebhookConfig, events: &[Pending]) -> Body {
    match (config.schema, events) {
        (Schema::Cloudevents, [event]) if config.batch.is_none() => {
            Body { bytes: Bytes::copy_from_slice(&event.json), content_type: STRUCTURED }
        }
        (Schema::Cloudevents, events) => {
            let parts: Vec<&[u8]> = events.iter().map(|event| &*event.json).collect();
            Body { bytes: array(&parts), content_type: BATCHED }
        }
        (Schema::Native, events) => {
            let parts: Vec<Vec<u8>> = events.iter().map(|event| native(&event.json)).collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            Body { bytes: array(&parts), content_type: NATIVE }
        }
    }
}

fn array(parts: &[&[u8]]) -> Bytes {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum::<usize>() + 1);
    bytes.push(b'[');
    bytes.extend(parts.join(&b','));
    bytes.push(b']');
    bytes.into()
}

/// An event in the native schema. What lies in the hub was read as a CloudEvent before it came here.
fn native(json: &[u8]) -> Vec<u8> {
    let event: Value = serde_json::from_slice(json).unwrap_or_default();
    let attribute = |name: &str| event.get(name).cloned().unwrap_or_else(|| "".into());
    let native = json!({
        "id": attribute("id"),
        "topic": attribute("source"),
        "subject": attribute("subject"),
        "eventType": attribute("type"),
        "eventTime": attribute("time"),
        "data": event.get("data").cloned().unwrap_or_default(),
        "dataVersion": "1.0",
        "metadataVersion": "1",
    });
    native.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::pending::State;

    fn events(sizes: &[usize]) -> Vec<Pending> {
        let event = |(at, &size): (usize, &usize)| Pending {
            key: (0, at as u64),
            json: vec![b'0'; size].into(),
            state: State::new(0, 0),
        };
        sizes.iter().enumerate().map(event).collect()
    }

    fn lengths(batch: Option<(usize, usize)>, sizes: &[usize]) -> Vec<usize> {
        let one = |n| std::num::NonZeroUsize::new(n).unwrap();
        let batch = batch.map(|(most, kib)| BatchConfig { max_events: one(most), max_kib: one(kib) });
        let config = WebhookConfig { batch, ..WebhookConfig::default() };
        cut(&config, events(sizes)).iter().map(Vec::len).collect()
    }

    #[test]
    fn requests_hold_what_they_may() {
        assert_eq!(lengths(None, &[1, 1, 1]), [1, 1, 1]);
        assert_eq!(lengths(Some((2, 1)), &[1, 1, 1]), [2, 1]);
        assert_eq!(lengths(Some((9, 1)), &[500, 500, 500, 3000, 1]), [2, 1, 1, 1]);
        assert_eq!(lengths(Some((9, 1)), &[]), [0; 0]);
    }

    #[test]
    fn a_cloud_event_in_the_older_schema() {
        let json =
            br#"{"specversion":"1.0","id":"7","source":"s","type":"T","time":"2026-11-22T06:00:00Z","data":{"a":1}}"#;
        let native: Value = serde_json::from_slice(&native(json)).unwrap();
        let expected = json!({ "id": "7", "topic": "s", "subject": "", "eventType": "T", "eventTime": "2026-11-22T06:00:00Z",
            "data": { "a": 1 }, "dataVersion": "1.0", "metadataVersion": "1" });
        assert_eq!(native, expected);
    }
}
