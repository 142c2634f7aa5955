//! From a request to what answers it.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};

use super::api::Head;
use super::codes;
use super::reply::{Reply, encode};
use super::session::Session;
use super::shared::Shared;
use super::{fetch, group, metadata, offsets, producers, sasl, settings, topics};

/// Why a connection is closed instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed(pub(super) &'static str);

/// A request that does not decode.
pub(super) const MALFORMED: Closed = Closed("malformed");
/// An answer that the codec cannot express: an error of ours.
const UNANSWERABLE: Closed = Closed("unanswerable");

/// A request on its way to the handler that knows its type.
struct Asked<'a> {
    head: &'a Head,
    body: Bytes,
}

impl Asked<'_> {
    fn request<Q: Decodable>(&mut self) -> Result<Q, Closed> {
        Q::decode(&mut self.body, self.head.version).map_err(|error| {
            tracing::debug!(%error, api = self.head.api.name, "a request does not decode");
            MALFORMED
        })
    }

    fn answer<R: Encodable + HeaderVersion>(&self, response: &R) -> Result<Reply, Closed> {
        encode(self.head.correlation, self.head.version, response).ok_or(UNANSWERABLE)
    }

    /// What answers without waiting.
    fn with<Q: Decodable, R: Encodable + HeaderVersion>(
        &mut self,
        handle: impl FnOnce(Q) -> R,
    ) -> Result<Reply, Closed> {
        let request = self.request()?;
        self.answer(&handle(request))
    }

    /// What may wait.
    async fn when<Q: Decodable, R: Encodable + HeaderVersion>(
        &mut self,
        handle: impl AsyncFnOnce(Q) -> R,
    ) -> Result<Reply, Closed> {
        let request = self.request()?;
        let response = handle(request).await;
        self.answer(&response)
    }
}

/// Answers a request other than produce. The frame must fit its API's shape.
pub(super) async fn dispatch(
    shared: &Arc<Shared>,
    session: &mut Session,
    head: &Head,
    frame: Bytes,
) -> Result<Reply, Closed> {
    let client = std::str::from_utf8(&frame[head.client.clone()]).unwrap_or_default();
    let mut asked = Asked { head, body: frame.slice(head.length..) };
    let version = head.version;
    match head.api.key {
        ApiKey::ApiVersions => encode(head.correlation, version, &metadata::versions(codes::OK)).ok_or(UNANSWERABLE),
        ApiKey::Fetch => Ok(fetch::fetch(shared, session, head, asked.request()?).await),
        ApiKey::ListOffsets => asked.with(|request| offsets::list(shared, session, version, request)),
        ApiKey::Metadata => {
            asked.when(async |request| metadata::metadata(shared, session, version, request).await).await
        }
        ApiKey::DescribeCluster => asked.with(|request| metadata::cluster(shared, session, &request)),
        ApiKey::FindCoordinator => asked.with(|request| metadata::coordinator(shared, session, &request)),
        ApiKey::CreateTopics => {
            asked.when(async |request| topics::create(shared, session, version, request).await).await
        }
        ApiKey::DeleteTopics => {
            asked.when(async |request| topics::delete(shared, session, version, request).await).await
        }
        ApiKey::CreatePartitions => asked.when(async |request| topics::grow(shared, session, request).await).await,
        ApiKey::DescribeConfigs => asked.with(|request| settings::describe(shared, session, request)),
        ApiKey::InitProducerId => asked.with(|request| producers::init(shared, &request)),
        ApiKey::SaslHandshake => asked.with(|request| sasl::handshake(session, &request)),
        ApiKey::SaslAuthenticate => asked.with(|request| sasl::authenticate(shared, session, &request)),
        _ => dispatch_group(shared, session, asked, client).await,
    }
}

/// The requests about consumer groups.
async fn dispatch_group(
    shared: &Shared,
    session: &Session,
    mut asked: Asked<'_>,
    client: &str,
) -> Result<Reply, Closed> {
    let version = asked.head.version;
    match asked.head.api.key {
        ApiKey::JoinGroup => {
            asked.when(async |request| group::join(shared, session, version, client, request).await).await
        }
        ApiKey::SyncGroup => asked.when(async |request| group::sync(shared, session, version, request).await).await,
        ApiKey::Heartbeat => asked.with(|request| group::heartbeat(shared, session, &request)),
        ApiKey::LeaveGroup => asked.with(|request| group::leave(shared, session, version, request)),
        ApiKey::OffsetCommit => asked.when(async |request| group::commit(shared, session, request).await).await,
        ApiKey::OffsetFetch => asked.with(|request| group::fetch(shared, session, version, request)),
        ApiKey::ListGroups => asked.with(|request| group::list(shared, session, version, &request)),
        ApiKey::DescribeGroups => asked.with(|request| group::describe(shared, session, version, request)),
        ApiKey::DeleteGroups => asked.when(async |request| group::delete(shared, session, request).await).await,
        _ => Err(MALFORMED),
    }
}
