//! The store of plates, always on: it follows the results hub and is read over HTTP.

use std::sync::Arc;

use tollgate_sinks::store::{self, Store, StoreSink};

use super::endpoints::Shared;
use super::follow::{LiveSink, Outlet};
use super::sinks::Assembly;
use crate::Result;
use crate::config::Config;

/// The outlet's name: its cursor is the consumer group `sink.store`.
pub(crate) const NAME: &str = "store";

/// Opens the store and adds what follows and serves it. Gives it to those who export from it.
pub(super) fn assemble(config: &Config, shared: &Shared, assembly: &mut Assembly) -> Result<Arc<Store>> {
    let path = config.serve.data.join(store::FILE);
    let store = Arc::new(Store::open(&path, config.store.cache_mib << 20)?);
    let written = Arc::clone(&store);
    let open = move || Ok(Box::new(StoreSink::new(Arc::clone(&written))) as LiveSink);
    assembly.outlets.push(Outlet::of_all(NAME, open));
    let (clock, stopping) = (Arc::clone(&shared.clock), shared.stopping.subscribe());
    let routes = store::routes(Arc::clone(&store), config.store.clone(), clock, stopping);
    assembly.served.add_readable(routes);
    Ok(store)
}
