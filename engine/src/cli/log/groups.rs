//! `tollgate log groups`: how far each group has come.

use super::super::Exit;
use super::super::args::KafkaArgs;
use super::{ANSWER, consumer, failed};
use crate::Result;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

pub(super) fn run(at: &KafkaArgs) -> Result<Exit> {
    let brokers = at.kafka.as_str();
    let asking = consumer(brokers, "tollgate-log")?;
    let all = everything(&asking, brokers)?;
    let groups = asking.fetch_group_list(None, ANSWER).map_err(failed("ask for groups at", brokers))?;
    println!(
        "{:<24} {:<10} {:<24} {:>9} {:>12} {:>12} {:>10}",
        "group", "state", "hub", "partition", "committed", "end", "lag"
    );
    for group in groups.groups() {
        let committed = consumer(brokers, group.name())?.committed_offsets(all.clone(), ANSWER);
        for one in committed.map_err(failed("ask for checkpoints at", brokers))?.elements() {
            let Offset::Offset(offset) = one.offset() else { continue };
            let marks = asking.fetch_watermarks(one.topic(), one.partition(), ANSWER);
            let (_, end) = marks.map_err(failed("ask for offsets at", brokers))?;
            println!(
                "{:<24} {:<10} {:<24} {:>9} {offset:>12} {end:>12} {:>10}",
                group.name(),
                group.state(),
                one.topic(),
                one.partition(),
                end - offset
            );
        }
    }
    Ok(Exit::Done)
}

/// Every partition of every hub.
fn everything(asking: &BaseConsumer, brokers: &str) -> Result<TopicPartitionList> {
    let metadata = asking.fetch_metadata(None, ANSWER).map_err(failed("ask for hubs at", brokers))?;
    let mut all = TopicPartitionList::new();
    for topic in metadata.topics() {
        for partition in topic.partitions() {
            all.add_partition(topic.name(), partition.id());
        }
    }
    Ok(all)
}
