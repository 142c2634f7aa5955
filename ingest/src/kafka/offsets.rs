//! Offsets by time, and the first and the last.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::codes;
use super::session::Session;
use super::shared::Shared;
use crate::access::Right;
use crate::log::{BatchHeader, HEADER_BYTES, Hub, Partition};

/// Times that are none (Kafka's `ListOffsetsRequest`).
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;

/// Answers for each partition: the time and the offset.
pub(super) fn list(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: ListOffsetsRequest,
) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let hub = if session.may(&topic.name, Right::Listen) {
            shared.store.hub(&topic.name).map_err(|error| codes::of(&error))
        } else {
            Err(ResponseError::TopicAuthorizationFailed.code())
        };
        let partitions = topic.partitions.iter().map(|asked| {
            let found = hub.as_ref().map_err(|code| *code).and_then(|hub| find(hub, asked));
            let (code, (timestamp, offset)) = found.map_or_else(|code| (code, (-1, -1)), |found| (codes::OK, found));
            ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code)
                .with_timestamp(timestamp)
                .with_offset(offset)
                // One broker without elections: every epoch is the first, as metadata says.
                .with_leader_epoch(if code == codes::OK && version >= 4 { 0 } else { -1 })
        });
        ListOffsetsTopicResponse::default().with_partitions(partitions.collect()).with_name(topic.name)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn find(hub: &Hub, asked: &ListOffsetsPartition) -> Result<(i64, i64), i16> {
    let number = u32::try_from(asked.partition_index).unwrap_or(u32::MAX);
    let partition = hub.partition(number).map_err(|error| codes::of(&error))?;
    let end = partition.end_offset();
    match asked.timestamp {
        LATEST => Ok((-1, end as i64)),
        EARLIEST => Ok((-1, partition.start_offset() as i64)),
        // Append times never go back: the latest is the last record's.
        MAX_TIMESTAMP if end > partition.start_offset() => Ok((append_ms(&partition, end - 1)?, end as i64 - 1)),
        MAX_TIMESTAMP => Ok((-1, -1)),
        time if time >= 0 => {
            let offset = partition.offset_at(time).map_err(|error| codes::of(&error))?;
            if offset >= end { Ok((-1, -1)) } else { Ok((append_ms(&partition, offset)?, offset as i64)) }
        }
        _ => Err(ResponseError::UnsupportedVersion.code()),
    }
}

/// When the batch was appended that holds an offset.
fn append_ms(partition: &Partition, offset: u64) -> Result<i64, i16> {
    let mut slice = partition.read(offset, 1).map_err(|error| codes::of(&error))?;
    slice.length = slice.length.min(HEADER_BYTES as u64);
    let mut head = Vec::with_capacity(HEADER_BYTES);
    let read = slice.read_into(&mut head).ok().and_then(|()| BatchHeader::parse(&head).ok());
    read.map(|header| header.max_timestamp_ms).ok_or_else(|| ResponseError::KafkaStorageError.code())
}
