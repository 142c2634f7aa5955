//! An event as it lies in the results hub: what every sink that follows the hub is handed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::event::Event;

/// A place in the results hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The partition.
    pub partition: u32,
    /// The offset in it.
    pub offset: u64,
}

/// How far a sink has come: for each partition the first offset that is not done with.
pub type Cursor = BTreeMap<u32, u64>;

/// One event of the results hub, with where it lies. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Published {
    /// Where it lies.
    pub place: Place,
    /// When it was appended; milliseconds since the epoch.
    pub appended_ms: i64,
    /// The event, whoever made it.
    pub event: Arc<CloudEvent>,
    /// The event as it lies in the hub: structured-mode JSON.
    pub json: Arc<[u8]>,
    /// The picture of the plate (JPEG) where a person must look; empty elsewhere.
    pub crop: Arc<[u8]>,
}

/// A CloudEvents 1.0 event of any type: the attributes that routes and sinks look at, and all of it as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    /// Its id: with `source` it tells repeats.
    pub id: String,
    /// URI of what it came from.
    pub source: String,
    /// The CloudEvents `type`.
    pub kind: String,
    /// What it is about.
    pub subject: Option<String>,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// The whole event: attributes, extensions and `data`.
    pub body: Value,
}

impl CloudEvent {
    /// Reads a structured-mode event.
    ///
    /// # Errors
    /// [`Error::Json`] when it is no JSON, [`Error::NoEvent`] when it is no CloudEvents 1.0 event.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let body: Value = serde_json::from_slice(json).map_err(Error::json("read an event"))?;
        let text = |name: &'static str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let required = |name| text(name).map(str::to_owned).ok_or(Error::NoEvent { attribute: name });
        if text("specversion") != Some("1.0") {
            return Err(Error::NoEvent { attribute: "specversion" });
        }
        let time = text("time").map(DateTime::parse_from_rfc3339).transpose();
        let time = time.map_err(|_malformed| Error::NoEvent { attribute: "time" })?.map(|time| time.to_utc());
        let (id, source, kind) = (required("id")?, required("source")?, required("type")?);
        let subject = text("subject").map(str::to_owned);
        Ok(Self { id, source, kind, subject, time, body })
    }

    /// The value at a path of keys with dots between, such as `data.confidence`; arrays are not entered.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.body, |value, key| value.get(key))
    }

    /// The event as one of ours.
    ///
    /// # Errors
    /// [`Error::Json`] when it is none.
    pub fn as_ours(&self) -> Result<Event> {
        use serde::Deserialize;
        Event::deserialize(&self.body).map_err(Error::json("read an event"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"specversion":"1.0","id":"a","source":"s","type":"t","time":"2026-11-22T07:00:00+01:00",
        "data":{"deep":{"er":1}}}"#;

    #[test]
    fn attributes_and_paths() {
        let event = CloudEvent::from_json(PLAIN.as_bytes()).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str(), event.subject.as_deref()), ("a", "t", None));
        assert_eq!(event.time.unwrap().to_rfc3339(), "2026-11-22T06:00:00+00:00");
        assert_eq!(event.at("data.deep.er"), Some(&Value::from(1)));
        assert_eq!(event.at("data.deep.er.est"), None);
    }

    #[test]
    fn what_is_no_event_says_why() {
        for (json, attribute) in [
            ("{}", "specversion"),
            (r#"{"specversion":"0.3"}"#, "specversion"),
            (r#"{"specversion":"1.0","source":"s","type":"t"}"#, "id"),
            (r#"{"specversion":"1.0","id":"1","source":"s","type":"t","time":"today"}"#, "time"),
        ] {
            let said = CloudEvent::from_json(json.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(attribute), "{said}");
        }
        assert!(CloudEvent::from_json(b"nonsense").is_err());
    }
}
