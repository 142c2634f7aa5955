//! Produce: batches are checked where they lie in the request and written from there. The answer is laid out at once,
//! as it will be when everything is durable, and kept back until then.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use kafka_protocol::error::ResponseError;

use super::api::Head;
use super::codes;
use super::session::Session;
use super::shared::Shared;
use super::wire::{Reader, Writer};
use crate::access::Right;
use crate::log::{Ack, Appended, Hub, ValidBatch};
use crate::metrics::HubLabels;

/// Partitions in one request.
const MAX_PARTITIONS: usize = 10_000;

/// Where the parts of a request lie.
pub(super) struct Layout {
    acks: i16,
    transactional: bool,
    /// Names, and how many of the partitions belong to each.
    topics: Vec<(Range<usize>, usize)>,
    partitions: Vec<(i32, Option<Range<usize>>)>,
}

impl Layout {
    /// Finds the parts; `None` when the request is not what it should be.
    pub(super) fn parse(head: &Head, frame: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(frame, head.flexible);
        reader.skip(head.length)?;
        let transactional = reader.string()?.is_some();
        let acks = reader.i16()?;
        reader.i32()?;
        let mut layout = Self { acks, transactional, topics: Vec::new(), partitions: Vec::new() };
        for _ in 0..reader.array()?? {
            let name = reader.string()??;
            let count = reader.array()??;
            layout.topics.push((name, count));
            if layout.partitions.len() + count > MAX_PARTITIONS || layout.topics.len() > MAX_PARTITIONS {
                return None;
            }
            for _ in 0..count {
                layout.partitions.push((reader.i32()?, reader.blob()?));
                reader.tags()?;
            }
            reader.tags()?;
        }
        reader.tags()?;
        Some(layout)
    }
}

/// A request whose batches are written.
pub(super) struct Produced {
    /// The answer; nothing for a sender that wants none.
    frame: Option<Vec<u8>>,
    /// What must be durable before, and where the error code of each lies in the answer.
    acks: Vec<(Ack, usize)>,
    begun: Instant,
    /// Whether some of it was refused.
    pub(super) refused: bool,
}

impl Produced {
    /// Waits until all of it is durable. May be dropped and called again.
    pub(super) async fn settled(&mut self, shared: &Shared) {
        while let Some((ack, position)) = self.acks.last() {
            let outcome = ack.durable().await;
            if let (Err(error), Some(frame)) = (outcome, &mut self.frame) {
                frame[*position..position + 2].copy_from_slice(&codes::of(&error).to_be_bytes());
            }
            self.acks.pop();
            if self.acks.is_empty() {
                shared.metrics.commit_seconds.observe(self.begun.elapsed().as_secs_f64());
            }
        }
    }

    /// Whether some of it was refused to a sender that wants no answer: it is told by closing the connection.
    pub(super) fn is_lost(&self) -> bool {
        self.refused && self.frame.is_none()
    }

    /// The answer.
    pub(super) fn into_frame(self) -> Option<Vec<u8>> {
        self.frame
    }
}

/// Appends all batches of a request.
pub(super) fn produce(shared: &Shared, session: &Session, head: &Head, frame: &mut [u8], layout: Layout) -> Produced {
    let mut writer = Writer::frame(head.correlation, head.flexible, 64 + 64 * layout.partitions.len());
    let mut produced = Produced { frame: None, acks: Vec::new(), begun: Instant::now(), refused: false };
    let refused = match layout.acks {
        _ if layout.transactional => Some(ResponseError::TransactionalIdAuthorizationFailed.code()),
        -1..=1 => None,
        _ => Some(ResponseError::InvalidRequiredAcks.code()),
    };
    writer.count(layout.topics.len());
    let mut partitions = layout.partitions.into_iter();
    for (name, count) in layout.topics {
        writer.string(&frame[name.clone()]);
        writer.count(count);
        let hub = match refused {
            None => hub(shared, session, &frame[name]),
            Some(code) => Err(code),
        };
        for (index, records) in partitions.by_ref().take(count) {
            let appended = match (&hub, records) {
                (Ok(hub), Some(records)) => append(shared, hub, index, &mut frame[records]),
                (Ok(_), None) => Err(ResponseError::InvalidRecord.code()),
                (Err(code), _) => Err(*code),
            };
            produced.refused |= appended.is_err();
            put_partition(&mut writer, head.version, index, appended, &mut produced.acks);
        }
        writer.tags();
    }
    writer.i32(0);
    writer.tags();
    if layout.acks == 0 {
        // Nobody waits for these: they become durable with the others.
        produced.acks.clear();
    } else {
        produced.frame = Some(writer.finish());
    }
    produced
}

fn hub(shared: &Shared, session: &Session, name: &[u8]) -> Result<Arc<Hub>, i16> {
    // The layout was parsed, and only UTF-8 is a string there.
    let name = std::str::from_utf8(name).unwrap_or_default();
    if !session.may(name, Right::Send) {
        return Err(ResponseError::TopicAuthorizationFailed.code());
    }
    shared.store.hub(name).map_err(|error| codes::of(&error))
}

/// An appended batch, and the first offset of its partition.
type Outcome = Result<(Appended, u64), i16>;

fn append(shared: &Shared, hub: &Hub, index: i32, batch: &mut [u8]) -> Outcome {
    let number = u32::try_from(index).unwrap_or(u32::MAX);
    let partition = hub.partition(number).map_err(|error| codes::of(&error))?;
    let mut batch = ValidBatch::check(batch).map_err(codes::of_fault)?;
    let (records, bytes) = (u64::from(batch.header().records), batch.bytes().len() as u64);
    let appended = partition.append(&mut batch, (shared.clock)()).map_err(|error| codes::of(&error))?;
    if !appended.duplicate {
        let labels = HubLabels { hub: hub.name().to_owned(), protocol: "kafka" };
        shared.metrics.appended_records.get_or_create(&labels).inc_by(records);
        shared.metrics.appended_bytes.get_or_create(&labels).inc_by(bytes);
    }
    Ok((appended, partition.start_offset()))
}

fn put_partition(writer: &mut Writer, version: i16, index: i32, outcome: Outcome, acks: &mut Vec<(Ack, usize)>) {
    writer.i32(index);
    let code_at = writer.bytes.len();
    let (code, offset, append_ms, start) = match outcome {
        Err(code) => (code, -1, -1, -1),
        Ok((appended, start)) => {
            acks.push((appended.ack, code_at));
            (codes::OK, appended.base_offset as i64, appended.append_ms, start as i64)
        }
    };
    writer.i16(code);
    writer.i64(offset);
    writer.i64(append_ms);
    if version >= 5 {
        writer.i64(start);
    }
    if version >= 8 {
        writer.count(0);
        writer.null_string();
    }
    writer.tags();
}
