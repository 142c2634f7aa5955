//! The log over loopback beside Apache Kafka and NATS JetStream: Kafka's own `ProducerPerformance` against our endpoint
//! and Kafka's, with the same settings, and the same bytes into a stream of NATS.

mod lean;
mod nats;
mod producer;
mod servers;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

use self::producer::{Load, Produced, Producer};
use self::servers::{Program, Server};
use crate::report::{self, Report};
use crate::stats::Spread;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// The folder with kafka.sh and nats.sh.
    #[arg(long, default_value = "benches/peers")]
    scripts: PathBuf,
    /// A folder on the disk that is measured; what is written there is removed.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// Turns, each running everything once.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// Records of 1 KB a run; of 4 KB a quarter as many. A tenth of them where each is flushed.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Records of the same run before those that count; a quarter and a tenth of them as above.
    #[arg(long, default_value_t = 1_000_000)]
    warm_up: u64,
    /// Records a second in the run that measures latency below saturation.
    #[arg(long, default_value_t = 10_000)]
    pace: u64,
    /// Partitions of the topic.
    #[arg(long, default_value_t = 4)]
    partitions: u32,
    /// A producer's setting, besides acks=all and Kafka's defaults.
    #[arg(long = "producer", value_name = "NAME=VALUE")]
    producer: Vec<String>,
    /// Measures these alone, such as "tollgate" and "Apache Kafka".
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    /// Leaves out the records of 4 KB.
    #[arg(long)]
    small_only: bool,
    /// Seconds of the run at the stated pace; as many before them do not count.
    #[arg(long, default_value_t = 15)]
    paced_s: u64,
    /// Adds the turns to those of an earlier report (its JSON) that was made with the same options.
    #[arg(long, value_name = "FILE")]
    go_on: Option<PathBuf>,
    /// One more server, which runs already: its topics bench-small-N and bench-large-N are made and stay.
    #[arg(long = "server", value_name = "NAME=HOST:PORT")]
    servers: Vec<String>,
}

/// One turn of one subject.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Sample {
    /// 1 KB records, as fast as they go.
    fast: Option<Produced>,
    /// 1 KB records at the stated pace.
    paced: Option<Produced>,
    /// MB/s of 4 KB records from ProducerPerformance.
    java_mb_per_s_4k: Option<f64>,
    /// MB/s of 4 KB records from the lean clients.
    mb_per_s_4k: Option<f64>,
}

const NULL: &str = "a broker that answers at once";
const OURS: &str = "tollgate";
const OURS_OS: &str = "tollgate, durability = os";
const KAFKA: &str = "Apache Kafka";
const FLUSHED: &str = "Apache Kafka, flush.messages=1";
const NATS: &str = "NATS JetStream, file store";

/// What durability = "os" is called in a topic's settings.
const OS: &str = "flush.messages=9223372036854775807";

/// One thing that is measured.
struct Subject {
    name: String,
    durability: &'static str,
    program: Program,
    /// A setting of its topics.
    topic: Option<&'static str>,
    /// It takes so long that a part of the records must do.
    share: u64,
    samples: Vec<Sample>,
}

fn subjects(tollgate: &Path, options: &Options) -> Result<Vec<Subject>> {
    let subject = |name: &str, durability, program| {
        let (topic, share, samples) = (None, 1, Vec::new());
        Subject { name: name.into(), durability, program, topic, share, samples }
    };
    let ours = |config| Program::Tollgate { binary: tollgate.to_path_buf(), config };
    let flushed = &["log.flush.interval.messages=1"];
    let mut subjects = vec![
        subject(NULL, "nothing is kept", Program::Null),
        subject(OURS, "fdatasync before each acknowledgement", ours("")),
        Subject { topic: Some(OS), ..subject(OURS_OS, "none: acknowledged from the system's memory", ours("")) },
        subject(KAFKA, "none: acknowledged from memory (its default)", Program::Kafka { settings: &[] }),
        Subject { share: 10, ..subject(FLUSHED, "fsync before each ack", Program::Kafka { settings: flushed }) },
        subject(NATS, "fsync every 2 minutes (its default)", Program::Nats),
    ];
    for server in &options.servers {
        let (name, address) = server.split_once('=').context("--server takes NAME=HOST:PORT")?;
        subjects.push(subject(name, "its own", Program::Running(address.into())));
    }
    if let Some(name) = options.only.iter().find(|&name| subjects.iter().all(|subject| subject.name != *name)) {
        bail!("there is no {name:?} to measure");
    }
    subjects.retain(|subject| options.only.is_empty() || options.only.contains(&subject.name));
    Ok(subjects)
}

/// The turns of an earlier report.
fn earlier(file: &Path, subjects: &mut [Subject]) -> Result<()> {
    let report = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let report: serde_json::Value = serde_json::from_slice(&report)?;
    for subject in subjects {
        let all = report["data"]["subjects"].as_array().into_iter().flatten();
        let one = all.clone().find(|one| one["name"] == subject.name.as_str());
        let one = one.with_context(|| format!("{} has no turns of {}", file.display(), subject.name))?;
        subject.samples = Vec::deserialize(&one["samples"])?;
    }
    Ok(())
}

fn measure(options: &Options, subject: &Subject, turn: usize, dir: &Path) -> Result<Sample> {
    let Subject { program, topic, share, .. } = subject;
    let dir = tempfile::tempdir_in(dir)?;
    let server = Server::start(program, &options.scripts, dir.path())?;
    if matches!(program, Program::Nats) {
        let load = nats::Load { count: options.records, bytes: 4096, on_their_way: 1000 };
        return Ok(Sample {
            mb_per_s_4k: Some(nats::publish(&server.address, load)? * 4096.0 / 1e6),
            ..Sample::default()
        });
    }
    let producer = Producer { scripts: &options.scripts, address: &server.address, settings: &options.producer };
    let [small, large] = ["small", "large"].map(|size| format!("bench-{size}-{turn}"));
    // Where nothing is kept, every topic is there.
    if !matches!(program, Program::Null) {
        producer.create(&small, options.partitions, *topic)?;
    }
    let load = Load { records: options.records / share, warm_up: options.warm_up / share, bytes: 1024, pace: None };
    let fast = producer.produce(&small, load)?;
    let records = options.pace * options.paced_s;
    let paced = producer.produce(&small, Load { records, warm_up: records, pace: Some(options.pace), ..load })?;
    let sample = Sample { fast: Some(fast), paced: Some(paced), ..Sample::default() };
    if options.small_only || matches!(program, Program::Null) {
        return Ok(sample);
    }
    producer.create(&large, options.partitions, *topic)?;
    let big = Load { records: load.records / 4, warm_up: load.warm_up / 4, bytes: 4096, pace: None };
    let big = producer.produce(&large, big)?;
    let lean = lean::Load {
        topic: &large,
        partitions: options.partitions,
        count: load.records as usize,
        bytes: 4096,
        batch_records: 16,
        on_their_way: 60,
    };
    let mb_per_s = |records_per_s: f64| records_per_s * 4096.0 / 1e6;
    Ok(Sample {
        java_mb_per_s_4k: Some(mb_per_s(big.records_per_s)),
        mb_per_s_4k: Some(mb_per_s(lean::produce(&server.address, lean)?)),
        ..sample
    })
}

pub(crate) fn run(tollgate: &Path, options: &Options) -> Result<Report> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let mut subjects = subjects(tollgate, options)?;
    if let Some(file) = &options.go_on {
        earlier(file, &mut subjects)?;
    }
    for turn in 0..options.turns {
        for subject in &mut subjects {
            let sample = measure(options, subject, turn, dir.path());
            subject.samples.push(sample.with_context(|| format!("cannot measure {}", subject.name))?);
        }
    }
    Ok(report(options, &subjects))
}

/// A figure of a sample; NaN where the subject has none.
type Pick = fn(&Sample) -> f64;
/// What two subjects are compared by.
type Figures<'a> = &'a [(&'a str, Pick)];
const RECORDS: Pick = |sample| sample.fast.map_or(f64::NAN, |fast| fast.records_per_s);
const P50_FAST: Pick = |sample| sample.fast.map_or(f64::NAN, |fast| fast.p50_ms);
const P99_FAST: Pick = |sample| sample.fast.map_or(f64::NAN, |fast| fast.p99_ms);
const P50_PACED: Pick = |sample| sample.paced.map_or(f64::NAN, |paced| paced.p50_ms);
const P99_PACED: Pick = |sample| sample.paced.map_or(f64::NAN, |paced| paced.p99_ms);
const JAVA_MB_4K: Pick = |sample| sample.java_mb_per_s_4k.unwrap_or(f64::NAN);
const MB_4K: Pick = |sample| sample.mb_per_s_4k.unwrap_or(f64::NAN);

impl Subject {
    fn each(&self, pick: Pick) -> Vec<f64> {
        self.samples.iter().map(pick).collect()
    }

    fn row(&self) -> Vec<String> {
        let text = |pick: Pick| {
            let spread = Spread::of(&self.each(pick));
            if spread.median.is_nan() { "–".into() } else { spread.text(0) }
        };
        let figures = [RECORDS, P50_FAST, P99_FAST, P50_PACED, P99_PACED, JAVA_MB_4K, MB_4K].map(text);
        [self.name.clone(), self.durability.into()].into_iter().chain(figures).collect()
    }
}

/// `a`'s figure over `b`'s, turn by turn.
fn ratio(what: &str, a: &Subject, b: &Subject, pick: Pick) -> String {
    let turns: Vec<f64> = a.each(pick).iter().zip(b.each(pick)).map(|(a, b)| a / b).collect();
    format!("{what}, {} / {}: {}", a.name, b.name, Spread::of(&turns).text(2))
}

/// Everything that is compared, as far as it was measured.
fn findings(subjects: &[Subject]) -> Vec<String> {
    let find = |name: &str| subjects.iter().find(|subject| subject.name == name);
    let fast: [(&str, Pick); 3] =
        [("records/s of 1 KB", RECORDS), ("p99 as fast as they go", P99_FAST), ("p99 at the stated pace", P99_PACED)];
    let lean: [(&str, Pick); 1] = [("MB/s of 4 KB from lean clients", MB_4K)];
    let compared: [(&str, &str, Figures<'_>); 9] = [
        (OURS_OS, KAFKA, &fast),
        (OURS, KAFKA, &fast),
        (OURS, FLUSHED, &fast),
        (NULL, KAFKA, &fast[..1]),
        (OURS_OS, NULL, &fast[..1]),
        (OURS, NULL, &fast[..1]),
        (OURS, KAFKA, &lean),
        (OURS, FLUSHED, &lean),
        (OURS, NATS, &lean),
    ];
    let pairs = compared.iter().filter_map(|(a, b, what)| Some((find(a)?, find(b)?, what)));
    let lines = pairs.flat_map(|(a, b, what)| what.iter().map(move |(what, pick)| ratio(what, a, b, *pick)));
    lines.filter(|line| !line.contains("NaN")).collect()
}

fn report(options: &Options, subjects: &[Subject]) -> Report {
    let findings = findings(subjects);
    let pace = options.pace;
    let columns = [
        "",
        "durability",
        "records/s, 1 KB",
        "p50 ms",
        "p99 ms",
        &format!("p50 ms at {pace}/s"),
        &format!("p99 ms at {pace}/s"),
        "MB/s, 4 KB",
        "MB/s, 4 KB, lean client",
    ];
    let data: Vec<_> = subjects.iter().map(|s| json!({ "name": s.name, "samples": s.samples })).collect();
    Report {
        title: "The stream log over loopback beside Apache Kafka and NATS".into(),
        how: format!(
            "{} turns, everything once a turn, one server at a time, each with a new data folder on the same disk. \
             Median (min–max). Apache Kafka's ProducerPerformance 4.3.1 (one producer, acks=all, idempotent, {}) against \
             a topic of {} partitions: {} records of 1 KB to warm up, and {} that count, in one process; then {} s to warm \
             up and as many that count at {pace} records/s for latencies below saturation; then {} records of 4 KB \
             after {}. A tenth of the records where each is flushed. Lean clients, of our own making: one connection, \
             {} records of 4 KB, some 1,000 of them unacknowledged at any time; to Kafka's endpoints in batches of 16, \
             to NATS, which has no batches, one by one. Clients and servers share the cores.",
            subjects.iter().map(|subject| subject.samples.len()).max().unwrap_or_default(),
            if options.producer.is_empty() {
                "its other settings as they come".into()
            } else {
                options.producer.join(" ")
            },
            options.partitions,
            options.warm_up,
            options.records,
            options.paced_s,
            options.records / 4,
            options.warm_up / 4,
            options.records,
        ),
        machine: report::machine(),
        columns: columns.map(String::from).to_vec(),
        rows: subjects.iter().map(Subject::row).collect(),
        findings,
        data: json!({ "subjects": data }),
    }
}
