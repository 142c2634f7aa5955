//! `tollgate listen`: its two lines a message go to stdout; all else, and what the program prints, to stderr.

use std::io::Write;

use clap::Args;
use tollgate_ingest::system_clock;
use tollgate_sinks::queue::azure::client::Client;
use tollgate_sinks::queue::azure::{DEVELOPMENT_KEY, Key};

use super::{Exit, stop};
use crate::Result;
use crate::listen::{self, Herald, Listen};

/// The key, where the command line is no place for it.
const KEY: &str = "TOLLGATE_QUEUE_KEY";

const EXAMPLES: &str = "Examples:
  tollgate listen --queue manual --exec 'jq .data.licensePlateText'
  tollgate listen --queue orders --exec ./work --url http://10.0.0.5:10001/toll --lock-s 60
  tollgate listen --queue orders-poison --exec 'cat >> failed.jsonl' --once

Messages come from the task queues of `tollgate serve`, or any other server that speaks Azure Queue Storage. Start it as
often as you like, on as many machines: each message is one process's until it is deleted or its lease ends.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListenArgs {
    /// The queue; created if it is not there.
    #[arg(long, value_name = "Q")]
    queue: String,
    /// What the shell runs for each message: the text on stdin, TOLLGATE_MESSAGE_ID and TOLLGATE_DEQUEUE_COUNT in the
    /// environment. Exit code 0 deletes the message, any other gives it back.
    #[arg(long, value_name = "CMD")]
    exec: String,
    /// The account.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:10001/devstoreaccount1")]
    url: String,
    /// Its key [default: $TOLLGATE_QUEUE_KEY, else the storage emulator's well-known one].
    #[arg(long, value_name = "BASE64")]
    key: Option<String>,
    /// How long a message is ours; renewed while CMD runs.
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    lock_s: u32,
    /// The longest wait between two looks at a queue that is empty.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    poll_ms: u64,
    /// After so many deliveries a message that fails is moved to Q-poison.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    max_deliveries: u32,
    /// End when the queue has nothing to give.
    #[arg(long)]
    once: bool,
}

pub(super) fn run(args: &ListenArgs) -> Result<Exit> {
    let named = args.key.clone().or_else(|| std::env::var(KEY).ok());
    let key = Key::parse(named.as_deref().unwrap_or(DEVELOPMENT_KEY))?;
    let what = Listen {
        client: Client::new(&args.url, key, &args.queue)?,
        command: args.exec.clone(),
        lock_s: args.lock_s,
        poll_ms: args.poll_ms,
        max_deliveries: args.max_deliveries,
        once: args.once,
    };
    let stop = stop::on_signal("finishing the message in hand; once more to stop at once");
    listen::listen(&what, &system_clock(), &stop, &Lines)?;
    Ok(Exit::Done)
}

/// The two lines.
struct Lines;

impl Lines {
    fn say(line: std::fmt::Arguments<'_>) {
        // Whoever closed stdout does not want them; the work goes on.
        drop(writeln!(std::io::stdout().lock(), "{line}"));
    }
}

impl Herald for Lines {
    fn dequeued(&self, id: &str, json: &str) {
        Self::say(format_args!("Message {id} dequeued: {json}"));
    }

    fn processed(&self, id: &str) {
        Self::say(format_args!("Message {id} successfully processed"));
    }
}
