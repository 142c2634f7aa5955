//! The arguments.

use super::listen::ListenArgs;
use crate::setup::Backend;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use uuid::Uuid;

const EXIT_CODES: &str = "Exit codes: 0 done (single photos may have been rejected), 1 something is broken, \
2 the command line was not understood, 3 nothing could be read, 130 stopped (what was done is durable).";

/// Reads number plates at scale.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, about, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Cli {
    /// Say more on stderr (-v: what happens, -vv: details).
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// How log lines on stderr look: for people, or an object a line with its time, for a log collector.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    pub(super) log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read the plates on photos: events, a manual-check queue, Parquet, CSV and a report.
    Replay(ReplayArgs),
    /// Serve the stream log (Kafka, HTTP) and read the plates on the photos that come.
    Serve(super::serve::ServeArgs),
    /// Have a running server export now what no export has taken yet.
    Export(ExportArgs),
    /// Have a program work on the messages of a task queue.
    Listen(ListenArgs),
    /// Put records into a log, look at it, check it.
    Log(LogArgs),
    /// Pushed events: have some sent again, look at what was given up.
    Events(super::events::EventsArgs),
    /// Measure the CPU path against the GPU path on this machine, stage by stage and end to end.
    Bench(super::bench::BenchArgs),
    /// Replay the sample set that comes with the program, and say where to look.
    Demo(DemoArgs),
    /// Say what was found on this machine and what to do about what is missing.
    Doctor(DoctorArgs),
    /// Show or fetch the models.
    Models(ModelsArgs),
    /// Work on the manual-check queue of a replay: what a person must look at.
    Manual(ManualArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

const REPLAY_EXAMPLES: &str = "Examples:
  tollgate replay photos --out results
  tollgate replay lane-1 lane-2 day.tar --out results --workers 2
  tollgate replay photos --out results --resume
  tollgate replay --from-hub images --since 2026-11-22T06:00:00Z --out again
  tollgate replay photos --out results --json | tail -n 1 | python3 -m json.tool

OUT gets events.jsonl (CloudEvents 1.0), plates.parquet, plates.arrow, export.csv, manual-queue.redb, rejected/ and
report.html. A labels.csv (file,x,y,w,h,plate) beside the photos is found by itself and accuracy is printed.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(super) struct ReplayArgs {
    /// Folders (recursive), images, .tar archives or Parquet files with an image column.
    #[arg(required_unless_present = "from_hub", conflicts_with = "from_hub", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// In place of files: the photos of a hub, from a running server or an Apache Kafka cluster.
    #[arg(long, value_name = "HUB")]
    pub(super) from_hub: Option<String>,
    /// Of the hub: what was appended from this time on (RFC 3339).
    #[arg(long, value_name = "TIME", requires = "from_hub", value_parser = time)]
    pub(super) since: Option<i64>,
    /// Of the hub: where it is.
    #[arg(long, value_name = "ADDR", requires = "from_hub", default_value = "127.0.0.1:9092")]
    pub(super) kafka: String,
    /// Of the hub: the data folder it lies in, if no server has it open.
    #[arg(long, value_name = "DIR", requires = "from_hub", conflicts_with = "kafka")]
    pub(super) data: Option<PathBuf>,
    /// The output folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Labels (file,x,y,w,h,plate) that do not lie beside the photos.
    #[arg(long, value_name = "CSV")]
    pub(super) labels: Option<PathBuf>,
    /// A name for the data in place of its absolute path, so that event ids stay when it is moved.
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    #[command(flatten)]
    pub(super) how: HowArgs,
    /// Go on with the interrupted run in DIR.
    #[arg(long, conflicts_with = "overwrite")]
    pub(super) resume: bool,
    /// Replace the run in DIR.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Print one JSON object as the last line of stdout.
    #[arg(long)]
    pub(super) json: bool,
}

/// What `replay` and `demo` share.
#[derive(Debug, Args)]
pub(super) struct HowArgs {
    /// A tollgate.toml.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where the pixels are worked on.
    #[arg(long, value_enum, default_value_t = BackendArg::Auto)]
    pub(super) backend: BackendArg,
    /// Lanes, each with nets of its own [default: one a core].
    #[arg(long, value_name = "N")]
    pub(super) workers: Option<NonZeroUsize>,
    /// The reader: "auto" or a name from `tollgate models list`.
    #[arg(long, value_name = "NAME")]
    pub(super) reader: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum BackendArg {
    Auto,
    Cpu,
    Gpu,
}

impl std::convert::From<BackendArg> for Backend {
    fn from(arg: BackendArg) -> Self {
        match arg {
            BackendArg::Auto => Self::Auto,
            BackendArg::Cpu => Self::Cpu,
            BackendArg::Gpu => Self::Gpu,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The output folder; an earlier demo in it is replaced.
    #[arg(long, value_name = "DIR", default_value = "tollgate-out")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) how: HowArgs,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    pub(super) command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelsCommand {
    /// Show name, path, hash and licence of each.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Fetch and verify those that are missing (all, or the ones named).
    Fetch {
        /// Names from `tollgate models list`.
        names: Vec<String>,
    },
}

const LOG_EXAMPLES: &str = "Examples:
  tollgate log produce --hub images photos/lane-7
  echo hello | tollgate log produce --hub telemetry
  tollgate log tail --hub results --from earliest --max 10
  tollgate log tail --hub results --from 2026-11-22T12:00:00Z --follow
  tollgate log groups
  tollgate log verify --data tollgate-data";

#[derive(Debug, Args)]
#[command(after_help = LOG_EXAMPLES)]
pub(super) struct LogArgs {
    #[command(subcommand)]
    pub(super) command: LogCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Send photos (by their paths, as `replay` takes them) or, without paths, the lines of stdin; prints hub,
    /// partition and offset of each.
    Produce(ProduceArgs),
    /// Show records, a JSON object a line.
    Tail(TailArgs),
    /// Show how far each consumer group has come.
    Groups(KafkaArgs),
    /// Show the first and the next offset of each partition.
    Offsets {
        #[command(flatten)]
        at: KafkaArgs,
        /// The hub.
        #[arg(long)]
        hub: String,
    },
    /// Put damaged segments of a data folder aside, so that it opens again; says which offsets are lost.
    Repair {
        /// The data folder.
        #[arg(long, value_name = "DIR", default_value = "tollgate-data")]
        data: PathBuf,
    },
    /// Check every batch of a data folder that no process has open.
    Verify {
        /// The data folder.
        #[arg(long, value_name = "DIR", default_value = "tollgate-data")]
        data: PathBuf,
        /// One hub alone.
        #[arg(long)]
        hub: Option<String>,
    },
}

/// Where the log is.
#[derive(Debug, Args)]
pub(super) struct KafkaArgs {
    /// The Kafka address of a `tollgate serve`, or the brokers of an Apache Kafka cluster.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9092")]
    pub(super) kafka: String,
}

#[derive(Debug, Args)]
pub(super) struct ProduceArgs {
    #[command(flatten)]
    pub(super) at: KafkaArgs,
    /// The hub.
    #[arg(long)]
    pub(super) hub: String,
    /// The key of all records [default: a photo's lane].
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Photos, folders, archives.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct TailArgs {
    #[command(flatten)]
    pub(super) at: KafkaArgs,
    /// The hub.
    #[arg(long)]
    pub(super) hub: String,
    /// One partition alone.
    #[arg(long)]
    pub(super) partition: Option<i32>,
    /// Where to begin: earliest, latest, an offset, or a time (RFC 3339).
    #[arg(long, default_value = "earliest", value_parser = From::parse)]
    pub(super) from: From,
    /// At most this many records.
    #[arg(long, value_name = "N")]
    pub(super) max: Option<u64>,
    /// Wait for more.
    #[arg(long)]
    pub(super) follow: bool,
}

/// Where to begin to read a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Earliest,
    Latest,
    Offset(i64),
    /// Milliseconds since the epoch.
    Time(i64),
}

impl From {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            _ => match text.parse() {
                Ok(offset) => Ok(Self::Offset(offset)),
                Err(_) => time(text).map(Self::Time),
            },
        }
    }
}

/// A time in milliseconds since the epoch.
pub(super) fn time(text: &str) -> Result<i64, String> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text);
    parsed
        .map(|time| time.timestamp_millis())
        .map_err(|error| format!("{text:?} is no time ({error}); write it as 2026-11-22T12:00:00Z"))
}

const EXPORT_EXAMPLES: &str = "Examples:
  tollgate export
  tollgate export --http http://127.0.0.1:8080

Prints what was exported as JSON; nothing where there was nothing to export.";

#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(super) struct ExportArgs {
    /// Where the server is heard.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(super) http: String,
    /// What it wants to be shown where there are keys: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, for sending to the
    /// results hub [default: the environment variable TOLLGATE_AUTHORIZATION].
    #[arg(long, value_name = "HEADER")]
    pub(super) authorization: Option<String>,
}

const MANUAL_EXAMPLES: &str = "Examples:
  tollgate manual list results
  tollgate manual next results --crop plate.jpg
  tollgate manual answer results 0b4c… --token 9f1e… --text BKW4217";

#[derive(Debug, Args)]
#[command(after_help = MANUAL_EXAMPLES)]
pub(super) struct ManualArgs {
    #[command(subcommand)]
    pub(super) command: ManualCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ManualCommand {
    /// Show what is waiting, a JSON object a line, without taking anything.
    List {
        /// The output folder of a replay.
        out: PathBuf,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        most: usize,
    },
    /// Take the next item: nobody else gets it until the lock ends. Prints it as JSON, with the token for the answer.
    Next {
        /// The output folder of a replay.
        out: PathBuf,
        /// How long the item is locked.
        #[arg(long, default_value_t = 300)]
        lock_s: u32,
        /// Write the picture of the plate there.
        #[arg(long, value_name = "FILE")]
        crop: Option<PathBuf>,
    },
    /// Answer an item that was taken.
    Answer {
        /// The output folder of a replay.
        out: PathBuf,
        /// The item's event id.
        id: Uuid,
        /// The token that `next` printed.
        #[arg(long)]
        token: Uuid,
        /// What the plate says.
        #[arg(long, required_unless_present = "unreadable", conflicts_with = "unreadable")]
        text: Option<String>,
        /// Nobody can read it.
        #[arg(long)]
        unreadable: bool,
    },
    /// Give an item back that was taken.
    Abandon {
        /// The output folder of a replay.
        out: PathBuf,
        /// The item's event id.
        id: Uuid,
        /// The token that `next` printed.
        #[arg(long)]
        token: Uuid,
    },
}
