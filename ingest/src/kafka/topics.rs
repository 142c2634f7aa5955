//! Topics: making, growing, removing and describing them. What touches the disk runs on threads that may wait.

use std::sync::Arc;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse,
};

use super::codes;
use super::reply::text;
use super::session::Session;
use super::settings::{self, Source};
use super::shared::Shared;
use crate::access::Right;
use crate::log::{Hub, HubConfig, Store};
use crate::{Error, Result as LogResult};

/// A code, and what it means here.
pub(super) type Refused = (i16, String);

fn refused(code: ResponseError, message: &str) -> Refused {
    (code.code(), message.to_owned())
}

fn forbidden() -> Refused {
    refused(ResponseError::TopicAuthorizationFailed, "the key has no manage right for this hub")
}

/// What the log says to something that waits for the disk.
pub(super) async fn on_disk<T: Send + 'static>(
    shared: &Shared,
    work: impl FnOnce(&Store) -> LogResult<T> + Send + 'static,
) -> Result<T, Refused> {
    let store = Arc::clone(&shared.store);
    match tokio::task::spawn_blocking(move || work(&store)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err((codes::of(&error), error.to_string())),
        Err(error) => Err((ResponseError::UnknownServerError.code(), error.to_string())),
    }
}

async fn create_hub(shared: &Shared, name: &str, config: HubConfig) -> Result<Arc<Hub>, Refused> {
    if shared.store.hubs().len() >= shared.config.max_topics {
        let message = format!("there are {} topics already, the most there may be", shared.config.max_topics);
        return Err((ResponseError::PolicyViolation.code(), message));
    }
    let owned = name.to_owned();
    on_disk(shared, move |store| store.create_hub(&owned, &config)).await.map_err(|(code, message)| {
        // The name is the only thing that can be wrong with a configuration of ours, or one that was checked.
        let bad_name = ResponseError::InvalidTopicException.code();
        let is_name = code == ResponseError::InvalidConfig.code() && message.contains("cannot be a name");
        (if is_name { bad_name } else { code }, message)
    })
}

/// Makes a topic of which nothing but the name is said; one that is made meanwhile is as good.
pub(super) async fn create_default(shared: &Shared, name: &str) -> Result<Arc<Hub>, Refused> {
    let config = HubConfig { partitions: shared.config.default_partitions, ..HubConfig::default() };
    match create_hub(shared, name, config).await {
        Err((code, _)) if code == ResponseError::TopicAlreadyExists.code() => {
            shared.store.hub(name).map_err(|error| (codes::of(&error), error.to_string()))
        }
        outcome => outcome,
    }
}

/// Makes topics.
pub(super) async fn create(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: CreateTopicsRequest,
) -> CreateTopicsResponse {
    let mut results = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let outcome = create_one(shared, session, &topic, request.validate_only).await;
        let result = CreatableTopicResult::default().with_name(topic.name);
        results.push(match outcome {
            // From version 5 on the settings are told as well.
            Ok(config) if version >= 5 => result
                .with_num_partitions(config.partitions as i32)
                .with_replication_factor(1)
                .with_configs(Some(settings::of(&config).map(created).collect())),
            Ok(_) => result,
            Err((code, message)) => result.with_error_code(code).with_error_message(Some(text(message))),
        });
    }
    CreateTopicsResponse::default().with_topics(results)
}

fn created(setting: settings::Setting) -> CreatableTopicConfigs {
    CreatableTopicConfigs::default()
        .with_name(text(setting.name))
        .with_value(Some(text(setting.value)))
        .with_config_source(Source::Topic as i8)
}

async fn create_one(
    shared: &Shared,
    session: &Session,
    topic: &CreatableTopic,
    validate_only: bool,
) -> Result<HubConfig, Refused> {
    if !session.may(&topic.name, Right::Manage) {
        return Err(forbidden());
    }
    let partitions = match topic.num_partitions {
        -1 if topic.assignments.is_empty() => shared.config.default_partitions,
        -1 => topic.assignments.len() as u32,
        count => u32::try_from(count).unwrap_or(0),
    };
    if !(1..=crate::log::MAX_PARTITIONS).contains(&partitions) {
        return Err(refused(ResponseError::InvalidPartitions, "a topic has 1 to 32 partitions"));
    }
    if !matches!(topic.replication_factor, -1 | 1) {
        let message = "there is one broker: the replication factor is 1";
        return Err(refused(ResponseError::InvalidReplicationFactor, message));
    }
    let mut config = HubConfig { partitions, ..HubConfig::default() };
    for setting in &topic.configs {
        let value = setting.value.as_deref().unwrap_or_default();
        settings::set(&mut config, &setting.name, value)
            .map_err(|message| (ResponseError::InvalidConfig.code(), message))?;
    }
    if shared.store.hub(&topic.name).is_ok() {
        let error = Error::HubExists { hub: topic.name.to_string() };
        return Err((codes::of(&error), error.to_string()));
    }
    if !validate_only {
        create_hub(shared, &topic.name, config).await?;
    }
    Ok(config)
}

/// Removes topics.
pub(super) async fn delete(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let mut results = Vec::with_capacity(request.topic_names.len());
    for name in request.topic_names {
        let outcome = if session.may(&name, Right::Manage) {
            let owned = name.to_string();
            on_disk(shared, move |store| store.delete_hub(&owned)).await
        } else {
            Err(forbidden())
        };
        let (code, message) =
            outcome.map_or_else(|(code, message)| (code, Some(text(message))), |()| (codes::OK, None));
        let message = message.filter(|_| version >= 5);
        let result = DeletableTopicResult::default().with_name(Some(name));
        results.push(result.with_error_code(code).with_error_message(message));
    }
    DeleteTopicsResponse::default().with_responses(results)
}

/// Adds partitions.
pub(super) async fn grow(
    shared: &Shared,
    session: &Session,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut results = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let outcome = grow_one(shared, session, &topic, request.validate_only).await;
        let (code, message) =
            outcome.map_or_else(|(code, message)| (code, Some(text(message))), |()| (codes::OK, None));
        let result = CreatePartitionsTopicResult::default().with_name(topic.name);
        results.push(result.with_error_code(code).with_error_message(message));
    }
    CreatePartitionsResponse::default().with_results(results)
}

async fn grow_one(
    shared: &Shared,
    session: &Session,
    topic: &CreatePartitionsTopic,
    validate_only: bool,
) -> Result<(), Refused> {
    if !session.may(&topic.name, Right::Manage) {
        return Err(forbidden());
    }
    let hub = shared.store.hub(&topic.name).map_err(|error| (codes::of(&error), error.to_string()))?;
    let count = u32::try_from(topic.count).unwrap_or(0);
    if count <= hub.config().partitions || count > crate::log::MAX_PARTITIONS {
        let message = format!("there are {} partitions; ask for more, and at most 32", hub.config().partitions);
        return Err((ResponseError::InvalidPartitions.code(), message));
    }
    if validate_only { Ok(()) } else { on_disk(shared, move |_| hub.grow(count)).await }
}
