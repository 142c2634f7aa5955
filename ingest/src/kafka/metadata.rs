//! What there is: versions, brokers, topics.

use std::sync::Arc;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, DescribeClusterRequest, DescribeClusterResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::api::{APIS, Api};
use super::codes;
use super::reply::text;
use super::session::Session;
use super::shared::Shared;
use super::topics;
use crate::access::Right;
use crate::log::Hub;

/// The one broker there is.
const NODE: BrokerId = BrokerId(0);
const CLUSTER: &str = "tollgate";

/// The requests that are understood.
pub(super) fn versions(code: i16) -> ApiVersionsResponse {
    let range = |api: &Api| {
        // librdkafka compresses only where version 0 of produce is offered (KAFKA-18659), though it sends version 7:
        // Apache Kafka 4 offers it for that reason too, and like there it is not served.
        let first = if api.key == ApiKey::Produce { 0 } else { api.first };
        ApiVersion::default().with_api_key(api.key as i16).with_min_version(first).with_max_version(api.last)
    };
    ApiVersionsResponse::default().with_error_code(code).with_api_keys(APIS.iter().map(range).collect())
}

/// The host and port that clients of a connection are told.
fn address(shared: &Shared, session: &Session) -> (StrBytes, i32) {
    let host = shared.config.advertised_host.clone();
    let host = host.unwrap_or_else(|| session.local.ip().to_canonical().to_string());
    (text(host), i32::from(shared.config.advertised_port.unwrap_or_else(|| session.local.port())))
}

/// Topics: those that are named, or all.
pub(super) async fn metadata(
    shared: &Arc<Shared>,
    session: &Session,
    version: i16,
    request: MetadataRequest,
) -> MetadataResponse {
    let (host, port) = address(shared, session);
    let broker = MetadataResponseBroker::default().with_node_id(NODE).with_host(host).with_port(port);
    let asked = request.topics.filter(|topics| version > 0 || !topics.is_empty());
    let topics = match asked {
        None => all(shared, session),
        Some(asked) => {
            let mut found = Vec::with_capacity(asked.len());
            for topic in asked {
                let name = topic.name.unwrap_or_default();
                found.push(named(shared, session, name, request.allow_auto_topic_creation).await);
            }
            found
        }
    };
    let cluster = (version >= 2).then(|| StrBytes::from_static_str(CLUSTER));
    MetadataResponse::default()
        .with_brokers(vec![broker])
        .with_cluster_id(cluster)
        .with_controller_id(NODE)
        .with_topics(topics)
}

fn visible(session: &Session, name: &str) -> bool {
    session.may(name, Right::Send) || session.may(name, Right::Listen) || session.may(name, Right::Manage)
}

fn all(shared: &Shared, session: &Session) -> Vec<MetadataResponseTopic> {
    let hubs = shared.store.hubs();
    hubs.iter().filter(|hub| visible(session, hub.name())).map(|hub| topic(hub)).collect()
}

async fn named(shared: &Arc<Shared>, session: &Session, name: TopicName, create: bool) -> MetadataResponseTopic {
    let refused =
        |code: i16, name: TopicName| MetadataResponseTopic::default().with_error_code(code).with_name(Some(name));
    if !visible(session, &name) {
        return refused(ResponseError::TopicAuthorizationFailed.code(), name);
    }
    match shared.store.hub(&name) {
        Ok(hub) => topic(&hub),
        Err(_) if create && shared.config.auto_create_topics && session.may(&name, Right::Manage) => {
            match topics::create_default(shared, &name).await {
                Ok(hub) => topic(&hub),
                Err((code, _)) => refused(code, name),
            }
        }
        Err(error) => refused(codes::of(&error), name),
    }
}

fn topic(hub: &Hub) -> MetadataResponseTopic {
    let partition = |index: u32| {
        MetadataResponsePartition::default()
            .with_partition_index(index as i32)
            .with_leader_id(NODE)
            .with_leader_epoch(0)
            .with_replica_nodes(vec![NODE])
            .with_isr_nodes(vec![NODE])
    };
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(text(hub.name()))))
        .with_partitions((0..hub.config().partitions).map(partition).collect())
}

/// The cluster of one.
pub(super) fn cluster(shared: &Shared, session: &Session, request: &DescribeClusterRequest) -> DescribeClusterResponse {
    let (host, port) = address(shared, session);
    let broker = DescribeClusterBroker::default().with_broker_id(NODE).with_host(host).with_port(port);
    DescribeClusterResponse::default()
        .with_endpoint_type(request.endpoint_type)
        .with_cluster_id(StrBytes::from_static_str(CLUSTER))
        .with_controller_id(NODE)
        .with_brokers(vec![broker])
}

/// Who coordinates a group: the one broker there is.
pub(super) fn coordinator(
    shared: &Shared,
    session: &Session,
    request: &FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let (host, port) = address(shared, session);
    if request.key_type != 0 {
        let message = "transactions are not offered".to_owned();
        return FindCoordinatorResponse::default()
            .with_error_code(ResponseError::CoordinatorNotAvailable.code())
            .with_error_message(Some(text(message)))
            .with_node_id(BrokerId(-1))
            .with_port(-1);
    }
    FindCoordinatorResponse::default().with_node_id(NODE).with_host(host).with_port(port)
}
