//! `tollgate events`: pushed events that are to be sent again, and those that were given up.

mod args;

use super::Exit;
use super::log::{ANSWER, consumer, failed, partitions};
use crate::config::Config;
use crate::serve::push::dead_letters;
use crate::{Error, Result};
use args::{DeadLettersArgs, EventsCommand, RedeliverArgs};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use tollgate_sinks::push::WebhookConfig;
use tollgate_sinks::{DeadLetter, DeadLetters};

pub(super) use args::EventsArgs;

pub(super) fn run(args: &EventsArgs) -> Result<Exit> {
    match &args.command {
        EventsCommand::Redeliver(args) => redeliver(args),
        EventsCommand::Deadletters(args) => show(args),
    }
}

/// Commits, for the sink's group, the offsets of a time. A cursor is never moved forward by this.
fn redeliver(args: &RedeliverArgs) -> Result<Exit> {
    let brokers = args.at.kafka.as_str();
    let consumer = consumer(brokers, &format!("sink.{}", args.subscription))?;
    let (mut asked, mut all) = (TopicPartitionList::new(), TopicPartitionList::new());
    for number in partitions(&consumer, brokers, &args.hub)? {
        all.add_partition(&args.hub, number);
        let added = asked.add_partition_offset(&args.hub, number, Offset::Offset(args.since));
        added.map_err(failed("ask for offsets at", brokers))?;
    }
    let begin = consumer.offsets_for_times(asked, ANSWER).map_err(failed("ask for offsets at", brokers))?;
    let now = consumer.committed_offsets(all, ANSWER).map_err(failed("ask for checkpoints at", brokers))?;
    let known = now.elements().iter().any(|one| matches!(one.offset(), Offset::Offset(_)));
    if !known {
        return Err(Error::NoCursor { sink: args.subscription.clone(), brokers: brokers.into() });
    }
    let (mut back, mut events) = (TopicPartitionList::new(), 0);
    for one in begin.elements() {
        let at = now.find_partition(one.topic(), one.partition()).map(|at| at.offset());
        if let (Offset::Offset(to), Some(Offset::Offset(at))) = (one.offset(), at)
            && to < at
        {
            let added = back.add_partition_offset(one.topic(), one.partition(), Offset::Offset(to));
            added.map_err(failed("commit at", brokers))?;
            println!("{} {} {to} (was {at})", one.topic(), one.partition());
            events += at - to;
        }
    }
    if back.count() > 0 {
        consumer.commit(&back, CommitMode::Sync).map_err(failed("commit at", brokers))?;
    }
    eprintln!(
        "{events} results are looked at again for {}; its routes decide which of them are sent",
        args.subscription
    );
    Ok(Exit::Done)
}

fn show(args: &DeadLettersArgs) -> Result<Exit> {
    let mut config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    if let Some(data) = &args.data {
        config.serve.data.clone_from(data);
    }
    let is_bridge = config.sinks.bridges().iter().any(|(name, _)| *name == args.subscription);
    if is_bridge && (args.requeue_all || !args.requeue.is_empty()) {
        return Err(Error::NotRequeued { sink: args.subscription.clone() });
    }
    let unset = WebhookConfig::default();
    let webhook = config.sinks.webhook.get(&args.subscription).unwrap_or(&unset);
    let letters = DeadLetters::new(&dead_letters(&config, webhook), &args.subscription);
    let found = letters.list(args.max)?;
    let wanted: BTreeSet<&str> = args.requeue.iter().map(String::as_str).collect();
    if wanted.is_empty() && !args.requeue_all {
        found.iter().for_each(|letter| println!("{}", letter.body));
        return Ok(Exit::Done);
    }
    let chosen = |letter: &&DeadLetter| args.requeue_all || wanted.contains(letter.id());
    let mut requeued = 0;
    for letter in found.iter().filter(chosen) {
        letters.requeue(letter)?;
        println!("{}", letter.id());
        requeued += 1;
    }
    eprintln!("{requeued} are tried again as soon as `tollgate serve` runs");
    Ok(Exit::Done)
}
