//! `tollgate log tail`: records as JSON lines.

use super::super::Exit;
use super::super::args::{From, TailArgs};
use super::{ANSWER, consumer, failed, partitions};
use crate::Result;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

/// A value with more bytes than this is shown by its size alone.
const SHOWN_BYTES: usize = 64 << 10;

pub(super) fn run(args: &TailArgs) -> Result<Exit> {
    let brokers = args.at.kafka.as_str();
    let consumer = consumer(brokers, "tollgate-log")?;
    let list = start(&consumer, args)?;
    consumer.assign(&list).map_err(failed("read at", brokers))?;
    let mut open: BTreeSet<i32> = list.elements().iter().map(|one| one.partition()).collect();
    let (mut out, mut shown) = (std::io::stdout().lock(), 0);
    while shown < args.max.unwrap_or(u64::MAX) && (args.follow || !open.is_empty()) {
        match consumer.poll(Duration::from_millis(200)) {
            None => {}
            Some(Ok(message)) => {
                if writeln!(out, "{}", line(&message)).is_err() {
                    // Whoever read our output has seen enough.
                    break;
                }
                shown += 1;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => _ = open.remove(&partition),
            Some(Err(error)) => return Err(failed("read at", brokers)(error)),
        }
    }
    Ok(Exit::Done)
}

/// Where to begin in each partition.
fn start(consumer: &BaseConsumer, args: &TailArgs) -> Result<TopicPartitionList> {
    let brokers = args.at.kafka.as_str();
    let mut list = TopicPartitionList::new();
    let wanted = |number: &i32| args.partition.is_none_or(|one| one == *number);
    for number in partitions(consumer, brokers, &args.hub)?.into_iter().filter(wanted) {
        let offset = match args.from {
            From::Earliest => Offset::Beginning,
            From::Latest => Offset::End,
            From::Offset(offset) => Offset::Offset(offset),
            From::Time(ms) => Offset::Offset(ms),
        };
        list.add_partition_offset(&args.hub, number, offset).map_err(failed("read at", brokers))?;
    }
    match args.from {
        From::Time(_) => consumer.offsets_for_times(list, ANSWER).map_err(failed("ask for offsets at", brokers)),
        _ => Ok(list),
    }
}

fn line(message: &BorrowedMessage<'_>) -> Value {
    let headers: Map<String, Value> =
        message.headers().iter().flat_map(|all| all.iter().map(|one| (one.key.to_owned(), text(one.value)))).collect();
    json!({
        "partition": message.partition(),
        "offset": message.offset(),
        "time": message.timestamp().to_millis(),
        "key": text(message.key()),
        "headers": headers,
        "value": text(message.payload()),
    })
}

/// Text as it is (JSON as an object), anything else by its size.
fn text(bytes: Option<&[u8]>) -> Value {
    let Some(bytes) = bytes else { return Value::Null };
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= SHOWN_BYTES => match serde_json::from_str::<Value>(text) {
            Ok(object @ (Value::Object(_) | Value::Array(_))) => object,
            _ => text.into(),
        },
        _ => json!({ "bytes": bytes.len() }),
    }
}
