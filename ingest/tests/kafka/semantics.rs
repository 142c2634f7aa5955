//! What the protocol promises, looked at from its bytes.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use kafka_protocol::messages::{self, ApiKey, RequestHeader};
use kafka_protocol::protocol::{Encodable, StrBytes};
use tollgate_ingest::log::{BatchBuilder, NewRecord, ProducerMark};

use crate::raw::{Raw, fetch, head, produce, produced};
use crate::server::{Server, eventually};

fn batch(values: &[&str], producer: Option<ProducerMark>) -> Vec<u8> {
    let mut builder = BatchBuilder::new(1 << 20);
    builder.clear(producer);
    for value in values {
        let record = NewRecord { value: Some(value.as_bytes()), timestamp_ms: 17, ..NewRecord::default() };
        builder.push(&record).expect("small values");
    }
    builder.finish().expect("some values").to_vec()
}

#[test]
fn a_repeat_is_answered_with_its_first_offset() {
    let server = Server::start();
    server.create("once", 1);
    let mut raw = Raw::connect(server.plaintext);
    let of = |base_sequence: i32, epoch: i16| Some(ProducerMark { id: 7, epoch, base_sequence });
    assert_eq!(raw.produce("once", 0, &batch(&["a", "b"], of(0, 1))), (0, 0));
    assert_eq!(raw.produce("once", 0, &batch(&["c"], of(2, 1))), (0, 2));
    assert_eq!(raw.produce("once", 0, &batch(&["a", "b"], of(0, 1))), (0, 0));
    let (out_of_order, old_epoch) = (45, 47);
    assert_eq!(raw.produce("once", 0, &batch(&["e"], of(4, 1))).0, out_of_order);
    assert_eq!(raw.produce("once", 0, &batch(&["c"], of(2, 0))).0, old_epoch);
    assert_eq!(raw.produce("once", 0, &batch(&["d"], of(3, 1))), (0, 3));
}

#[test]
fn produce_requests_are_pipelined_and_answered_in_order() {
    let server = Server::start();
    server.create("pipe", 1);
    let mut raw = Raw::connect(server.plaintext);
    let batch = batch(&["value"], None);
    for number in 0..200 {
        raw.send(&produce(number, if number % 2 == 0 { -1 } else { 1 }, "pipe", 0, &batch));
    }
    for number in 0..200i32 {
        let answer = raw.answer().expect("an answer");
        assert_eq!(answer[..4], number.to_be_bytes());
        assert_eq!(produced(&answer, "pipe"), (0, i64::from(number)));
    }
}

#[test]
fn nothing_is_answered_where_nothing_is_asked_for() {
    let server = Server::start();
    server.create("quiet", 1);
    let mut raw = Raw::connect(server.plaintext);
    raw.send(&produce(1, 0, "quiet", 0, &batch(&["value"], None)));
    assert!(raw.is_served());
    let partition = server.store.hub("quiet").and_then(|hub| hub.partition(0)).expect("there");
    eventually("the record is durable", || partition.end_offset() == 1);
    // What goes wrong is told by closing the connection.
    raw.send(&produce(1, 0, "nowhere", 0, &batch(&["value"], None)));
    assert!(raw.is_closed());
    eventually("it is counted", || server.refusals("unacknowledged-failure") == 1);
}

#[test]
fn a_fetch_waits_until_there_is_enough() {
    let server = Server::start();
    server.create("poll", 1);
    let mut raw = Raw::connect(server.plaintext);
    let begun = Instant::now();
    raw.send(&fetch(1, 300, 1, "poll", 0));
    let nothing = raw.answer().expect("an answer");
    assert!(begun.elapsed() >= Duration::from_millis(290));
    raw.send(&fetch(2, 20_000, 1, "poll", 0));
    let record = NewRecord { value: Some(b"at last"), ..NewRecord::default() };
    server.append("poll", 0, &[record], 1);
    let something = raw.answer().expect("an answer");
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert!(something.len() > nothing.len() + 60);
    raw.send(&fetch(3, 20_000, 1, "poll", 2));
    let out_of_range = raw.answer().expect("an answer at once");
    assert_eq!(out_of_range[26..28], 1i16.to_be_bytes());
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_stop_is_graceful() {
    let mut server = Server::start();
    server.create("stop", 1);
    let mut raw = Raw::connect(server.plaintext);
    for number in 0..50 {
        raw.send(&produce(number, -1, "stop", 0, &batch(&["value"], None)));
    }
    // The first answer says that the others have come in as well, or are on their way.
    assert_eq!(produced(&raw.answer().expect("an answer"), "stop"), (0, 0));
    let mut poll = Raw::connect(server.plaintext);
    poll.send(&fetch(1, 30_000, 1 << 20, "stop", 0));
    assert!(Raw::connect(server.plaintext).is_served());
    let took = server.stop();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(poll.answer().is_some(), "a fetch that waits is answered with what there is");
    let answered = 1 + std::iter::from_fn(|| raw.answer()).count() as u64;
    let partition = server.store.hub("stop").and_then(|hub| hub.partition(0)).expect("there");
    assert_eq!(partition.end_offset(), answered, "what was appended was answered");
}

/// Adds a request of a kind with nothing in it but what must be.
fn put_plainest(request: &mut BytesMut, key: ApiKey, version: i16) {
    let group = || messages::GroupId(StrBytes::from_static_str("plain"));
    let put = match key {
        ApiKey::Produce => messages::ProduceRequest::default().encode(request, version),
        ApiKey::Fetch => messages::FetchRequest::default().encode(request, version),
        ApiKey::ListOffsets => messages::ListOffsetsRequest::default().encode(request, version),
        ApiKey::Metadata => messages::MetadataRequest::default().encode(request, version),
        ApiKey::OffsetCommit => {
            messages::OffsetCommitRequest::default().with_group_id(group()).encode(request, version)
        }
        ApiKey::OffsetFetch => messages::OffsetFetchRequest::default().with_group_id(group()).encode(request, version),
        ApiKey::FindCoordinator => messages::FindCoordinatorRequest::default().encode(request, version),
        ApiKey::JoinGroup => messages::JoinGroupRequest::default().with_group_id(group()).encode(request, version),
        ApiKey::Heartbeat => messages::HeartbeatRequest::default().with_group_id(group()).encode(request, version),
        ApiKey::LeaveGroup => messages::LeaveGroupRequest::default().with_group_id(group()).encode(request, version),
        ApiKey::SyncGroup => messages::SyncGroupRequest::default().with_group_id(group()).encode(request, version),
        ApiKey::DescribeGroups => {
            messages::DescribeGroupsRequest::default().with_groups(vec![group()]).encode(request, version)
        }
        ApiKey::ListGroups => messages::ListGroupsRequest::default().encode(request, version),
        ApiKey::SaslHandshake => messages::SaslHandshakeRequest::default().encode(request, version),
        ApiKey::ApiVersions => messages::ApiVersionsRequest::default().encode(request, version),
        ApiKey::CreateTopics => messages::CreateTopicsRequest::default().encode(request, version),
        ApiKey::DeleteTopics => messages::DeleteTopicsRequest::default().encode(request, version),
        ApiKey::InitProducerId => {
            messages::InitProducerIdRequest::default().with_transactional_id(None).encode(request, version)
        }
        ApiKey::DescribeConfigs => messages::DescribeConfigsRequest::default().encode(request, version),
        ApiKey::SaslAuthenticate => messages::SaslAuthenticateRequest::default().encode(request, version),
        ApiKey::CreatePartitions => messages::CreatePartitionsRequest::default().encode(request, version),
        ApiKey::DeleteGroups => {
            messages::DeleteGroupsRequest::default().with_groups_names(vec![group()]).encode(request, version)
        }
        ApiKey::DescribeCluster => messages::DescribeClusterRequest::default().encode(request, version),
        _ => panic!("{key:?} is not known here"),
    };
    put.expect("a request");
}

#[test]
fn every_version_that_is_offered_is_answered() {
    let server = Server::start();
    server.create("versions", 2);
    let mut raw = Raw::connect(server.plaintext);
    raw.send(&head(18, 0, 1));
    let answer = raw.answer().expect("the versions");
    let number = |at: usize| i16::from_be_bytes(answer[at..at + 2].try_into().expect("two bytes"));
    let count = i32::from_be_bytes(answer[6..10].try_into().expect("four bytes")) as usize;
    assert!(count >= 22, "{count}");
    for api in 0..count {
        let (key, first, last) = (number(10 + 6 * api), number(12 + 6 * api), number(14 + 6 * api));
        let key = ApiKey::try_from(key).expect("a known key");
        // Versions 0 to 2 of produce are only told, for librdkafka's sake.
        let first = if key == ApiKey::Produce { 3 } else { first };
        for version in first..=last {
            let mut request = BytesMut::new();
            let correlation = i32::from(key as i16) * 100 + i32::from(version);
            let header = RequestHeader::default().with_request_api_key(key as i16).with_request_api_version(version);
            let header = header.with_correlation_id(correlation);
            header.encode(&mut request, key.request_header_version(version)).expect("a header");
            put_plainest(&mut request, key, version);
            raw.send(&crate::raw::Bytes(request.to_vec()));
            if key == ApiKey::Produce {
                // Its default asks for no answer.
                assert!(raw.is_served());
                continue;
            }
            let answer = raw.answer().unwrap_or_else(|| panic!("{key:?} version {version} is not answered"));
            assert_eq!(answer[..4], correlation.to_be_bytes(), "{key:?} version {version}");
        }
    }
}
