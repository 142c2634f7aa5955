//! Messages as HTTP carries them: one as a body with headers, or a JSON batch, after the original's REST interface.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fault::Fault;

/// The content type of a batch.
const BATCH_TYPE: &str = "application/vnd.microsoft.servicebus.json";
/// Request headers with this prefix become headers of the record, without it and in lower case.
pub(super) const PROPERTY_PREFIX: &str = "x-property-";
/// The header of a record that keeps the request's content type.
const TYPE_HEADER: &str = "content-type";

/// A message on its way to a record, whose key is the [`Place`]'s.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) value: Vec<u8>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

/// Where messages are to go: what a request says of that in its path, its query, its headers and its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: Option<u32>,
    pub(super) key: Option<String>,
}

impl Place {
    /// Adds what another part of the request says; it must not say otherwise.
    pub(super) fn and(&mut self, other: Self) -> Result<(), Fault> {
        let partition = agreed(self.partition, other.partition);
        let key = agreed(self.key.take(), other.key);
        let (Ok(partition), Ok(key)) = (partition, key) else {
            let message = "the request names two partitions or two partition keys; all its messages go to one";
            return Err(Fault::bad("two-places", message));
        };
        (self.partition, self.key) = (partition, key);
        Ok(())
    }
}

/// What two agree on, as far as they say something.
fn agreed<T: PartialEq>(one: Option<T>, other: Option<T>) -> Result<Option<T>, ()> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(()),
        (one, other) => Ok(one.or(other)),
    }
}

/// The part of `BrokerProperties` that has a meaning here; the rest is passed over, as the original does.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct BrokerProperties {
    partition_key: Option<String>,
    partition_id: Option<Value>,
}

impl BrokerProperties {
    fn place(self) -> Result<Place, Fault> {
        let number = match &self.partition_id {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => text.parse().map(Some).ok().ok_or(()),
            Some(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()).map(Some).ok_or(()),
        };
        let bad = |()| Fault::bad("bad-broker-properties", "PartitionId must be the number of a partition");
        Ok(Place { partition: number.map_err(bad)?, key: self.partition_key })
    }
}

/// One message of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Item {
    body: Value,
    #[serde(default)]
    user_properties: Map<String, Value>,
    #[serde(default)]
    broker_properties: BrokerProperties,
}

/// What the header `BrokerProperties` says of the place.
pub(super) fn place(headers: &HeaderMap) -> Result<Place, Fault> {
    let Some(text) = headers.get("brokerproperties") else { return Ok(Place::default()) };
    let bad = |error| Fault::bad("bad-broker-properties", format!("BrokerProperties must be a JSON object: {error}"));
    serde_json::from_slice::<BrokerProperties>(text.as_bytes()).map_err(bad)?.place()
}

/// The media type of a request's body, without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// The messages of a body, and where the batch's own properties want them.
pub(super) fn messages(headers: &HeaderMap, body: Vec<u8>) -> Result<(Vec<Message>, Place), Fault> {
    if media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case(BATCH_TYPE)) {
        return batch(&body);
    }
    let mut properties = Vec::new();
    if let Some(kind) = headers.get(CONTENT_TYPE) {
        properties.push((TYPE_HEADER.to_owned(), kind.as_bytes().to_vec()));
    }
    let own = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(PROPERTY_PREFIX).filter(|name| !name.is_empty())?;
        Some((name.to_owned(), value.as_bytes().to_vec()))
    });
    properties.extend(own);
    Ok((vec![Message { value: body, headers: properties }], Place::default()))
}

fn batch(body: &[u8]) -> Result<(Vec<Message>, Place), Fault> {
    let bad = |error| {
        let form = r#"[{"Body": …, "UserProperties": {…}, "BrokerProperties": {…}}, …]"#;
        Fault::bad("bad-batch", format!("a batch must be {form}: {error}"))
    };
    let items: Vec<Item> = serde_json::from_slice(body).map_err(bad)?;
    if items.is_empty() {
        return Err(Fault::bad("bad-batch", "the batch has no messages; send at least one"));
    }
    let (mut messages, mut place) = (Vec::with_capacity(items.len()), Place::default());
    for item in items {
        place.and(item.broker_properties.place()?)?;
        let headers = item.user_properties.into_iter().map(property).collect::<Result<_, _>>()?;
        messages.push(Message { value: text(item.body).into_bytes(), headers });
    }
    Ok((messages, place))
}

/// A string as it is, everything else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn property((name, value): (String, Value)) -> Result<(String, Vec<u8>), Fault> {
    if value.is_array() || value.is_object() {
        let message = format!("the user property {name:?} must be a string, a number, true, false or null");
        return Err(Fault::bad("bad-batch", message));
    }
    let value = if value.is_null() { String::new() } else { text(value) };
    Ok((name, value.into_bytes()))
}
