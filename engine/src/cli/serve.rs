//! `tollgate serve`.

use super::Exit;
use super::args::HowArgs;
use super::stop;
use crate::Result;
use crate::serve::{self, Herald, Serving};
use crate::setup::{Backend, Setup};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tollgate_models::Store;

const SERVE_EXAMPLES: &str = "Examples:
  tollgate serve
  tollgate serve --config tollgate.toml --data /var/lib/tollgate
  curl --data-binary @car.jpg http://127.0.0.1:8080/lanes/7/images
  tollgate log tail --hub results --follow

Without a config: hubs images, telemetry and results, Kafka on 127.0.0.1:9092, HTTP on 127.0.0.1:8080, queues on
127.0.0.1:8081 (as Service Bus) and 127.0.0.1:10001 (as Queue Storage). Photos from hub images become events in hub
results. /healthz, /readyz and /metrics are on the HTTP address.";

#[derive(Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(super) struct ServeArgs {
    /// The data folder [default: tollgate-data].
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Where Kafka clients are heard [default: 127.0.0.1:9092].
    #[arg(long, value_name = "ADDR")]
    pub(super) kafka: Option<SocketAddr>,
    /// Where HTTP clients are heard [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    pub(super) http: Option<SocketAddr>,
    /// Where clients of the task queues (Azure Queue Storage) are heard [default: 127.0.0.1:10001].
    #[arg(long, value_name = "ADDR")]
    pub(super) tasks: Option<SocketAddr>,
    /// Where clients of the enterprise queues (Service Bus's REST) are heard [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDR")]
    pub(super) bus: Option<SocketAddr>,
    #[command(flatten)]
    pub(super) how: HowArgs,
}

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
