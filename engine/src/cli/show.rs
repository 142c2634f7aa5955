//! What a person sees: log lines and errors on stderr, a progress bar on a terminal and plain lines elsewhere.

use super::args::LogFormat;
use crate::bench::Watcher;
use crate::replay::{Observer, Progressing};
use crate::setup::Setup;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tollgate_models::Progress;
use tracing_subscriber::EnvFilter;

/// Logs to stderr: warnings, more with `-v`; `RUST_LOG` wins.
pub(super) fn log_to_stderr(verbose: u8, format: LogFormat) {
    let level = match verbose {
        0 => "warn,ort=off",
        1 => "info,ort=warn",
        _ => "debug,ort=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).without_time().init(),
        LogFormat::Json => lines.json().init(),
    }
}

/// An error with all its causes, a line each.
pub(super) fn error(error: &crate::Error) {
    eprintln!("tollgate: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}

/// The least time between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows a replay's progress on stderr.
pub(super) struct Screen {
    terminal: bool,
    bar: Mutex<Option<ProgressBar>>,
    plain: Mutex<Plain>,
}

#[derive(Default)]
struct Plain {
    last: Option<Instant>,
    total: Option<u64>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), bar: Mutex::new(None), plain: Mutex::default() }
    }

    fn line(&self, text: &str) {
        match lock(&self.bar).as_ref() {
            Some(bar) if self.terminal => bar.println(text),
            _ => eprintln!("{text}"),
        }
    }

    fn set_bar(&self, bar: ProgressBar) {
        *lock(&self.bar) = self.terminal.then_some(bar);
    }

    fn clear_bar(&self) {
        if let Some(bar) = lock(&self.bar).take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear_bar();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_invalid| ProgressStyle::default_bar())
}

impl Progress for Screen {
    fn start(&self, file: &str, origin: &str) {
        self.line(&format!("fetching {file} from {origin}"));
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {bytes} {bytes_per_sec}"));
        bar.enable_steady_tick(Duration::from_millis(200));
        self.set_bar(bar);
    }

    fn advance(&self, done: u64, total: Option<u64>) {
        if let Some(bar) = lock(&self.bar).as_ref() {
            bar.set_position(done);
            if let Some(total) = total {
                bar.set_length(total);
            }
        }
    }

    fn end(&self) {
        self.clear_bar();
    }
}

impl Watcher for Screen {
    fn begins(&self, what: &str) {
        self.line(&format!("measuring: {what}"));
    }
}

impl Observer for Screen {
    fn prepared(&self, setup: &Setup) {
        for line in &setup.chosen.because {
            self.line(line);
        }
    }

    fn started(&self, total: Option<u64>, done: u64) {
        lock(&self.plain).total = total;
        if done > 0 {
            self.line(&format!("resuming after {done} photos"));
        }
        let bar = match total {
            Some(total) => {
                ProgressBar::new(total).with_style(style("{wide_bar} {pos}/{len} photos  {per_sec}  {eta} left  {msg}"))
            }
            None => ProgressBar::no_length().with_style(style("{spinner} {pos} photos  {per_sec}  {msg}")),
        };
        // The pace is of this process alone: what an earlier one did took no time now.
        bar.set_position(done);
        bar.reset_eta();
        self.set_bar(bar);
    }

    fn advanced(&self, now: Progressing) {
        let tally = format!("{} read, {} manual, {} rejected", now.reads, now.manual, now.rejected);
        if let Some(bar) = lock(&self.bar).as_ref() {
            bar.set_position(now.done);
            bar.set_message(tally);
            return;
        }
        let mut plain = lock(&self.plain);
        if plain.last.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
            plain.last = Some(Instant::now());
            let total = plain.total.map(|t| format!("/{t}")).unwrap_or_default();
            eprintln!("{}{total} photos: {tally}", now.done);
        }
    }

    fn rejected(&self, file: &str, reason: &str) {
        self.line(&format!("rejected {file}: {reason}"));
    }

    fn writing(&self) {
        self.clear_bar();
        self.line("writing the outputs");
    }
}
