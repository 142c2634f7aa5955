//! The arguments.

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
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read the plates on photos: events, a manual-check queue, Parquet, CSV and a report.
    Replay(ReplayArgs),
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
  tollgate replay photos --out results --json | tail -n 1 | python3 -m json.tool

OUT gets events.jsonl (CloudEvents 1.0), plates.parquet, plates.arrow, export.csv, manual-queue.redb, rejected/ and
report.html. A labels.csv (file,x,y,w,h,plate) beside the photos is found by itself and accuracy is printed.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(super) struct ReplayArgs {
    /// Folders (recursive), images, .tar archives or Parquet files with an image column.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
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

impl From<BackendArg> for Backend {
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
