//! The plate table into Parquet: our writer beside pyarrow, one core, the same table in memory on both sides.

mod peer;
mod table;

use anyhow::{Context, Result};
use arrow::record_batch::RecordBatch;
use clap::Args;
use parquet::arrow::ArrowWriter;
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tollgate_sinks::parquet::{BATCH_ROWS, Codec, ROW_GROUP_ROWS, properties};

use self::peer::Peer;
use crate::report::{self, Report};
use crate::stats::Spread;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A Python with pyarrow.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Rows of the table.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// Turns, each writing everything once.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// A folder in memory: the disk is not what is measured.
    #[arg(long, default_value = "/dev/shm")]
    dir: PathBuf,
    /// The core, as `taskset -c` takes it.
    #[arg(long, default_value_t = 0)]
    core: usize,
}

/// One file, written once.
#[derive(Debug, Clone, Copy, Serialize)]
struct Turn {
    rows_per_s: f64,
    bytes: u64,
}

/// A writer with a codec.
struct Subject {
    writer: &'static str,
    codec: Codec,
    turns: Vec<Turn>,
}

impl Subject {
    fn rates(&self) -> Vec<f64> {
        self.turns.iter().map(|turn| turn.rows_per_s / 1e6).collect()
    }

    fn bytes(&self) -> u64 {
        self.turns.last().map_or(0, |turn| turn.bytes)
    }
}

const OURS: &str = "tollgate";
/// What pyarrow is told. `as it comes` is what its users get; in `told the same` it is given our encodings.
const PEERS: [(&str, &str); 2] = [("pyarrow, as it comes", "default"), ("pyarrow, told the same", "same")];

pub(crate) fn run(options: &Options) -> Result<Report> {
    let dir = tempfile::tempdir_in(&options.dir)?;
    let batches = table::plates(options.rows)?;
    let input = dir.path().join("table.arrow");
    table::save(&batches, &input)?;
    let mut peer = Peer::start(&options.python, &input, dir.path(), options.core)?;
    crate::process::pin(options.core)?;
    let mut subjects = subjects();
    for _ in 0..options.turns {
        for subject in &mut subjects {
            let told = PEERS.iter().find(|(name, _)| *name == subject.writer);
            let turn = match told {
                Some((_, told)) => peer.write(name(subject.codec), told, options.rows)?,
                None => ours(&batches, subject.codec, &dir.path().join("ours.parquet"))?,
            };
            subject.turns.push(turn);
        }
    }
    report(options, &subjects, &peer.version()?)
}

fn subjects() -> Vec<Subject> {
    let writers = [OURS].into_iter().chain(PEERS.map(|(name, _)| name));
    let each = |codec| writers.clone().map(move |writer| Subject { writer, codec, turns: Vec::new() });
    [Codec::Snappy, Codec::Zstd].into_iter().flat_map(each).collect()
}

fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Snappy => "snappy",
        Codec::Zstd => "zstd",
    }
}

/// Writes the table as a lake does, in batches of the same size.
fn ours(batches: &[RecordBatch], codec: Codec, path: &Path) -> Result<Turn> {
    let schema = batches.first().context("an empty table")?.schema();
    let begun = Instant::now();
    let file = BufWriter::with_capacity(256 << 10, File::create(path)?);
    let mut out = ArrowWriter::try_new(file, schema, Some(properties(codec)?))?;
    let mut rows = 0;
    for batch in batches {
        for from in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            out.write(&batch.slice(from, BATCH_ROWS.min(batch.num_rows() - from)))?;
        }
        rows += batch.num_rows();
    }
    out.close()?;
    Ok(Turn { rows_per_s: rows as f64 / begun.elapsed().as_secs_f64(), bytes: path.metadata()?.len() })
}

fn report(options: &Options, subjects: &[Subject], version: &str) -> Result<Report> {
    let row = |subject: &Subject| {
        let megabytes = subject.bytes() as f64 / 1e6;
        let rates = Spread::of(&subject.rates()).text(2);
        vec![subject.writer.into(), name(subject.codec).into(), rates, format!("{megabytes:.1}")]
    };
    let findings = [Codec::Snappy, Codec::Zstd].into_iter().flat_map(|codec| findings(subjects, codec)).collect();
    let data: Vec<_> = subjects
        .iter()
        .map(|subject| json!({ "writer": subject.writer, "codec": name(subject.codec), "turns": subject.turns }))
        .collect();
    Ok(Report {
        title: "The plate table into Parquet".into(),
        how: format!(
            "{} rows of {} columns in memory (Arrow) into a file in memory, core {} alone, {} turns, everything once a \
             turn. Median (min–max). Both sides: row groups of {ROW_GROUP_ROWS} rows, pages of at most 1 MiB and 20,000 \
             rows, statistics for chunks and pages, page index, the same codec (zstd at level 1). Ours writes batches of \
             {BATCH_ROWS} rows, and a bloom filter on `plate` beside. {version}: as it comes, it tries a dictionary on \
             every column; told the same, it is given our list of dictionary columns, our encodings, and the bloom filter \
             where it knows it.",
            options.rows,
            table::schema().fields().len(),
            options.core,
            options.turns
        ),
        machine: report::machine(),
        columns: ["writer", "codec", "million rows/s", "MB"].map(String::from).to_vec(),
        rows: subjects.iter().map(row).collect(),
        findings,
        data: json!({ "subjects": data }),
    })
}

/// Our rate and size over the peers', turn by turn.
fn findings(subjects: &[Subject], codec: Codec) -> Vec<String> {
    let named = |writer: &str| subjects.iter().find(|one| one.writer == writer && one.codec == codec);
    let Some(ours) = named(OURS) else { return Vec::new() };
    let finding = |peer: &Subject| {
        let ratios: Vec<f64> = ours.rates().iter().zip(peer.rates()).map(|(a, b)| a / b).collect();
        let size = ours.bytes() as f64 / peer.bytes() as f64;
        format!("{}, {OURS} / {}: rows/s {}, size {size:.3}", name(codec), peer.writer, Spread::of(&ratios).text(2))
    };
    PEERS.iter().filter_map(|(peer, _)| named(peer)).map(finding).collect()
}
