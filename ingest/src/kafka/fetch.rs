//! Fetch: slices of the log's files, read once into the answer; waits where there is not enough yet.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::FetchRequest;
use tokio::time::{Instant, timeout_at};

use super::api::Head;
use super::codes;
use super::reply::Reply;
use super::session::Session;
use super::shared::Shared;
use super::wire::Writer;
use crate::access::Right;
use crate::log::{EventListener, Hub, Partition, Slice};
use crate::metrics::HubLabels;

/// A topic of the request.
struct Topic {
    name: String,
    hub: Result<Arc<Hub>, i16>,
    targets: Vec<Target>,
}

/// A partition of the request, and what is there of it.
struct Target {
    index: i32,
    offset: i64,
    max_bytes: u64,
    partition: Result<Arc<Partition>, i16>,
    found: Result<Option<Slice>, i16>,
}

impl Target {
    fn bytes(&self) -> u64 {
        self.found.as_ref().ok().and_then(Option::as_ref).map_or(0, |slice| slice.length)
    }
}

/// Answers a fetch.
pub(super) async fn fetch(shared: &Shared, session: &Session, head: &Head, request: FetchRequest) -> Reply {
    // Sessions are not offered: the answer's session id 0 says so, and then clients name all partitions each time. One
    // that goes on with a session from before a restart is told that it is not there.
    if request.session_id != 0 && request.session_epoch > 0 {
        return answer(shared, head, ResponseError::FetchSessionIdNotFound.code(), &mut []).await;
    }
    let wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0).min(shared.config.max_fetch_wait_ms);
    let deadline = Instant::now() + Duration::from_millis(wait_ms);
    let asked = u64::try_from(request.max_bytes).unwrap_or(0);
    let max_bytes = asked.min(shared.config.max_fetch_bytes as u64);
    let enough = u64::try_from(request.min_bytes).unwrap_or(0).min(max_bytes);
    let mut topics: Vec<Topic> = request.topics.iter().map(|topic| resolve(shared, session, topic)).collect();
    let mut stop = shared.stopping.subscribe();
    loop {
        let looked = look(&mut topics, max_bytes);
        if looked.is_none_or(|bytes| bytes >= enough) || Instant::now() >= deadline || *stop.borrow() {
            break;
        }
        let mut grown: Vec<EventListener> =
            topics.iter().filter_map(|topic| topic.hub.as_ref().ok()).map(|hub| hub.listen()).collect();
        // Something may have come between the look and the listening.
        if look(&mut topics, max_bytes).is_none_or(|bytes| bytes >= enough) {
            break;
        }
        let more = async {
            tokio::select! {
                () = any(&mut grown) => {}
                _ = stop.changed() => {}
            }
        };
        // At the deadline there is a last look.
        timeout_at(deadline, more).await.ok();
    }
    answer(shared, head, codes::OK, &mut topics).await
}

/// Waits for the first of them.
async fn any(listeners: &mut [EventListener]) {
    poll_fn(|context| {
        let ready = listeners.iter_mut().any(|listener| Pin::new(listener).poll(context).is_ready());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn resolve(shared: &Shared, session: &Session, topic: &kafka_protocol::messages::fetch_request::FetchTopic) -> Topic {
    let name = topic.topic.to_string();
    let hub = if session.may(&name, Right::Listen) {
        shared.store.hub(&name).map_err(|error| codes::of(&error))
    } else {
        Err(ResponseError::TopicAuthorizationFailed.code())
    };
    let target = |asked: &kafka_protocol::messages::fetch_request::FetchPartition| {
        let partition = hub.as_ref().map_err(|code| *code).and_then(|hub| {
            let number = u32::try_from(asked.partition).unwrap_or(u32::MAX);
            hub.partition(number).map_err(|error| codes::of(&error))
        });
        let max_bytes = u64::try_from(asked.partition_max_bytes).unwrap_or(0);
        let (index, offset) = (asked.partition, asked.fetch_offset);
        Target { index, offset, max_bytes, partition, found: Ok(None) }
    };
    let targets = topic.partitions.iter().map(target).collect();
    Topic { name, hub, targets }
}

/// Looks what is there, and how much; `None` when a partition has an error, which is told at once.
fn look(topics: &mut [Topic], max_bytes: u64) -> Option<u64> {
    let mut bytes = 0;
    let mut sound = true;
    for target in topics.iter_mut().flat_map(|topic| &mut topic.targets) {
        target.found = target.look(bytes, max_bytes);
        bytes += target.bytes();
        sound &= target.found.is_ok();
    }
    sound.then_some(bytes)
}

impl Target {
    fn look(&self, taken: u64, max_bytes: u64) -> Result<Option<Slice>, i16> {
        let partition = self.partition.as_ref().map_err(|code| *code)?;
        let offset = u64::try_from(self.offset).unwrap_or(u64::MAX);
        let room = max_bytes.saturating_sub(taken).min(self.max_bytes);
        let slice = partition.read(offset, room).map_err(|error| codes::of(&error))?;
        // The first batch is given whatever its size, or a reader could never get past it; but only once.
        Ok(Some(slice).filter(|slice| taken == 0 || slice.length <= room))
    }
}

/// Lays out the answer (FetchResponse, versions 4 to 12), with the records read right into it.
async fn answer(shared: &Shared, head: &Head, code: i16, topics: &mut [Topic]) -> Reply {
    let targets = topics.iter().flat_map(|topic| &topic.targets);
    let (bytes, count) = targets.fold((0, 0), |(bytes, count), target| (bytes + target.bytes() as usize, count + 1));
    let room = shared.fetch_room.take(bytes).await;
    let names: usize = topics.iter().map(|topic| topic.name.len() + 16).sum();
    let mut writer = Writer::frame(head.correlation, head.flexible, bytes + names + 64 * (count + 1));
    writer.i32(0);
    if head.version >= 7 {
        writer.i16(code);
        writer.i32(0);
    }
    writer.count(topics.len());
    for topic in topics {
        writer.string(topic.name.as_bytes());
        writer.count(topic.targets.len());
        let mut sent = 0;
        for target in &mut topic.targets {
            sent += put_partition(&mut writer, head.version, target);
        }
        writer.tags();
        if sent > 0 {
            let labels = HubLabels { hub: topic.name.clone(), protocol: "kafka" };
            shared.metrics.fetched_bytes.get_or_create(&labels).inc_by(sent);
        }
    }
    writer.tags();
    Reply { frame: writer.finish(), room: Some(room) }
}

/// One partition; says how many bytes of records it has.
fn put_partition(writer: &mut Writer, version: i16, target: &Target) -> u64 {
    let (end, start) = target
        .partition
        .as_ref()
        .map_or((-1, -1), |partition| (partition.end_offset() as i64, partition.start_offset() as i64));
    writer.i32(target.index);
    let code_at = writer.bytes.len();
    writer.i16(target.found.as_ref().map_or_else(|code| *code, |_| codes::OK));
    // Without transactions the last stable offset is the high watermark.
    writer.i64(end);
    writer.i64(end);
    if version >= 5 {
        writer.i64(start);
    }
    writer.count(0);
    if version >= 11 {
        writer.i32(-1);
    }
    let length_at = writer.bytes.len();
    writer.count(target.bytes() as usize);
    let read = match &target.found {
        Ok(Some(slice)) => slice.read_into(&mut writer.bytes),
        _ => Ok(()),
    };
    let sent = match read {
        Ok(()) => target.bytes(),
        Err(error) => {
            tracing::error!(%error, "records cannot be read");
            writer.bytes.truncate(length_at);
            writer.count(0);
            let code = ResponseError::KafkaStorageError.code();
            writer.bytes[code_at..code_at + 2].copy_from_slice(&code.to_be_bytes());
            0
        }
    };
    writer.tags();
    sent
}
