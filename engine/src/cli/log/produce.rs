//! `tollgate log produce`: photos by their paths, or lines of text from stdin.

use super::super::Exit;
use super::super::args::ProduceArgs;
use super::{client, failed};
use crate::{Error, Result};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientContext, Message};
use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tollgate_ingest::{Payload, ReplayOptions, ReplaySource, Source};

/// How long the last records may take to be acknowledged.
const FLUSH: Duration = Duration::from_secs(60);
/// Bytes that may wait to be sent; then reading waits.
const QUEUED_KIB: &str = "65536";

/// Prints where records came to lie.
#[derive(Default)]
struct Told {
    failed: AtomicU64,
}

impl ClientContext for Told {}

impl ProducerContext for Told {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(message) => println!("{} {} {}", message.topic(), message.partition(), message.offset()),
            Err((error, message)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                eprintln!("tollgate: a record of {} bytes was not taken: {error}", message.payload_len());
            }
        }
    }
}

pub(super) fn run(args: &ProduceArgs) -> Result<Exit> {
    let mut config = client(&args.at.kafka);
    config.set("acks", "all").set("enable.idempotence", "true").set("message.max.bytes", "67108864");
    config.set("queue.buffering.max.kbytes", QUEUED_KIB).set("linger.ms", "5");
    let producer = BaseProducer::from_config_and_context(&config, Told::default())
        .map_err(failed("make a client of", &args.at.kafka))?;
    if args.paths.is_empty() {
        lines(args, &producer)?;
    } else {
        photos(args, &producer)?;
    }
    producer.flush(FLUSH).map_err(failed("send everything to", &args.at.kafka))?;
    let refused = producer.context().failed.load(Ordering::Relaxed);
    Ok(if refused == 0 { Exit::Done } else { Exit::Failed })
}

/// A record a line.
fn lines(args: &ProduceArgs, producer: &BaseProducer<Told>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|source| Error::Io { what: "read", path: "stdin".into(), source })?;
        let record = BaseRecord::to(&args.hub).payload(&line);
        send(
            args,
            producer,
            match &args.key {
                Some(key) => record.key(key),
                None => record,
            },
        )?;
    }
    Ok(())
}

/// A record a photo, with its lane as the key.
fn photos(args: &ProduceArgs, producer: &BaseProducer<Told>) -> Result<()> {
    let mut source = ReplaySource::open(&args.paths, &ReplayOptions::default())?;
    while let Some(batch) = source.next()? {
        for record in batch.items {
            let Payload::Bytes(bytes) = &record.payload else {
                eprintln!("tollgate: {} was not sent: it cannot be read", record.file);
                continue;
            };
            let lane = args.key.as_deref().or(record.lane.as_deref());
            let captured = record.recorded.timestamp_millis().to_string();
            let headers = OwnedHeaders::new()
                .insert(Header { key: tollgate_ingest::photo::FILE, value: Some(&record.file) })
                .insert(Header { key: tollgate_ingest::photo::CAPTURED, value: Some(&captured) });
            let sent = BaseRecord::to(&args.hub).payload(bytes).headers(headers);
            send(
                args,
                producer,
                match lane {
                    Some(lane) => sent.key(lane),
                    None => sent,
                },
            )?;
        }
    }
    Ok(())
}

/// Queues a record; where the queue is full, waits for what was sent before.
fn send<P: rdkafka::message::ToBytes + ?Sized>(
    args: &ProduceArgs,
    producer: &BaseProducer<Told>,
    mut record: BaseRecord<'_, str, P>,
) -> Result<()> {
    loop {
        match producer.send(record) {
            Ok(()) => {
                producer.poll(Duration::ZERO);
                return Ok(());
            }
            Err((KafkaError::MessageProduction(rdkafka::types::RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                producer.poll(Duration::from_millis(50));
            }
            Err((error, _)) => return Err(failed("send to", &args.at.kafka)(error)),
        }
    }
}
