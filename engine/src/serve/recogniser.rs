//! The flow of a server: which source, from where on, into which hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tollgate_ingest::Limits;
use tollgate_ingest::reference::{ReferenceLimits, References};
use tollgate_ingest::stream::{Finish, HubSource, KafkaGroup, KafkaSource, StreamOptions};
use tollgate_models::{Quiet, Store as ModelStore};

use super::endpoints::Shared;
use super::live::{Group, Live};
use super::meter::Meter;
use super::results::Results;
use crate::Result;
use crate::config::{Config, SourceKind};
use crate::setup::{Backend, Setup};

/// How often a server without a flow looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What a flow is made of.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) backend: Backend,
    pub(super) models: &'a ModelStore,
    pub(super) shared: &'a Shared,
    /// Where photos by reference are waited for.
    pub(super) runtime: &'a Handle,
}

/// Recognises photos until `stop` is set; calls `ready` when they flow.
pub(super) fn run(parts: &Parts<'_>, stop: &AtomicBool, ready: impl FnOnce(Option<&Setup>)) -> Result<()> {
    let Parts { config, shared, .. } = parts;
    if config.source.kind == SourceKind::None {
        ready(None);
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
        return Ok(());
    }
    let mut setup = Setup::prepare(config, parts.backend.open(parts.models)?, parts.models, &Quiet)?;
    setup.references = references(config, parts.runtime);
    let group =
        Group { store: Arc::clone(&shared.store), name: config.source.group.clone(), hub: config.source.hub.clone() };
    let results = Results::new(shared.store.hub(&config.source.results)?, Arc::clone(&shared.clock));
    let meter = Meter::new(&shared.metrics);
    let ready = || ready(Some(&setup));
    let limits = config.limits(setup.backend.device().is_some());
    if config.source.kind == SourceKind::Kafka {
        let mut source = join_kafka(config, &group, &results, limits)?;
        let progress = source.progress();
        return Live { group, results, meter, progress }.run(&mut source, &setup, config, stop, ready);
    }
    let mut source = follow_hub(&group, &results, limits)?;
    let progress = source.progress();
    Live { group, results, meter, progress }.run(&mut source, &setup, config, stop, ready)
}

/// The hub's records from where the group had come to.
fn follow_hub(group: &Group, results: &Results, limits: Limits) -> Result<HubSource> {
    let hub = group.store.hub(&group.hub)?;
    let oldest = |partition| Ok(hub.partition(partition)?.start_offset());
    let start = group.resume(hub.config().partitions, results, oldest)?;
    let options = StreamOptions { limits, start, finish: Finish::Never };
    Ok(HubSource::open(Arc::clone(&hub), options)?)
}

/// The topic's records that the group gives this process. The group's offsets are the cluster's; the checkpoints in the
/// own data folder say beside them which results are here already.
fn join_kafka(config: &Config, group: &Group, results: &Results, limits: Limits) -> Result<KafkaSource> {
    let source = &config.source;
    Ok(KafkaSource::join(KafkaGroup {
        bootstrap: source.bootstrap.clone(),
        topic: source.hub.clone(),
        group: source.group.clone(),
        properties: source.properties.clone(),
        limits,
        floors: group.known(results)?,
    })?)
}

fn references(config: &Config, runtime: &Handle) -> Option<Arc<References>> {
    let source = &config.source;
    let limits = ReferenceLimits {
        allowed: source.references.clone(),
        max_bytes: config.engine.max_record_bytes(),
        timeout: Duration::from_millis(source.reference_timeout_ms),
    };
    (!limits.allowed.is_empty()).then(|| Arc::new(References::new(limits, runtime.clone())))
}
