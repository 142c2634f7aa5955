//! Requests: who may, what is asked, what came of it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::fault::Fault;
use super::path::{self, Path, Target};
use super::{Face, Right, Wanted, entity, properties, receive, settle};

/// The media type of a batch.
const BATCH: &str = "application/vnd.microsoft.servicebus.json";

/// A request that was let in, but for its body.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) face: &'a Face,
    pub(super) request: &'a request::Parts,
}

/// Answers a request.
pub(super) async fn handle(State(face): State<Arc<Face>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    answer(&face, &parts, body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(face: &Face, request: &request::Parts, body: Body) -> Result<Response, Fault> {
    let unknown = || Fault::bad("the path names no queue, topic or subscription");
    let path = path::parse(request.uri.path()).ok_or_else(unknown)?;
    admit(face, request, &path)?;
    let (name, method) = (&path.name, &request.method);
    match (&path.target, method.as_str()) {
        (Target::Entity, _) => entity::answer(Asked { face, request }, name, body).await,
        (Target::Messages, "POST") => send(face, request, name, body).await,
        (Target::Head, "POST" | "DELETE") => receive::answer(face, request, name, method == Method::POST).await,
        (Target::Message(message, token), _) => settle::answer(face, method, name, (message, token)).await,
        _ => Err(Fault::not_allowed(method)),
    }
}

/// Lets a request in before anything of it is read.
fn admit(face: &Face, request: &request::Parts, path: &Path) -> Result<(), Fault> {
    let right = match path.target {
        Target::Entity => Right::Manage,
        Target::Messages => Right::Send,
        Target::Head | Target::Message(..) => Right::Listen,
    };
    let parts: Vec<&str> = path.parts.iter().map(String::as_str).collect();
    let shown = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let wanted = Wanted { shown, path: &parts, entity: path.entity(), right, now_ms: face.now() };
    Ok((face.parts.authorise)(&wanted)?)
}

async fn send(face: &Face, request: &request::Parts, name: &str, body: Body) -> Result<Response, Fault> {
    let held = face.room.read(&request.headers, body).await?;
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let messages = if media_type.eq_ignore_ascii_case(BATCH) {
        properties::batch(&held.bytes)?
    } else {
        vec![properties::message(&request.headers, held.bytes.to_vec())?]
    };
    face.parts.queues.send(name, &messages, face.now())?.durable().await?;
    Ok(StatusCode::CREATED.into_response())
}
