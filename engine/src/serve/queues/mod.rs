//! The queues of a server: the store with what the config describes, its faces, and the sinks that send to it.

mod faces;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use tollgate_sinks::queue::{QueueSink, Queues};
use tollgate_sinks::route::Route;
use uuid::Uuid;

use super::endpoints::Shared;
use super::follow::{LiveSink, Outlet, Window};
use super::sinks::Assembly;
use crate::config::{Config, EntityConfig};
use crate::{Error, Result};

/// Opens the store and adds what serves it and sends to it.
pub(super) fn assemble(
    config: &Config,
    shared: &Shared,
    routes_to: &dyn Fn(&str) -> Vec<Route>,
    assembly: &mut Assembly,
) -> Result<()> {
    let queues = open(config)?;
    for entity in config.queues.entities() {
        describe(&queues, &entity, (shared.clock)())?;
    }
    let all = &config.sinks;
    let to_queues = all.queue.iter().map(|(name, sink)| (name, sink.queue.get_ref()));
    let to_topics = all.topic.iter().map(|(name, sink)| (name, sink.topic.get_ref()));
    for (name, to) in to_queues.chain(to_topics) {
        assembly.outlets.push(outlet(config, shared, &queues, (name, to), routes_to));
    }
    assembly.served.faces.push(faces::tasks(config, shared, &queues)?);
    assembly.served.faces.push(faces::bus(config, shared, &queues)?);
    Ok(())
}

/// Opens the store in the data folder.
fn open(config: &Config) -> Result<Queues> {
    let (queues, opened) = Queues::open(&config.serve.data.join("queues"), config.queues.store_options(secret()))?;
    if opened.torn_bytes > 0 {
        tracing::warn!(bytes = opened.torn_bytes, "a torn end of the queues was cut off: it was never acknowledged");
    }
    Ok(queues)
}

/// Makes an entity as the config has it, or changes the one that is there.
fn describe(queues: &Queues, wanted: &EntityConfig, now_ms: i64) -> Result<()> {
    let EntityConfig { name, kind, settings, .. } = wanted;
    let failed = |source| Error::Entity { name: name.clone(), source };
    match queues.describe(name) {
        Err(_) => _ = queues.create(name, *kind, settings.clone(), now_ms).map_err(failed)?.wait().map_err(failed)?,
        Ok(there) if there.kind != *kind => return Err(Error::OtherKind { name: name.clone(), there: there.kind }),
        Ok(there) if there.settings == *settings => {}
        Ok(_) => {
            let change = |there: &mut tollgate_sinks::queue::Description| there.settings = settings.clone();
            queues.configure(name, change).map_err(failed)?.wait().map_err(failed)?;
        }
    }
    Ok(())
}

fn outlet(
    config: &Config,
    shared: &Shared,
    queues: &Queues,
    (name, to): (&str, &str),
    routes_to: &dyn Fn(&str) -> Vec<Route>,
) -> Outlet {
    let (sink, to, queues) = (name.to_owned(), to.to_owned(), queues.clone());
    let (results, clock) = (config.source.results.clone(), Arc::clone(&shared.clock));
    let open = move || {
        let sink = QueueSink::new(&sink, &to, queues.clone(), &results, Arc::clone(&clock));
        Ok(Box::new(sink) as LiveSink)
    };
    Outlet { name: name.into(), routes: routes_to(name), window: Window::NONE, open: Box::new(open) }
}

/// What tokens of a new store are derived from. The standard library seeds its hashers with the system's randomness.
fn secret() -> Uuid {
    let hasher = RandomState::new();
    Uuid::from_u64_pair(hasher.hash_one(0), hasher.hash_one(1))
}
