//! The stream log in this process, beside the disk by itself.

mod commits;
mod core;
mod raw;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use tollgate_ingest::log::Durability;

use self::commits::Load;
use self::core::Turn;
use self::raw::Blocks;
use crate::report::{self, Report};
use crate::stats::Spread;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder on the disk that is measured; what is written there is removed.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// Turns, each running everything once.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// Writes of 4 KB a turn and subject; of 1 MiB a fiftieth, and batches of small records a fifth as many.
    #[arg(long, default_value_t = 5000)]
    writes: usize,
}

const KB4: usize = 4 << 10;
const MB1: usize = 1 << 20;

/// What one turn of one subject came to.
#[derive(Clone, Serialize)]
struct Sample {
    per_s: f64,
    mb_per_s: f64,
    p50_us: f64,
    p99_us: f64,
}

impl Sample {
    fn of(count: f64, bytes: usize, seconds: f64, mut latencies_us: Vec<f64>) -> Self {
        latencies_us.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (latencies_us.len() as f64 * share) as usize;
            latencies_us.get(index).copied().unwrap_or(f64::NAN)
        };
        let per_s = count / seconds;
        Self { per_s, mb_per_s: per_s * bytes as f64 / 1e6, p50_us: at(0.5), p99_us: at(0.99) }
    }
}

type Measure = Box<dyn Fn(&Path) -> Result<Sample>>;

/// One thing that is measured.
struct Subject {
    name: &'static str,
    durability: &'static str,
    queue_depth: usize,
    measure: Measure,
    samples: Vec<Sample>,
}

impl Subject {
    fn raw(name: &'static str, blocks: Blocks, bytes: usize, queue_depth: usize, count: usize) -> Self {
        let measure = move |dir: &Path| raw::writes(dir, blocks, bytes, queue_depth, count);
        Self { name, durability: "O_DSYNC", queue_depth, measure: Box::new(measure), samples: Vec::new() }
    }

    fn ours(name: &'static str, load: Load) -> Self {
        let measure = move |dir: &Path| commits::appends(dir, load);
        let (durability, queue_depth) = ("commit", load.writers);
        Self { name, durability, queue_depth, measure: Box::new(measure), samples: Vec::new() }
    }

    fn each(&self, pick: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(pick).collect()
    }

    fn row(&self) -> Vec<String> {
        let text = |pick: fn(&Sample) -> f64, digits| Spread::of(&self.each(pick)).text(digits);
        vec![
            self.name.into(),
            self.durability.into(),
            self.queue_depth.to_string(),
            text(|sample| sample.per_s, 0),
            text(|sample| sample.mb_per_s, 1),
            text(|sample| sample.p50_us, 0),
            text(|sample| sample.p99_us, 0),
        ]
    }
}

fn subjects(writes: usize) -> Vec<Subject> {
    let load = |bytes, partitions, writers, count| Load { bytes, partitions, writers, count };
    let few = (writes / 50).max(4);
    vec![
        Subject::raw("disk, 4 KB, file grows", Blocks::New, KB4, 1, writes),
        Subject::raw("disk, 4 KB, overwritten", Blocks::Written, KB4, 1, writes),
        Subject::ours("log, 4 KB, 1 partition", load(KB4, 1, 1, writes)),
        Subject::raw("disk, 4 KB, overwritten, 4 files", Blocks::Written, KB4, 4, writes),
        Subject::ours("log, 4 KB, 1 partition, 4 threads", load(KB4, 1, 4, writes)),
        Subject::ours("log, 4 KB, 4 partitions, 4 threads", load(KB4, 4, 4, writes)),
        Subject::ours("log, 4 KB, 4 partitions, 32 threads", load(KB4, 4, 32, 4 * writes)),
        Subject::raw("disk, 1 MiB, file grows", Blocks::New, MB1, 1, few),
        Subject::raw("disk, 1 MiB, overwritten", Blocks::Written, MB1, 1, few),
        Subject::ours("log, 1 MiB, 1 partition", load(MB1, 1, 1, few)),
    ]
}

pub(crate) fn run(options: &Options) -> Result<Report> {
    std::fs::create_dir_all(&options.dir)?;
    let dir = tempfile::tempdir_in(&options.dir)?;
    let mut subjects = subjects(options.writes);
    let (mut durable, mut cached) = (Vec::new(), Vec::new());
    for _ in 0..options.turns {
        for subject in &mut subjects {
            subject.samples.push((subject.measure)(dir.path())?);
        }
        let batches = (options.writes / 5).max(1);
        durable.push(core::records(dir.path(), Durability::Commit, batches)?);
        cached.push(core::records(dir.path(), Durability::Os, batches)?);
    }
    Ok(report(options, &subjects, &durable, &cached))
}

/// `a`'s rate over `b`'s, turn by turn.
fn ratio(a: &Subject, b: &Subject) -> String {
    let rates = |subject: &Subject| subject.each(|sample| sample.per_s);
    let turns: Vec<f64> = rates(a).iter().zip(rates(b)).map(|(a, b)| a / b).collect();
    format!("{} / {}: {}", a.name, b.name, Spread::of(&turns).text(2))
}

fn core_finding(durability: &str, turns: &[Turn]) -> String {
    let spread = |pick: &dyn Fn(&Turn) -> f64| Spread::of(&turns.iter().map(pick).collect::<Vec<_>>());
    let millions = |pick: fn(&Turn) -> f64| spread(&|turn| pick(turn) / 1e6).text(2);
    let part = |i: usize| spread(&|turn| turn.parts()[i]).median;
    format!(
        "{} B records in batches of {}, durability {durability}, everything on one core: {} million records/s checked \
         and appended, {} with the producer's work of building the batches; a record takes {:.0} ns to build, {:.0} ns \
         to check, {:.0} ns to append and sync",
        core::RECORD_BYTES,
        core::BATCH_RECORDS,
        millions(Turn::log),
        millions(Turn::all),
        part(0),
        part(1),
        part(2),
    )
}

fn report(options: &Options, subjects: &[Subject], durable: &[Turn], cached: &[Turn]) -> Report {
    let named = |name: &str| subjects.iter().find(|subject| subject.name == name);
    let pairs = [
        ("log, 4 KB, 1 partition", "disk, 4 KB, overwritten"),
        ("log, 4 KB, 1 partition", "disk, 4 KB, file grows"),
        ("log, 4 KB, 1 partition, 4 threads", "disk, 4 KB, overwritten"),
        ("log, 4 KB, 4 partitions, 4 threads", "disk, 4 KB, overwritten, 4 files"),
        ("log, 1 MiB, 1 partition", "disk, 1 MiB, overwritten"),
        ("log, 1 MiB, 1 partition", "disk, 1 MiB, file grows"),
    ];
    let ratios = pairs.iter().filter_map(|(a, b)| Some(ratio(named(a)?, named(b)?)));
    let cores = [core_finding("commit", durable), core_finding("os", cached)];
    let columns = ["", "durability", "queue depth", "writes/s", "MB/s", "p50 µs", "p99 µs"];
    let data: Vec<_> = subjects.iter().map(|s| json!({ "name": s.name, "samples": s.samples })).collect();
    Report {
        title: "The stream log beside the disk".into(),
        how: format!(
            "In one process, {} turns, everything once a turn. Median (min–max). The disk: one write after another with \
             O_DSYNC into a file on the same file system, which grows with each write, or whose blocks were written \
             before. The log: a new data folder each time, each record a batch that is built, checked, appended and \
             acknowledged (durability commit: after fdatasync) before its thread sends the next. Queue depth: the \
             number of such threads.",
            options.turns
        ),
        machine: report::machine(),
        columns: columns.map(String::from).to_vec(),
        rows: subjects.iter().map(Subject::row).collect(),
        findings: ratios.chain(cores).collect(),
        data: json!({ "subjects": data, "core": { "commit": durable, "os": cached } }),
    }
}
