//! `GET /plates`, `GET /plates/{id}` and its picture.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Shared;
use crate::refusal::{Refusal, blocking, query, time};
use crate::store::plate::{MAX_CHARS, normal};
use crate::store::{Band, Document, PlateFilter, Query};

/// Hits on a page where nothing is said.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    plate: Option<String>,
    prefix: Option<String>,
    near: Option<String>,
    #[serde(default)]
    fold: bool,
    lane: Option<String>,
    since: Option<String>,
    until: Option<String>,
    band: Option<Band>,
    limit: Option<usize>,
    token: Option<String>,
}

impl Asked {
    fn query(self, max_page: usize) -> Result<Query, Refusal> {
        let plate = match (self.plate, self.prefix, self.near) {
            (None, None, None) => None,
            (Some(plate), None, None) => Some(PlateFilter::Exact(checked(plate)?)),
            (None, Some(prefix), None) => Some(PlateFilter::Prefix(checked(prefix)?)),
            (None, None, Some(near)) => Some(PlateFilter::Near(checked(near)?)),
            _ => return Err(Refusal::bad("bad-query", "plate, prefix and near exclude each other; send one of them")),
        };
        let limit = self.limit.unwrap_or(PAGE).min(max_page);
        if limit == 0 {
            return Err(Refusal::bad("bad-query", "limit is 0; ask for at least one plate"));
        }
        Ok(Query {
            plate,
            fold: self.fold,
            lane: self.lane,
            since: self.since.as_deref().map(time).transpose()?,
            until: self.until.as_deref().map(time).transpose()?,
            band: self.band,
            limit,
            token: self.token,
        })
    }
}

/// A plate with something to look for.
fn checked(plate: String) -> Result<String, Refusal> {
    let chars = plate.chars().filter(char::is_ascii_alphanumeric).count();
    if normal(&plate).is_empty() || chars > MAX_CHARS {
        let message = format!("a plate to look for has 1 to {MAX_CHARS} letters A-Z and digits");
        return Err(Refusal::bad("bad-plate", message));
    }
    Ok(plate)
}

pub(super) async fn find(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Json<Value>, Refusal> {
    let query = query::<Asked>(&uri)?.query(shared.config.max_page)?;
    let found = blocking(move || shared.store.query(&query)).await?;
    Ok(Json(json!({ "plates": found.documents, "token": found.token })))
}

fn none(id: Uuid) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no-plate", format!("there is no document of the event {id}"))
}

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<Uuid>, axum::extract::rejection::PathRejection>,
) -> Result<Json<Document>, Refusal> {
    let id = named(id)?;
    let document = blocking(move || shared.store.document(id)).await?;
    document.map(Json).ok_or_else(|| none(id))
}

pub(super) async fn crop(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<Uuid>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Refusal> {
    let id = named(id)?;
    let Some(crop) = blocking(move || shared.store.crop(id)).await? else {
        let message = format!("no picture is kept of the event {id}; only manual checks have one");
        return Err(Refusal::new(StatusCode::NOT_FOUND, "no-crop", message));
    };
    let headers = [(CONTENT_TYPE, "image/jpeg"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "private")];
    Ok((headers, crop).into_response())
}

fn named(id: Result<Path<Uuid>, axum::extract::rejection::PathRejection>) -> Result<Uuid, Refusal> {
    id.map(|Path(id)| id).map_err(|rejection| Refusal::bad("bad-path", rejection.body_text()))
}
