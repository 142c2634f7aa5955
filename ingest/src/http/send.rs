//! `POST /{hub}/messages` and `POST /{hub}/publishers/{name}/messages`.

use std::sync::Arc;

use axum::extract::{Request, State};
use serde::Deserialize;

use super::append::{Placed, append};
use super::ask::{Named, query};
use super::body;
use super::fault::Fault;
use super::message::{self, Message, Place};
use super::shared::Shared;
use crate::access::Right;
use crate::log::{Hub, NewRecord, partition_of_key};

#[derive(Debug, Deserialize)]
struct Sending {
    partition: Option<u32>,
}

/// Sends to a hub.
pub(super) async fn to_hub(
    State(shared): State<Arc<Shared>>,
    Named(hub): Named<String>,
    request: Request,
) -> Result<Placed, Fault> {
    shared.admit(request.headers(), &[&hub, "messages"], &hub, Right::Send)?;
    send(&shared, &hub, Place::default(), request).await
}

/// Sends as a publisher, whose name is the partition key.
pub(super) async fn as_publisher(
    State(shared): State<Arc<Shared>>,
    Named((hub, name)): Named<(String, String)>,
    request: Request,
) -> Result<Placed, Fault> {
    shared.admit(request.headers(), &[&hub, "publishers", &name, "messages"], &hub, Right::Send)?;
    send(&shared, &hub, Place { partition: None, key: Some(name) }, request).await
}

async fn send(shared: &Shared, hub: &str, mut place: Place, request: Request) -> Result<Placed, Fault> {
    let hub = shared.store.hub(hub)?;
    let (parts, body) = request.into_parts();
    let Sending { partition } = query(&parts.uri)?;
    place.and(Place { partition, key: None })?;
    place.and(message::place(&parts.headers)?)?;
    let held = body::read(shared, &parts.headers, body, shared.config.max_body_bytes).await?;
    let (messages, wanted) = message::messages(&parts.headers, held.bytes)?;
    place.and(wanted)?;
    let number = choose(shared, &hub, &place);
    let placed = append(shared, &hub, number, move |builder, timestamp_ms| {
        let (key, mut headers) = (place.key.as_deref().map(str::as_bytes), Vec::new());
        messages.iter().try_for_each(|Message { value, headers: own }| {
            headers.clear();
            headers.extend(own.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
            builder.push(&NewRecord { key, value: Some(value), headers: &headers, timestamp_ms })
        })
    });
    placed.await
}

/// The partition that is named, else the key's, else the one whose turn it is.
pub(super) fn choose(shared: &Shared, hub: &Hub, place: &Place) -> u32 {
    let partitions = hub.config().partitions;
    match (place.partition, &place.key) {
        (Some(number), _) => number,
        (None, Some(key)) => partition_of_key(key.as_bytes(), partitions),
        (None, None) => shared.turn(hub.name(), partitions),
    }
}
