//! Operations on a queue as a whole.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};

use super::account::AccountConfig;
use super::answer::Answer;
use super::fault::Fault;
use super::metadata;
use super::policy::Policies;
use super::route::Call;
use crate::Error;
use crate::queue::{Created, Kind, Refusal, Settings};

const COUNT: HeaderName = HeaderName::from_static("x-ms-approximate-messages-count");

/// The name among all queues of an account's queue.
pub(super) fn name<'a>(account: &AccountConfig, queue: &'a str) -> Cow<'a, str> {
    if account.folder.is_empty() { Cow::Borrowed(queue) } else { Cow::Owned(format!("{}/{queue}", account.folder)) }
}

/// 201; 204 where it is there with the same metadata, 409 with others.
pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Fault> {
    let metadata = metadata::read(&call.parts.headers)?;
    let queues = &call.face.queues;
    let created = queues.create_with(call.entity, Kind::Queue, Settings::task(), metadata.clone(), call.now_ms);
    match created {
        Ok(pending) => match pending.durable().await? {
            Created::New => Ok(Answer::empty(StatusCode::CREATED)),
            Created::WasThere => Ok(Answer::empty(StatusCode::NO_CONTENT)),
        },
        // With other settings, such as another face gives it: what counts here is the metadata.
        Err(Error::Refused(Refusal::EntityExists { .. })) if queues.describe(call.entity)?.metadata == metadata => {
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Fault> {
    call.face.queues.delete(call.entity)?.durable().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The metadata and how many messages there are, hidden ones included.
pub(super) fn metadata(call: &Call<'_>) -> Result<Answer, Fault> {
    let description = call.face.queues.describe(call.entity)?;
    let counts = call.face.queues.counts(call.entity, call.now_ms)?;
    let mut answer = Answer::empty(StatusCode::OK);
    metadata::write(&description.metadata, &mut answer.headers);
    answer.headers.insert(COUNT, HeaderValue::from(counts.active()));
    Ok(answer)
}

pub(super) async fn set_metadata(call: &Call<'_>) -> Result<Answer, Fault> {
    let metadata = metadata::read(&call.parts.headers)?;
    call.face.queues.configure(call.entity, |description| description.metadata = metadata)?.durable().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) fn policies(call: &Call<'_>) -> Result<Answer, Fault> {
    let description = call.face.queues.describe(call.entity)?;
    Ok(Answer::xml(StatusCode::OK, Policies::kept(&description.face).to_xml()))
}

pub(super) async fn set_policies(call: &Call<'_>, body: Body) -> Result<Answer, Fault> {
    let policies = Policies::parse(&call.body(body).await?.bytes)?;
    let face = policies.to_keep().map_err(Fault::failed)?;
    call.face.queues.configure(call.entity, |description| description.face = face)?.durable().await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
