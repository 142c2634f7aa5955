//! `tollgate log`: to put records into a log and to look at it, over the Kafka protocol (so at any cluster too), and to
//! check a data folder at rest.

mod groups;
mod offsets;
mod produce;
mod tail;
mod verify;

use super::Exit;
use super::args::{LogArgs, LogCommand};
use crate::{Error, Result};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::time::Duration;

/// How long a broker may take to answer.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

pub(super) fn run(args: &LogArgs) -> Result<Exit> {
    match &args.command {
        LogCommand::Produce(args) => produce::run(args),
        LogCommand::Tail(args) => tail::run(args),
        LogCommand::Groups(at) => groups::run(at),
        LogCommand::Offsets { at, hub } => offsets::run(at, hub),
        LogCommand::Repair { data } => verify::repair(data),
        LogCommand::Verify { data, hub } => verify::run(data, hub.as_deref()),
    }
}

/// Says at which brokers a call failed.
pub(super) fn failed(what: &'static str, brokers: &str) -> impl FnOnce(rdkafka::error::KafkaError) -> Error + use<> {
    let brokers = brokers.to_owned();
    move |source| Error::Broker { what, brokers, source: Box::new(source) }
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", "tollgate-log");
    // Without the broker a single line says so; librdkafka's own would repeat it.
    config.set("log_level", "0");
    config
}

/// A consumer that commits nothing; with a group's name, one that sees what that group committed.
pub(super) fn consumer(brokers: &str, group: &str) -> Result<BaseConsumer> {
    let mut config = client(brokers);
    config.set("group.id", group).set("enable.auto.commit", "false").set("enable.partition.eof", "true");
    config.create().map_err(failed("make a client of", brokers))
}

/// The numbers of a hub's partitions.
pub(super) fn partitions(consumer: &BaseConsumer, brokers: &str, hub: &str) -> Result<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(hub), ANSWER).map_err(failed("ask for hubs at", brokers))?;
    let topic = metadata.topics().iter().find(|topic| topic.name() == hub && topic.error().is_none());
    let topic = topic.ok_or_else(|| tollgate_ingest::Error::NoHub { hub: hub.into() })?;
    Ok(topic.partitions().iter().map(|partition| partition.id()).collect())
}
