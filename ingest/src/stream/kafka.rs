//! The source that follows a topic of an Apache Kafka cluster, as a member of a consumer group: the processes of a group
//! share the topic's partitions, on one machine or on many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::from_log::Place;
use super::progress::{Progress, Reached};
use crate::digest::Digest;
use crate::photo::PhotoRecord;
use crate::{Batch, Error, Limits, Record, Result, Source};

/// How long a source waits for records before it hands out an empty batch.
const IDLE: Duration = Duration::from_millis(100);
/// How long a rebalance waits for what is in flight, so that its next owner does not do it again.
const HAND_OVER: Duration = Duration::from_secs(10);
/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// KiB of messages that the client library may hold ahead of the flow.
const QUEUED_KIB: &str = "65536";

/// A consumer group at a cluster.
#[derive(Debug, Clone)]
pub struct KafkaGroup {
    /// The brokers, `host:port,…`.
    pub bootstrap: String,
    /// The topic.
    pub topic: String,
    /// The group.
    pub group: String,
    /// Further settings of librdkafka; they win over those made here.
    pub properties: BTreeMap<String, String>,
    /// The bounds of a batch.
    pub limits: Limits,
    /// Records before these offsets are done with, whatever the group has committed.
    pub floors: BTreeMap<u32, u64>,
}

impl KafkaGroup {
    fn failed(&self, what: &'static str, source: KafkaError) -> Error {
        let (topic, bootstrap) = (self.topic.clone(), self.bootstrap.clone());
        Error::Cluster { what, topic, bootstrap, source: Box::new(source) }
    }
}

/// Photos from the partitions that the group gives this process.
pub struct KafkaSource {
    consumer: BaseConsumer<Member>,
    group: KafkaGroup,
    /// The partitions that are still read and the offsets at which they end, for a source that ends.
    until: Option<BTreeMap<u32, u64>>,
    /// A record that came and did not fit into the last batch.
    waiting: Option<Came>,
    digest: Digest,
    /// Records handed out.
    end: u64,
    committed: u64,
}

/// A record with its partition and the offset behind it.
struct Came {
    partition: u32,
    behind: u64,
    record: Record,
}

/// What the client library tells of rebalances.
struct Member {
    topic: String,
    progress: Arc<Progress>,
    /// Handed out and not committed.
    handed_out: Mutex<VecDeque<Reached>>,
}

impl Member {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Reached>> {
        self.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits all batches up to `end`. A member that lost a partition may not commit it any more: its next owner does
    /// again what this one had not committed, under the same ids.
    fn commit(&self, consumer: &BaseConsumer<Self>, end: u64) {
        let mut offsets = BTreeMap::new();
        let mut handed_out = self.lock();
        let done = handed_out.partition_point(|reached| reached.end <= end);
        offsets.extend(handed_out.drain(..done).map(|reached| (reached.partition, reached.offset)));
        drop(handed_out);
        if offsets.is_empty() {
            return;
        }
        if let Err(error) = list(&self.topic, &offsets).and_then(|list| consumer.commit(&list, CommitMode::Sync)) {
            tracing::warn!(%error, ?offsets, "offsets were not committed; their records may come again");
        }
    }
}

fn list(topic: &str, offsets: &BTreeMap<u32, u64>) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (&partition, &offset) in offsets {
        list.add_partition_offset(topic, partition as i32, Offset::Offset(offset as i64))?;
    }
    Ok(list)
}

impl ClientContext for Member {}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(_) = rebalance else { return };
        let deadline = Instant::now() + HAND_OVER;
        while self.progress.in_flight() > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        // What is still in flight was not delivered: it stays uncommitted.
        let undelivered = self.progress.first_in_flight();
        let last = self.lock().back().map_or(0, |reached| reached.end);
        self.commit(consumer, undelivered.map_or(last, |end| end - 1));
    }
}

impl KafkaSource {
    /// Joins the group.
    ///
    /// # Errors
    /// A limit of 0, a setting that librdkafka does not know, a topic that cannot be subscribed to. Brokers that are not
    /// there yet are no error: they are waited for.
    pub fn join(group: KafkaGroup) -> Result<Self> {
        group.limits.check()?;
        let source = Self::new(group)?;
        let topic = source.group.topic.as_str();
        source.consumer.subscribe(&[topic]).map_err(|error| source.group.failed("subscribe to", error))?;
        Ok(source)
    }

    /// Reads a topic once: what was appended from `since_ms` on (milliseconds since the epoch; `None`: all there is) up
    /// to what is there now. The group's offsets are neither asked nor changed.
    ///
    /// # Errors
    /// As [`KafkaSource::join`], and brokers that do not answer.
    pub fn history(group: KafkaGroup, since_ms: Option<i64>) -> Result<Self> {
        let mut source = Self::new(group)?;
        let (list, until) =
            source.range(since_ms).map_err(|error| source.group.failed("ask for the offsets of", error))?;
        source.consumer.assign(&list).map_err(|error| source.group.failed("read", error))?;
        source.until = Some(until);
        Ok(source)
    }

    fn new(group: KafkaGroup) -> Result<Self> {
        group.limits.check()?;
        let member = Member { topic: group.topic.clone(), progress: Arc::default(), handed_out: Mutex::default() };
        let created = settings(&group).create_with_context::<_, BaseConsumer<Member>>(member);
        let consumer = created.map_err(|error| group.failed("make a consumer of", error))?;
        Ok(Self { consumer, group, until: None, waiting: None, digest: Digest::EMPTY, end: 0, committed: 0 })
    }

    /// Where each partition is begun, and where it ends now, for those that hold anything in between.
    fn range(&self, since_ms: Option<i64>) -> Result<(TopicPartitionList, BTreeMap<u32, u64>), KafkaError> {
        let topic = self.group.topic.as_str();
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER)?;
        let partitions = metadata.topics().iter().flat_map(|one| one.partitions()).map(|one| one.id());
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            let from = since_ms.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(topic, partition, from)?;
        }
        if since_ms.is_some() {
            list = self.consumer.offsets_for_times(list, ANSWER)?;
        }
        let mut until = BTreeMap::new();
        for one in list.elements() {
            let (start, end) = self.consumer.fetch_watermarks(topic, one.partition(), ANSWER)?;
            let from = one.offset().to_raw().filter(|raw| *raw >= 0).unwrap_or(start);
            if from < end && one.offset() != Offset::End {
                until.insert(one.partition() as u32, end as u64);
            }
        }
        Ok((list, until))
    }

    /// Whether a source that ends has come to its end.
    fn is_through(&self) -> bool {
        self.until.as_ref().is_some_and(BTreeMap::is_empty)
    }

    /// What the ends of batches stand for.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.consumer.context().progress)
    }

    /// The next record that is not done with; none within `wait`, or where the cluster has trouble.
    fn poll(&mut self, wait: Duration) -> Option<Came> {
        let deadline = Instant::now() + wait;
        loop {
            match self.consumer.poll(deadline.saturating_duration_since(Instant::now()))? {
                Ok(message) => {
                    let came = self.came(&message);
                    drop(message);
                    if self.is_wanted(&came) {
                        return Some(came);
                    }
                }
                Err(KafkaError::PartitionEOF(partition)) => self.ended(partition as u32),
                Err(error) => {
                    // librdkafka goes on by itself: brokers come back, topics are made.
                    tracing::warn!(%error, topic = self.group.topic, "the cluster has trouble");
                    return None;
                }
            }
        }
    }

    /// Whether a record is not done with, and lies before the end.
    fn is_wanted(&mut self, came: &Came) -> bool {
        let Some(until) = &mut self.until else {
            return came.behind > self.group.floors.get(&came.partition).copied().unwrap_or(0);
        };
        let end = until.get(&came.partition).copied();
        if end.is_some_and(|end| came.behind >= end) {
            until.remove(&came.partition);
        }
        end.is_some_and(|end| came.behind <= end)
    }

    fn ended(&mut self, partition: u32) {
        if let Some(until) = &mut self.until {
            until.remove(&partition);
        }
    }

    /// Whether the group has not given the partition to another process meanwhile.
    fn owns(&self, partition: u32) -> bool {
        if self.until.is_some() {
            return true;
        }
        let assigned = self.consumer.assignment();
        assigned.is_ok_and(|list| list.find_partition(&self.group.topic, partition as i32).is_some())
    }

    fn came(&self, message: &BorrowedMessage<'_>) -> Came {
        let (partition, offset) = (message.partition() as u32, message.offset() as u64);
        let headers = message.headers();
        let headers = headers.iter().flat_map(|all| all.iter().map(|one| (one.key.as_bytes(), one.value)));
        let photo = PhotoRecord::from_parts(message.key(), message.payload(), headers);
        let max_record_bytes = self.group.limits.max_record_bytes;
        let place = Place { hub: self.group.topic.clone(), partition, max_record_bytes };
        let appended_ms = message.timestamp().to_millis().unwrap_or(0);
        Came { partition, behind: offset + 1, record: place.record(&photo, offset, appended_ms) }
    }

    /// A batch that begins with `first`: what follows it in its partition and is here already.
    fn gather(&mut self, first: Came) -> Batch<Record> {
        let limits = self.group.limits;
        let mut reached = Reached { end: self.end, partition: first.partition, offset: first.behind };
        let mut bytes = first.record.payload.size() as u64;
        let mut items = vec![self.number(first.record)];
        while items.len() < limits.batch_records {
            let Some(came) = self.poll(Duration::ZERO) else { break };
            bytes += came.record.payload.size() as u64;
            if came.partition != reached.partition || bytes > limits.batch_bytes {
                self.waiting = Some(came);
                break;
            }
            reached.offset = came.behind;
            items.push(self.number(came.record));
        }
        reached.end = self.end;
        let member = self.consumer.context();
        if self.until.is_none() {
            member.lock().push_back(reached);
            member.progress.hand_out(reached);
        }
        Batch { end: self.end, items }
    }

    fn number(&mut self, mut record: Record) -> Record {
        self.digest.push(&record.position);
        (record.offset, record.digest) = (self.end, self.digest.value());
        self.end += 1;
        record
    }
}

fn settings(group: &KafkaGroup) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &group.bootstrap)
        .set("group.id", &group.group)
        .set("client.id", "tollgate")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("queued.max.messages.kbytes", QUEUED_KIB);
    for (name, value) in &group.properties {
        config.set(name, value);
    }
    config
}

impl Source for KafkaSource {
    type Item = Record;

    fn next(&mut self) -> Result<Option<Batch<Record>>> {
        let waiting = self.waiting.take();
        let first = match waiting.filter(|came| self.owns(came.partition)) {
            Some(came) => Some(came),
            None => self.poll(IDLE),
        };
        Ok(match first {
            Some(first) => Some(self.gather(first)),
            None if self.is_through() => None,
            None => Some(Batch { end: self.end, items: Vec::new() }),
        })
    }

    fn commit(&mut self, end: u64) -> Result<()> {
        if !(self.committed..=self.end).contains(&end) {
            return Err(Error::CommitOutOfRange { end, committed: self.committed, handed_out: self.end });
        }
        self.committed = end;
        if self.until.is_some() {
            // History is read without a place in the group.
            return Ok(());
        }
        self.consumer.context().commit(&self.consumer, end);
        Ok(())
    }
}
