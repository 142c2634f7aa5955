//! `tollgate log offsets`.

use super::super::Exit;
use super::super::args::KafkaArgs;
use super::{ANSWER, consumer, failed, partitions};
use crate::Result;
use rdkafka::consumer::Consumer;

pub(super) fn run(at: &KafkaArgs, hub: &str) -> Result<Exit> {
    let consumer = consumer(&at.kafka, "tollgate-log")?;
    println!("{:>9} {:>12} {:>12} {:>12}", "partition", "start", "end", "records");
    for partition in partitions(&consumer, &at.kafka, hub)? {
        let marks = consumer.fetch_watermarks(hub, partition, ANSWER);
        let (start, end) = marks.map_err(failed("ask for offsets at", &at.kafka))?;
        println!("{partition:>9} {start:>12} {end:>12} {:>12}", end - start);
    }
    Ok(Exit::Done)
}
