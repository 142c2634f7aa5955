//! OffsetCommit and OffsetFetch: how far a group has come, kept by the log.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{OffsetFetchResponsePartition, OffsetFetchResponseTopic};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};

use super::coordinator::Named;
use super::may_group;
use crate::access::Right;
use crate::kafka::codes;
use crate::kafka::reply::text;
use crate::kafka::session::Session;
use crate::kafka::shared::Shared;
use crate::kafka::topics::on_disk;
use crate::log::Checkpoint;

/// Keeps how far a group has come.
pub(in crate::kafka) async fn commit(
    shared: &Shared,
    session: &Session,
    request: OffsetCommitRequest,
) -> OffsetCommitResponse {
    let group = request.group_id.to_string();
    let refused = refused_to_commit(shared, session, &request);
    let mut checkpoints = Vec::new();
    let mut answer = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for partition in topic.partitions {
            let index = partition.partition_index;
            let metadata = partition.committed_metadata.map(|text| text.to_string()).unwrap_or_default();
            let checked = match refused {
                Some(code) => Err(code),
                None => checkpoint(shared, session, &topic.name, index, partition.committed_offset, metadata),
            };
            let code = checked.map_or_else(
                |code| code,
                |one| {
                    checkpoints.push(one);
                    codes::OK
                },
            );
            partitions.push(OffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(code));
        }
        answer.push(OffsetCommitResponseTopic::default().with_name(topic.name).with_partitions(partitions));
    }
    if !checkpoints.is_empty()
        && let Err((code, _)) = on_disk(shared, move |store| store.commit_checkpoints(&group, &checkpoints)).await
    {
        let all = answer.iter_mut().flat_map(|topic| &mut topic.partitions);
        all.filter(|partition| partition.error_code == codes::OK).for_each(|partition| partition.error_code = code);
    }
    OffsetCommitResponse::default().with_topics(answer)
}

fn refused_to_commit(shared: &Shared, session: &Session, request: &OffsetCommitRequest) -> Option<i16> {
    if !may_group(shared, session) {
        return Some(ResponseError::GroupAuthorizationFailed.code());
    }
    if request.group_id.is_empty() {
        return Some(ResponseError::InvalidGroupId.code());
    }
    let instance = request.group_instance_id.as_deref();
    let generation = request.generation_id_or_member_epoch;
    let member = Named { id: &request.member_id, instance, generation };
    shared.groups.may_commit(&request.group_id, member).err().map(|refused| refused.code())
}

fn checkpoint(
    shared: &Shared,
    session: &Session,
    topic: &TopicName,
    index: i32,
    offset: i64,
    metadata: String,
) -> Result<Checkpoint, i16> {
    if !session.may(topic, Right::Listen) {
        return Err(ResponseError::TopicAuthorizationFailed.code());
    }
    let partition = u32::try_from(index).unwrap_or(u32::MAX);
    let found = shared.store.hub(topic).and_then(|hub| hub.partition(partition));
    found.map_err(|error| codes::of(&error))?;
    // Kafka's `offset.metadata.max.bytes`, which is also the log's bound.
    if metadata.len() > 4096 {
        return Err(ResponseError::OffsetMetadataTooLarge.code());
    }
    let offset = u64::try_from(offset).ok().ok_or_else(|| ResponseError::OffsetOutOfRange.code())?;
    Ok(Checkpoint { hub: topic.to_string(), partition, offset, metadata })
}

/// Says how far a group has come: in the partitions that are named, or in all.
pub(in crate::kafka) fn fetch(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: OffsetFetchRequest,
) -> OffsetFetchResponse {
    if !may_group(shared, session) {
        let code = ResponseError::GroupAuthorizationFailed.code();
        return OffsetFetchResponse::default().with_error_code(if version >= 2 { code } else { codes::OK });
    }
    let mut kept = shared.store.checkpoints(&request.group_id);
    kept.retain(|one| session.may(&one.hub, Right::Listen));
    let topics = match request.topics {
        Some(topics) => topics
            .into_iter()
            .map(|topic| {
                let partition = |index: &i32| {
                    let of_partition = |one: &&Checkpoint| {
                        one.hub == topic.name.as_str() && i64::from(one.partition) == i64::from(*index)
                    };
                    answer(*index, kept.iter().find(of_partition))
                };
                let partitions = topic.partition_indexes.iter().map(partition).collect();
                OffsetFetchResponseTopic::default().with_partitions(partitions).with_name(topic.name)
            })
            .collect(),
        None => all(&kept),
    };
    OffsetFetchResponse::default().with_topics(topics)
}

/// All that is kept; it lies in the order of hubs.
fn all(kept: &[Checkpoint]) -> Vec<OffsetFetchResponseTopic> {
    let topic = |of_hub: &[Checkpoint]| {
        let partitions = of_hub.iter().map(|one| answer(one.partition as i32, Some(one))).collect();
        let name = of_hub.first().map(|one| TopicName(text(one.hub.clone()))).unwrap_or_default();
        OffsetFetchResponseTopic::default().with_name(name).with_partitions(partitions)
    };
    kept.chunk_by(|one, other| one.hub == other.hub).map(topic).collect()
}

fn answer(index: i32, kept: Option<&Checkpoint>) -> OffsetFetchResponsePartition {
    let metadata = kept.map_or_else(String::new, |one| one.metadata.clone());
    OffsetFetchResponsePartition::default()
        .with_partition_index(index)
        .with_committed_offset(kept.map_or(-1, |one| one.offset as i64))
        .with_metadata(Some(text(metadata)))
}
