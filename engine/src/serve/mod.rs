//! `tollgate serve`: the log with its endpoints, the flow that lives on it, and the sinks that follow its results.
//!
//! One process owns the data folder. Endpoints are up before the nets are loaded, so that senders need not wait for
//! them; `/readyz` says when photos flow. A stop lets the flow finish what it has taken, then the endpoints answer what
//! they have begun, then the log is closed. Sinks come to rest between the two.

mod bridges;
mod capture;
mod data;
mod endpoints;
mod export;
mod follow;
mod lake;
mod live;
mod meter;
pub(crate) mod push;
mod queues;
mod recogniser;
mod results;
mod review;
mod sinks;
mod store;
mod table;
mod threads;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;
use tollgate_ingest::access::Access;
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::system_clock;
use tollgate_models::Store as ModelStore;

use crate::Result;
use crate::config::Config;
use crate::setup::Backend;

pub use endpoints::Serving;
pub(crate) use review::NAME as REVIEW;
pub(crate) use store::NAME as STORE;

/// What is told of a server's life.
pub trait Herald {
    /// The endpoints are up.
    fn serving(&self, serving: &Serving);
    /// The nets are loaded and photos flow, or there is no flow.
    fn flowing(&self, setup: Option<&crate::setup::Setup>);
    /// The flow has come to rest, or there was none.
    fn stopping(&self);
}

/// Serves until `stop` is set.
///
/// # Errors
/// The data folder is in use or damaged, an address is taken, a model cannot be had, the disk refuses.
pub fn serve(
    config: &Config,
    backend: Backend,
    models: &ModelStore,
    stop: &Arc<AtomicBool>,
    herald: &dyn Herald,
) -> Result<()> {
    let (metrics, clock) = (Arc::new(Metrics::new()), system_clock());
    let access = Arc::new(Access::new(&config.access)?);
    let store = data::open(config)?;
    let retention = data::Retention::start(&store, &clock, config)?;
    let stopping = watch::Sender::new(false);
    let shared = endpoints::Shared { store: Arc::clone(&store), access, metrics, clock, stopping };
    let runtime = endpoints::runtime(config)?;
    let assembly = sinks::assemble(config, &shared, runtime.handle())?;
    let endpoints = endpoints::Endpoints::start(config, &shared, runtime, assembly.served)?;
    let followers = follow::start(assembly.outlets, &store.hub(&config.source.results)?, &shared)?;
    let captures = capture::start(config, &shared, endpoints.runtime())?;
    let scheduler = export::start(assembly.export.as_ref())?;
    herald.serving(endpoints.serving());
    let parts = recogniser::Parts { config, backend, models, shared: &shared, runtime: endpoints.runtime() };
    let flowed = recogniser::run(&parts, stop, |setup| {
        endpoints.set_ready();
        herald.flowing(setup);
    });
    herald.stopping();
    assembly.pushes.interrupt();
    assembly.bridges.stop(bridges::GRACE);
    followers.stop();
    captures.stop();
    scheduler.stop();
    assembly.pushes.stop();
    endpoints.stop();
    retention.stop();
    flowed
}
