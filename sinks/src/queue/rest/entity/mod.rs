//! Entities: described, made, changed, deleted; and the rules of subscriptions.
//!
//! In the original's Atom XML for its administration clients, in JSON for everybody else.

mod list;
mod rules;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, IF_MATCH};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Bytes};
use serde::{Deserialize, Serialize};

use super::super::{Counts, Created, Description, Kind, Refusal, Settings};
use super::atom;
use super::fault::Fault;
use super::handle::Asked;

/// What makes or changes an entity in JSON; an empty body is a queue with the usual settings.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    kind: Option<Kind>,
    settings: Settings,
}

/// An entity as it is shown in JSON.
#[derive(Serialize)]
struct Shown {
    name: String,
    kind: Kind,
    settings: Settings,
    created_ms: i64,
    messages: Counts,
}

pub(super) async fn answer(asked: Asked<'_>, name: &str, body: Body) -> Result<Response, Fault> {
    if let Some(list) = list::List::of(name) {
        return list.answer(asked);
    }
    if let Some((subscription, rule)) = rules::place(name) {
        return rules::answer(asked, subscription, rule, body).await;
    }
    match asked.request.method {
        Method::GET => shown(asked, name, StatusCode::OK),
        Method::PUT => put(asked, name, body).await,
        Method::DELETE => {
            asked.face.parts.queues.delete(name)?.durable().await?;
            Ok(StatusCode::OK.into_response())
        }
        _ => Err(Fault::not_allowed(&asked.request.method)),
    }
}

async fn put(asked: Asked<'_>, name: &str, body: Body) -> Result<Response, Fault> {
    let Asked { face, request } = asked;
    let held = face.room.read(&request.headers, body).await?;
    let wanted = wanted(name, &request.headers, &held.bytes)?;
    let queues = &face.parts.queues;
    if request.headers.contains_key(IF_MATCH) {
        let change = |there: &mut Description| {
            // A subscription's filters are its rules, which have requests of their own in Atom.
            let filters = std::mem::take(&mut there.settings.filters);
            there.settings = wanted.settings;
            if is_atom(&request.headers) {
                there.settings.filters = filters;
            }
        };
        queues.configure(name, change)?.durable().await?;
        return shown(asked, name, StatusCode::OK);
    }
    let created = queues.create(name, wanted.kind, wanted.settings, face.now())?.durable().await?;
    if created == Created::WasThere && is_atom(&request.headers) {
        // The original's clients count on being told; scripts, on being able to do it again.
        return Err(Refusal::EntityExists { name: name.into() }.into());
    }
    if let Some(rule) = wanted.rule.filter(|_| created == Created::New) {
        let only = |rules: &mut Vec<_>| {
            *rules = vec![rule];
            Ok(())
        };
        rules::set(face, name, only).await?;
    }
    shown(asked, name, if created == Created::New { StatusCode::CREATED } else { StatusCode::OK })
}

fn wanted(name: &str, headers: &HeaderMap, body: &Bytes) -> Result<atom::Wanted, Fault> {
    if is_atom(headers) {
        return atom::description(body);
    }
    let failed = |error| Fault::bad(format!("the description cannot be understood: {error}"));
    let Wanted { kind, settings } =
        if body.is_empty() { Wanted::default() } else { serde_json::from_slice(body).map_err(failed)? };
    let is_subscription = name.to_ascii_lowercase().contains("/subscriptions/");
    let kind = kind.unwrap_or(if is_subscription { Kind::Subscription } else { Kind::Queue });
    Ok(atom::Wanted { kind, settings, rule: None })
}

fn shown(asked: Asked<'_>, name: &str, status: StatusCode) -> Result<Response, Fault> {
    let Asked { face, request } = asked;
    let description = face.parts.queues.describe(name)?;
    let messages = face.parts.queues.counts(name, face.now())?;
    if wants_atom(&request.headers) {
        let entry = atom::entity(&base(&request.headers), &description, &messages);
        return Ok((status, [(CONTENT_TYPE, atom::ENTRY)], entry).into_response());
    }
    let Description { name, kind, settings, created_ms, .. } = description;
    Ok((status, Json(Shown { name, kind, settings, created_ms, messages })).into_response())
}

fn is_atom(headers: &HeaderMap) -> bool {
    says(headers, &CONTENT_TYPE, "xml")
}

fn wants_atom(headers: &HeaderMap) -> bool {
    says(headers, &ACCEPT, "xml") || is_atom(headers)
}

fn says(headers: &HeaderMap, name: &axum::http::HeaderName, what: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(what))
}

/// The address of the namespace, as the client knows it.
fn base(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}
