//! Kafka's own ProducerPerformance.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;

use super::servers::succeed;

/// What ProducerPerformance says at its end.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Produced {
    pub(super) records_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// What is produced in one run.
#[derive(Clone, Copy)]
pub(super) struct Load {
    /// Records that count.
    pub(super) records: u64,
    /// Records before them: Java compiles its programs while they run, which takes half of the client's CPU at first.
    pub(super) warm_up: u64,
    /// Bytes of a record.
    pub(super) bytes: usize,
    /// Records a second; as many as go without.
    pub(super) pace: Option<u64>,
}

/// Runs ProducerPerformance against a server that speaks Kafka.
pub(super) struct Producer<'a> {
    /// The folder with kafka.sh.
    pub(super) scripts: &'a Path,
    /// HOST:PORT of the server.
    pub(super) address: &'a str,
    /// Settings besides acks=all.
    pub(super) settings: &'a [String],
}

impl Producer<'_> {
    fn tool(&self) -> Command {
        let mut command = Command::new(self.scripts.join("kafka.sh"));
        command.arg("run");
        command
    }

    /// Makes a topic; `config` is a setting of it, as NAME=VALUE.
    pub(super) fn create(&self, topic: &str, partitions: u32, config: Option<&str>) -> Result<()> {
        let mut command = self.tool();
        command.args(["org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.address, "--create"]);
        command.args(["--topic", topic, "--partitions", &partitions.to_string()]);
        command.args(["--replication-factor", "1"]);
        succeed(command.args(config.into_iter().flat_map(|config| ["--config", config]))).map(drop)
    }

    /// Produces records that count, after others of the same process that do not.
    pub(super) fn produce(&self, topic: &str, load: Load) -> Result<Produced> {
        let Load { records, warm_up, bytes, pace } = load;
        let mut command = self.tool();
        command.args(["org.apache.kafka.tools.ProducerPerformance", "--topic", topic]);
        command.args(["--num-records", &(warm_up + records).to_string(), "--record-size", &bytes.to_string()]);
        command.args(["--warmup-records", &warm_up.to_string()]);
        command.args(["--throughput", &pace.map_or("-1".into(), |pace| pace.to_string()), "--producer-props"]);
        command.args([format!("bootstrap.servers={}", self.address), "acks=all".into()]);
        let said = succeed(command.args(self.settings))?;
        let last = said.lines().rev().find(|line| line.contains("99th"));
        last.and_then(summary).with_context(|| format!("ProducerPerformance ended without its summary: {said}"))
    }
}

/// Parses `N records sent, R records/sec (M MB/sec), … latency, P ms 50th, … ms 95th, … ms 99th, … ms 99.9th.`
fn summary(line: &str) -> Option<Produced> {
    let before = |word: &str| line.split(word).next()?.trim_end().rsplit([' ', ',']).next()?.parse().ok();
    let (records_per_s, p50_ms, p99_ms) = (before(" records/sec")?, before(" ms 50th")?, before(" ms 99th")?);
    Some(Produced { records_per_s, p50_ms, p99_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_summary_of_producer_performance() {
        let line = "200000 records sent, 39169.6 records/sec (37.36 MB/sec), 692.04 ms avg latency, 1483.00 ms max \
                    latency, 594 ms 50th, 1330 ms 95th, 1421 ms 99th, 1464 ms 99.9th.";
        let produced = summary(line).unwrap();
        assert_eq!((produced.records_per_s, produced.p50_ms, produced.p99_ms), (39169.6, 594.0, 1421.0));
        assert!(summary("nothing").is_none());
    }
}
