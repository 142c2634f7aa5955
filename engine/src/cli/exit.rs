//! How the program ends.

use std::process::{ExitCode, Termination};

/// Exit codes, as `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, even if single photos were rejected.
    Done,
    /// 1: something is broken: a disk, a model, a setting.
    Failed,
    /// 2: the command line was not understood.
    Usage,
    /// 3: there was something to read, and nothing of it could be.
    NothingRead,
    /// 130: stopped by Ctrl-C or SIGTERM; what was done is durable.
    Stopped,
}

impl Exit {
    /// Prints what clap found; `--help` and `--version` are found that way too and are no failure.
    pub(super) fn from_usage(error: &clap::Error) -> Self {
        // Where even stderr is closed there is nobody left to tell.
        drop(error.print());
        if error.use_stderr() { Self::Usage } else { Self::Done }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NothingRead => 3,
            Self::Stopped => 130,
        })
    }
}
