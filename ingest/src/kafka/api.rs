//! The requests that are understood, with the versions of each, and what every request begins with.

use std::ops::Range;

use kafka_protocol::messages::ApiKey;

use super::shape::{self, Shape};
use super::wire::Reader;

/// A request that is understood.
pub(super) struct Api {
    pub(super) key: ApiKey,
    /// As metrics show it.
    pub(super) name: &'static str,
    pub(super) first: i16,
    pub(super) last: i16,
    /// What a body must fulfil; produce requests are not decoded by the codec.
    shape: Option<Shape>,
}

const fn api(key: ApiKey, name: &'static str, first: i16, last: i16, shape: Shape) -> Api {
    Api { key, name, first, last, shape: Some(shape) }
}

/// All of them. Versions beyond these differ in what is not offered here: topic ids, transactions, the newer group
/// protocol, several coordinators or groups in a request.
pub(super) const APIS: [Api; 23] = [
    Api { key: ApiKey::Produce, name: "Produce", first: 3, last: 9, shape: None },
    api(ApiKey::Fetch, "Fetch", 4, 12, shape::FETCH),
    api(ApiKey::ListOffsets, "ListOffsets", 1, 7, shape::LIST_OFFSETS),
    api(ApiKey::Metadata, "Metadata", 0, 9, shape::METADATA),
    api(ApiKey::OffsetCommit, "OffsetCommit", 2, 8, shape::OFFSET_COMMIT),
    api(ApiKey::OffsetFetch, "OffsetFetch", 1, 7, shape::OFFSET_FETCH),
    api(ApiKey::FindCoordinator, "FindCoordinator", 0, 3, shape::FIND_COORDINATOR),
    api(ApiKey::JoinGroup, "JoinGroup", 0, 8, shape::JOIN_GROUP),
    api(ApiKey::Heartbeat, "Heartbeat", 0, 4, shape::HEARTBEAT),
    api(ApiKey::LeaveGroup, "LeaveGroup", 0, 5, shape::LEAVE_GROUP),
    api(ApiKey::SyncGroup, "SyncGroup", 0, 5, shape::SYNC_GROUP),
    api(ApiKey::DescribeGroups, "DescribeGroups", 0, 5, shape::DESCRIBE_GROUPS),
    api(ApiKey::ListGroups, "ListGroups", 0, 4, shape::LIST_GROUPS),
    api(ApiKey::SaslHandshake, "SaslHandshake", 1, 1, shape::SASL_HANDSHAKE),
    api(ApiKey::ApiVersions, "ApiVersions", 0, 3, shape::API_VERSIONS),
    api(ApiKey::CreateTopics, "CreateTopics", 2, 6, shape::CREATE_TOPICS),
    api(ApiKey::DeleteTopics, "DeleteTopics", 1, 5, shape::DELETE_TOPICS),
    api(ApiKey::InitProducerId, "InitProducerId", 0, 4, shape::INIT_PRODUCER_ID),
    api(ApiKey::DescribeConfigs, "DescribeConfigs", 1, 4, shape::DESCRIBE_CONFIGS),
    api(ApiKey::SaslAuthenticate, "SaslAuthenticate", 0, 2, shape::SASL_AUTHENTICATE),
    api(ApiKey::CreatePartitions, "CreatePartitions", 0, 3, shape::CREATE_PARTITIONS),
    api(ApiKey::DeleteGroups, "DeleteGroups", 0, 2, shape::DELETE_GROUPS),
    api(ApiKey::DescribeCluster, "DescribeCluster", 0, 1, shape::DESCRIBE_CLUSTER),
];

impl Api {
    fn of(key: i16) -> Option<&'static Self> {
        APIS.iter().find(|api| api.key as i16 == key)
    }

    /// Whether a request's body is what the decoder may be given.
    pub(super) fn fits(&self, head: &Head, frame: &[u8]) -> bool {
        let mut body = Reader::new(frame, head.flexible);
        let passed = body.skip(head.length);
        passed.is_some() && self.shape.is_none_or(|shape| shape.fits(body, head.version))
    }
}

/// What every request begins with.
pub(super) struct Head {
    pub(super) api: &'static Api,
    pub(super) version: i16,
    pub(super) correlation: i32,
    /// Where it says who the client is.
    pub(super) client: Range<usize>,
    /// Whether the request is in the flexible encoding.
    pub(super) flexible: bool,
    /// Bytes of the head itself.
    pub(super) length: usize,
}

/// Why a request's head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadHead {
    Malformed,
    UnknownApi,
    /// A version that is not understood, of this API.
    Version(ApiKey, i32),
}

impl Head {
    /// Reads the head of a request.
    pub(super) fn parse(frame: &[u8]) -> Result<Self, BadHead> {
        let mut reader = Reader::new(frame, false);
        let numbers = (|| Some((reader.i16()?, reader.i16()?, reader.i32()?)))();
        let (key, version, correlation) = numbers.ok_or(BadHead::Malformed)?;
        let api = Api::of(key).ok_or(BadHead::UnknownApi)?;
        if !(api.first..=api.last).contains(&version) {
            return Err(BadHead::Version(api.key, correlation));
        }
        let flexible = api.key.request_header_version(version) >= 2;
        let client = reader.string().ok_or(BadHead::Malformed)?;
        let mut reader = reader.with_flexible(flexible);
        reader.tags().ok_or(BadHead::Malformed)?;
        Ok(Self { api, version, correlation, client: client.unwrap_or(0..0), flexible, length: reader.position() })
    }
}
