//! One benchmark program: cases side by side with their peers in one run, in turns, and one report.
//!
//! It measures whole programs from outside, as a user would run them: the released `tollgate` binary and the peers'
//! scripts; only the stream log by itself and our decoding are measured in this process. Figures are medians over the turns; ratios are taken turn by turn, so that a machine whose speed drifts
//! drifts for both.

mod decode;
mod events;
mod log;
mod memory;
mod null;
mod parquet;
mod peers;
mod process;
mod queue;
mod replay;
mod report;
mod stats;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Measures tollgate beside its peers.
#[derive(Parser)]
#[command(max_term_width = 110)]
struct Cli {
    /// The binary to measure.
    #[arg(long, default_value = "target/release/tollgate", global = true)]
    tollgate: PathBuf,
    /// Write the report as Markdown and JSON with this stem, as in benches/results/2026-01-31-replay.
    #[arg(long, global = true)]
    save: Option<PathBuf>,
    #[command(subcommand)]
    case: Case,
}

#[derive(Subcommand)]
enum Case {
    /// Photos a second on one core and on two, beside the Python peers.
    Replay(replay::Options),
    /// Peak memory for few photos and for many.
    Memory(memory::Options),
    /// JPEG bytes to the detector's tensor and a plate's crop, in this process, beside OpenCV.
    Decode(decode::Options),
    /// The stream log in this process, beside the disk by itself.
    Log(log::Options),
    /// Results to webhooks in this process: filters, push, and a receiver beside one that hangs.
    Events(events::Options),
    /// The embedded queues in this process and over HTTP, beside redb.
    Queue(queue::Options),
    /// The log over loopback, beside Apache Kafka and NATS JetStream.
    LogPeers(peers::Options),
    /// A broker that answers at once and keeps nothing: a producer's own ceiling.
    NullBroker(null::Options),
    /// The plate table into Parquet in this process, beside pyarrow.
    Parquet(parquet::Options),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let report = match &cli.case {
        Case::Replay(options) => replay::run(&cli.tollgate, options)?,
        Case::Memory(options) => memory::run(&cli.tollgate, options)?,
        Case::Decode(options) => decode::run(options)?,
        Case::Log(options) => log::run(options)?,
        Case::Events(options) => events::run(options)?,
        Case::Queue(options) => queue::run(&cli.tollgate, options)?,
        Case::LogPeers(options) => peers::run(&cli.tollgate, options)?,
        Case::NullBroker(options) => return null::serve(options),
        Case::Parquet(options) => parquet::run(options)?,
    };
    print!("{}", report.markdown());
    if let Some(stem) = &cli.save {
        report.save(stem)?;
    }
    Ok(())
}
