//! `POST /lanes/{lane}/images`: a camera's photo becomes a record of the images' hub.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LOCATION;
use axum::http::{HeaderMap, StatusCode};
use multer::Multipart;
use serde::Deserialize;
use serde_json::json;

use super::append::{Placed, append};
use super::ask::{Named, query, time_ms};
use super::body::{self, Held, in_time, push};
use super::fault::Fault;
use super::message::{Place, media_type};
use super::send::choose;
use super::shared::Shared;
use crate::access::Right;
use crate::photo::{self, PhotoRecord, REFERENCE_TYPE};

/// The prefix of request headers that say what the query may say too.
const PREFIX: &str = "tollgate-";
/// Bytes of a lane's or a file's name, and of a form's text field.
const MAX_NAME_BYTES: usize = 256;
/// Parts of a form.
const MAX_PARTS: usize = 32;

/// What a camera says of its photo: in the query, in headers, or in fields of a form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    captured: Option<String>,
    sequence: Option<String>,
    file: Option<String>,
}

impl Told {
    /// Takes over a field that was not told yet.
    fn add(&mut self, name: &str, value: &str) {
        let slot = match name {
            photo::CAPTURED => &mut self.captured,
            photo::SEQUENCE => &mut self.sequence,
            photo::FILE => &mut self.file,
            _ => return,
        };
        slot.get_or_insert_with(|| value.to_owned());
    }

    fn add_headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            if let (Some(name), Ok(value)) = (name.as_str().strip_prefix(PREFIX), value.to_str()) {
                self.add(name, value);
            }
        }
    }
}

/// Takes a photo.
pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Named(lane): Named<String>,
    request: Request,
) -> Result<Placed, Fault> {
    let hub = &shared.config.images_hub;
    shared.admit(request.headers(), &["lanes", &lane, "images"], hub, Right::Send)?;
    let hub = shared.store.hub(hub)?;
    let (parts, body) = request.into_parts();
    let mut told: Told = query(&parts.uri)?;
    told.add_headers(&parts.headers);
    let held = content(&shared, &parts.headers, body, &mut told).await?;
    let (bytes, content_type) = checked(&parts.headers, held.bytes)?;
    if lane.len() > MAX_NAME_BYTES || told.file.as_ref().is_some_and(|file| file.len() > MAX_NAME_BYTES) {
        let message = format!("the names of a lane and of a file have at most {MAX_NAME_BYTES} bytes");
        return Err(Fault::bad("bad-name", message));
    }
    let captured_ms = told.captured.as_deref().map(time_ms).transpose()?;
    let sequence = told.sequence.as_deref().map(number).transpose()?;
    let place = Place { partition: None, key: Some(lane) };
    let partition = choose(&shared, &hub, &place);
    let placed = append(&shared, &hub, partition, move |builder, now_ms| {
        let (lane, file) = (place.key.as_deref(), told.file.as_deref());
        let photo = PhotoRecord { lane, captured_ms, sequence, file, content_type: Some(content_type), body: &bytes };
        photo.with_record(now_ms, |record| builder.push(record))
    });
    placed.await
}

fn number(text: &str) -> Result<u64, Fault> {
    text.parse().ok().ok_or_else(|| Fault::bad("bad-sequence", format!("{text:?} is no number from 0 to 2^64 - 1")))
}

/// The photo's bytes: the body, or the first file in a form.
async fn content(shared: &Shared, headers: &HeaderMap, body: Body, told: &mut Told) -> Result<Held, Fault> {
    let max = shared.config.max_image_bytes;
    if !media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data")) {
        return body::read(shared, headers, body, max).await;
    }
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(bad_form)?;
    let room = body::room(shared, headers, max).await?;
    let bytes = in_time(shared, first_file(body, boundary, told, max)).await?;
    Ok(Held { bytes, _room: room })
}

async fn first_file(body: Body, boundary: String, told: &mut Told, max: usize) -> Result<Vec<u8>, Fault> {
    // The form around the file may take as much again as the names in it.
    let whole = multer::SizeLimit::new().whole_stream((max + MAX_PARTS * 4 * MAX_NAME_BYTES) as u64);
    let constraints = multer::Constraints::new().size_limit(whole);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let mut photo = None;
    for _ in 0..MAX_PARTS {
        let Some(mut field) = form.next_field().await.map_err(|error| form_fault(error, max))? else { break };
        let is_file = field.file_name().is_some() || field.content_type().is_some_and(|kind| kind.type_() == "image");
        let (file, name) = (field.file_name().map(str::to_owned), field.name().unwrap_or_default().to_owned());
        let bound = if is_file { max } else { MAX_NAME_BYTES };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| form_fault(error, max))? {
            // Of further files nothing is kept: the rest of the form is read so that the sender hears the answer.
            if photo.is_none() || !is_file {
                push(&mut bytes, &chunk, bound)?;
            }
        }
        if !is_file {
            told.add(&name, &String::from_utf8_lossy(&bytes));
        } else if photo.is_none() {
            file.filter(|name| !name.is_empty()).iter().for_each(|name| told.add(photo::FILE, name));
            photo = Some(bytes);
        }
    }
    photo.ok_or_else(|| Fault::bad("no-file", "the form has no file; send the photo as a part with a file name"))
}

fn form_fault(error: multer::Error, max: usize) -> Fault {
    match error {
        multer::Error::StreamSizeExceeded { .. } => Fault::too_large(max),
        other => bad_form(other),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "passed to map_err")]
fn bad_form(error: multer::Error) -> Fault {
    Fault::bad("bad-form", format!("cannot read the form: {error}"))
}

/// The body that is to be stored with its media type: an image of a kind that is read, or a reference to one.
fn checked(headers: &HeaderMap, body: Vec<u8>) -> Result<(Vec<u8>, &'static str), Fault> {
    let elsewhere = headers.get(CONTENT_LOCATION).and_then(|value| value.to_str().ok());
    if let (true, Some(url)) = (body.is_empty(), elsewhere) {
        return Ok((json!({ "url": url }).to_string().into_bytes(), REFERENCE_TYPE));
    }
    let claim = PhotoRecord { content_type: media_type(headers), body: &body, ..PhotoRecord::default() };
    if claim.is_reference() {
        claim.photo().map_err(|refusal| Fault::bad("bad-reference", refusal.detail))?;
        return Ok((body, REFERENCE_TYPE));
    }
    match photo::media_type(&body) {
        Some(kind) => Ok((body, kind)),
        None => {
            let message = "the body is no image that is read: send JPEG, PNG or WebP, or a reference \
                           {\"url\": \"…\"} as application/vnd.tollgate.reference+json";
            Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-an-image", message))
        }
    }
}
