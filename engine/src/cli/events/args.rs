//! The arguments of `tollgate events`.

use super::super::args::{KafkaArgs, time};
use clap::{Args, Subcommand};
use std::path::PathBuf;

const EVENTS_EXAMPLES: &str = "Examples:
  tollgate events redeliver --subscription billing --since 2026-11-22T06:00:00Z
  tollgate events deadletters --subscription billing
  tollgate events deadletters --subscription billing --requeue 0b4c1d2e-…
  tollgate events deadletters --subscription billing --requeue-all";

#[derive(Debug, Args)]
#[command(after_help = EVENTS_EXAMPLES)]
pub(in crate::cli) struct EventsArgs {
    #[command(subcommand)]
    pub(super) command: EventsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum EventsCommand {
    /// Move the cursor of a sink back, so that a running server sends it the results since then again, whatever was
    /// delivered before. The ids are the same: who keeps them does nothing twice.
    Redeliver(RedeliverArgs),
    /// Show what was given up, a JSON object a line, or have a webhook's tried again.
    Deadletters(DeadLettersArgs),
}

#[derive(Debug, Args)]
pub(super) struct RedeliverArgs {
    #[command(flatten)]
    pub(super) at: KafkaArgs,
    /// The sink's name in the config.
    #[arg(long, value_name = "NAME")]
    pub(super) subscription: String,
    /// What was appended to the results from this time on (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) since: i64,
    /// The results hub.
    #[arg(long, default_value = "results")]
    pub(super) hub: String,
}

#[derive(Debug, Args)]
pub(super) struct DeadLettersArgs {
    /// The name of the webhook, or of the bridge to a broker, in the config.
    #[arg(long, value_name = "NAME")]
    pub(super) subscription: String,
    /// The server's tollgate.toml.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The server's data folder [default: that of the config, tollgate-data without one].
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// At most this many, the oldest first.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(super) max: usize,
    /// Have those with these event ids tried again.
    #[arg(long, value_name = "ID", conflicts_with = "requeue_all")]
    pub(super) requeue: Vec<String>,
    /// Have all that are shown tried again.
    #[arg(long)]
    pub(super) requeue_all: bool,
}
