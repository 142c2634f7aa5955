//! `tollgate serve`.

use super::Exit;
use super::args::ServeArgs;
use super::stop;
use crate::Result;
use crate::serve::{self, Herald, Serving};
use crate::setup::{Backend, Setup};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tollgate_models::Store;

pub(super) fn run(args: &ServeArgs) -> Result<Exit> {
    let mut config = super::replay::config(&args.how)?;
    if let Some(data) = &args.data {
        config.serve.data.clone_from(data);
    }
    config.kafka.plaintext = args.kafka.or(config.kafka.plaintext);
    config.http.address = args.http.unwrap_or(config.http.address);
    config.queues.bus = args.bus.unwrap_or(config.queues.bus);
    config.queues.tasks = args.tasks.unwrap_or(config.queues.tasks);
    allow_connections();
    let stop = stop::on_signal("stopping; once more to stop at once");
    // What hangs is cut off in the stated time; nothing that was acknowledged is lost by that.
    let limit = Duration::from_millis(config.serve.stop_timeout_ms);
    let stopping = stop.clone();
    std::thread::spawn(move || {
        while !stopping.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(limit);
        eprintln!("tollgate: not stopped within serve.stop_timeout_ms; what is left is cut off");
        std::process::exit(1);
    });
    serve::serve(&config, Backend::from(args.how.backend), &Store::from_env(), &stop, &Lines)?;
    Ok(Exit::Done)
}

/// A connection is an open file: the soft limit (1024 on most systems) is raised to the hard one.
#[cfg(unix)]
fn allow_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays at {:?}", limit.current);
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
fn allow_connections() {}

/// Says on stderr how the server lives.
struct Lines;

impl Herald for Lines {
    fn serving(&self, serving: &Serving) {
        eprint!("{serving}");
    }

    fn flowing(&self, setup: Option<&Setup>) {
        let Some(setup) = setup else { return eprintln!("ready; no photos are read (source.kind = \"none\")") };
        setup.chosen.because.iter().for_each(|line| eprintln!("{line}"));
        eprintln!("ready: photos flow");
    }

    fn stopping(&self) {
        eprintln!("stopping the endpoints");
    }
}
