//! The flow of a server: which source, from where on, into which hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tollgate_ingest::stream::{Finish, HubSource, StreamOptions};
use tollgate_models::Store as ModelStore;

use super::endpoints::Shared;
use super::live::{Group, Live};
use super::meter::Meter;
use super::results::Results;
use crate::Result;
use crate::config::{Config, SourceKind};
use crate::setup::{Backend, Setup};

/// How often a server without a flow looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Recognises photos until `stop` is set.
pub(super) fn run(
    config: &Config,
    backend: Backend,
    models: &ModelStore,
    shared: &Shared,
    stop: &Arc<AtomicBool>,
    ready: impl FnOnce(Option<&Setup>),
) -> Result<()> {
    if config.source.kind == SourceKind::None {
        ready(None);
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
        return Ok(());
    }
    let setup = Setup::prepare(config, backend.open()?, models, &tollgate_models::Quiet)?;
    let results = Results::new(shared.store.hub(&config.source.results)?, Arc::clone(&shared.clock));
    let group = Group {
        store: Arc::clone(&shared.store),
        name: config.source.group.clone(),
        hub: config.source.hub.clone(),
    };
    let meter = Meter::new(&shared.metrics);
    follow_hub(config, shared, group, results, meter, &setup, stop, ready)
}
