//! Photos a second: one worker on one core beside the Python peers on one thread, and two workers beside one.

use crate::process::{self, Run};
use crate::report::{self, Report};
use crate::stats::Spread;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder of photos with labels.csv.
    #[arg(long)]
    photos: PathBuf,
    /// A peer: NAME=COMMAND, given the photos' folder as last argument, printing JSON with images_per_s and exact.
    #[arg(long = "peer", value_name = "NAME=COMMAND")]
    peers: Vec<String>,
    /// Turns, each running everything once.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// The reader.
    #[arg(long, default_value = "auto")]
    reader: String,
}

/// One thing that is measured.
struct Subject {
    name: String,
    command: Vec<String>,
    cpus: &'static str,
    runs: Vec<Run>,
}

/// The thread pools that a peer's libraries start by themselves.
const ONE_THREAD: [(&str, &str); 2] = [("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")];

pub(crate) fn run(tollgate: &Path, options: &Options) -> Result<Report> {
    let out = tempfile::tempdir()?;
    let mut subjects = vec![ours(tollgate, options, out.path(), 1, "0"), ours(tollgate, options, out.path(), 2, "0,1")];
    for peer in &options.peers {
        subjects.push(peer_subject(peer, options)?);
    }
    for _ in 0..options.turns {
        for subject in &mut subjects {
            subject.runs.push(process::run(&subject.command, subject.cpus, &ONE_THREAD)?);
        }
    }
    report(options, &subjects, &out.path().join("1"))
}

fn ours(tollgate: &Path, options: &Options, out: &Path, workers: usize, cpus: &'static str) -> Subject {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let n = workers.to_string();
    let out = text(&out.join(&n));
    let args = ["replay", &text(&options.photos), "--out", &out, "--workers", &n, "--reader", &options.reader];
    let command = std::iter::once(text(tollgate)).chain(args.map(String::from));
    let command = command.chain(["--overwrite", "--json"].map(String::from)).collect();
    Subject {
        name: format!("tollgate, {n} worker{}", if workers == 1 { "" } else { "s" }),
        command,
        cpus,
        runs: vec![],
    }
}

fn peer_subject(peer: &str, options: &Options) -> Result<Subject> {
    let (name, command) = peer.split_once('=').context("--peer takes NAME=COMMAND")?;
    let words = command.split_whitespace().map(String::from);
    let command = words.chain([options.photos.to_string_lossy().into_owned()]).collect();
    Ok(Subject { name: name.into(), command, cpus: "0", runs: vec![] })
}

impl Subject {
    fn each(&self, key: &str) -> Vec<f64> {
        self.runs.iter().map(|r| r.json[key].as_f64().unwrap_or(f64::NAN)).collect()
    }

    fn last(&self, key: &str) -> f64 {
        self.each(key).last().copied().unwrap_or(f64::NAN)
    }

    /// Processor milliseconds a photo, start-up and outputs included.
    fn cpu_ms(&self) -> Spread {
        let each: Vec<f64> = self.runs.iter().zip(self.each("images")).map(|(r, n)| r.cpu_s * 1e3 / n).collect();
        Spread::of(&each)
    }

    fn row(&self) -> Vec<String> {
        let percent = |key| format!("{:.1}", self.last(key));
        let peak = self.runs.iter().map(|r| r.peak_bytes).max().unwrap_or(0) >> 20;
        vec![
            self.name.clone(),
            Spread::of(&self.each("images_per_s")).text(1),
            self.cpu_ms().text(1),
            format!("{peak}"),
            percent("recall"),
            percent("exact"),
            percent("exact_folded"),
        ]
    }
}

/// `a`'s images/s over `b`'s, turn by turn.
fn ratio(a: &Subject, b: &Subject) -> Spread {
    let turns: Vec<f64> = a.each("images_per_s").iter().zip(b.each("images_per_s")).map(|(a, b)| a / b).collect();
    Spread::of(&turns)
}

fn report(options: &Options, subjects: &[Subject], out: &Path) -> Result<Report> {
    let (one, two) = (&subjects[0], &subjects[1]);
    let mut findings = vec![format!("two workers / one: {}", ratio(two, one).text(2))];
    findings.extend(subjects[2..].iter().map(|p| format!("one worker / {}: {}", p.name, ratio(one, p).text(2))));
    let stages = stages(out)?;
    let total: f64 = stages.iter().map(|(_, ms)| ms).sum();
    for (name, ms) in &stages {
        findings.push(format!("stage {name}: {ms:.2} ms a photo, {:.0} %", ms / total * 100.0));
    }
    let columns = ["", "images/s", "CPU ms a photo", "peak MiB", "recall", "exact", "folded"];
    let data: Vec<Value> = subjects
        .iter()
        .map(|s| json!({ "name": s.name, "images_per_s": s.each("images_per_s"), "last": s.runs.last().map(|r| &r.json) }))
        .collect();
    Ok(Report {
        title: "Replay beside its peers".into(),
        how: format!(
            "{} photos, {} turns, everything once a turn, pinned: one worker and the peers to one core, two workers to \
             two. Median (min–max). images/s as each program counts it: from its first photo to its last result, files \
             read and decoded included, start-up and our outputs not. CPU: the whole process.",
            one.last("images"),
            options.turns
        ),
        machine: report::machine(),
        columns: columns.map(String::from).to_vec(),
        rows: subjects.iter().map(Subject::row).collect(),
        findings,
        data: json!({ "subjects": data, "stages_ms": stages }),
    })
}

/// The mean milliseconds a photo spends in each stage, from the events of the last one-worker run.
fn stages(out: &Path) -> Result<Vec<(&'static str, f64)>> {
    let text = std::fs::read_to_string(out.join("events.jsonl"))?;
    let events = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let firsts: Vec<&Value> = events.iter().filter(|e| e["data"]["plateIndex"] == 0).collect();
    let mean = |key: &str| {
        let sum: f64 = firsts.iter().filter_map(|e| e["data"]["timings"][key].as_f64()).sum();
        sum / firsts.len().max(1) as f64
    };
    Ok([("decode", "decodeMs"), ("detect", "detectMs"), ("read", "readMs"), ("judge", "judgeMs")]
        .map(|(name, key)| (name, mean(key)))
        .to_vec())
}
