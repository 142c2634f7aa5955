//! Operations on an account as a whole.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::HOST;

use super::answer::{Answer, http_time};
use super::entity;
use super::fault::Fault;
use super::metadata::is_identifier;
use super::name;
use super::properties;
use super::route::{Call, TaskFace};
use super::xml::Writer;
use crate::queue::{Description, Kind};

/// Queues in one answer, unless the request asks for fewer.
const PAGE: i64 = 5000;

/// The account's queues by name, from the marker on, which is the name of the first.
pub(super) fn list(call: &Call<'_>) -> Result<Answer, Fault> {
    let asked = call.query.within("maxresults", 1, i64::from(i32::MAX))?.unwrap_or(PAGE);
    let most = usize::try_from(asked.min(PAGE)).unwrap_or(usize::MAX);
    let (prefix, marker) = (call.query.get("prefix").unwrap_or_default(), call.query.get("marker").unwrap_or_default());
    let with_metadata = call.query.get("include").is_some_and(|list| list.split(',').any(is_metadata));
    let below = entity::name(call.account, prefix);
    // Entities are bounded by the store.
    let all = call.face.queues.list(&below, "", usize::MAX);
    let mut page: Vec<_> = all
        .iter()
        .filter(|entity| entity.kind == Kind::Queue)
        .filter_map(|entity| Some((own_name(call, &entity.name)?, entity)))
        .filter(|(name, _)| *name >= marker)
        .collect();
    page.sort_unstable_by_key(|(name, _)| *name);
    let next = page.get(most).map_or("", |(name, _)| *name);
    page.truncate(most);
    let mut xml = Writer::with_room(page.len() * 64 + 512);
    xml.open_with("EnumerationResults", "ServiceEndpoint", &endpoint(call));
    xml.leaf("Prefix", prefix).plain("MaxResults", asked).open("Queues");
    for (name, entity) in page {
        push(&mut xml, name, with_metadata.then_some(entity));
    }
    xml.close("Queues").leaf("NextMarker", next).close("EnumerationResults");
    Ok(Answer::xml(StatusCode::OK, xml.finish()))
}

fn is_metadata(word: &str) -> bool {
    word.eq_ignore_ascii_case("metadata")
}

fn push(xml: &mut Writer, name: &str, with_metadata: Option<&Description>) {
    xml.open("Queue").leaf("Name", name);
    if let Some(entity) = with_metadata {
        xml.open("Metadata");
        for (name, value) in entity.metadata.iter().filter(|(name, _)| is_identifier(name)) {
            xml.leaf(name, value);
        }
        xml.close("Metadata");
    }
    xml.close("Queue");
}

/// The name of a queue within the account, where it is the account's and can be asked for by this face.
fn own_name<'e>(call: &Call<'_>, entity: &'e str) -> Option<&'e str> {
    let own = match call.account.folder.as_str() {
        "" => entity,
        folder => entity.strip_prefix(folder)?.strip_prefix('/')?,
    };
    name::check(own).is_ok().then_some(own)
}

/// Where the account is, as the client calls it.
fn endpoint(call: &Call<'_>) -> String {
    let host = call
        .parts
        .headers
        .get(HOST)
        .map_or(Cow::Borrowed("localhost"), |host| String::from_utf8_lossy(host.as_bytes()));
    format!("http://{host}/{}", call.target.account)
}

pub(super) fn properties(call: &Call<'_>) -> Answer {
    Answer::xml(StatusCode::OK, properties::get(&call.face.queues, &call.target.account))
}

pub(super) async fn set_properties(call: &Call<'_>, body: Body) -> Result<Answer, Fault> {
    let held = call.body(body).await?;
    let TaskFace { queues, properties, .. } = call.face;
    properties::set(queues, properties, &call.target.account, &held.bytes).await?;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

/// Statistics of the second place, which is the first one here: always live, and as new as now.
pub(super) fn statistics(call: &Call<'_>) -> Result<Answer, Fault> {
    if !call.target.secondary {
        return Err(Fault::bad_query("comp", "stats", "Only the secondary endpoint of the account has statistics."));
    }
    let mut xml = Writer::new();
    xml.open("StorageServiceStats").open("GeoReplication").leaf("Status", "live");
    xml.plain("LastSyncTime", http_time(call.now_ms)).close("GeoReplication").close("StorageServiceStats");
    Ok(Answer::xml(StatusCode::OK, xml.finish()))
}
