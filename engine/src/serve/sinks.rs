//! What a server has beside the log and the flow: the sinks of its config, and what they serve.

use std::sync::Arc;

use tokio::runtime::Handle;
use tollgate_sinks::route::Route;
use tollgate_sinks::store::{Store, StoreSink};

use super::endpoints::{Served, Shared};
use super::export::Export;
use super::follow::{LiveSink, Outlet, Window};
use super::{lake, table};
use crate::Result;
use crate::config::Config;

/// What the store keeps of its file in memory.
const STORE_CACHE_BYTES: usize = 64 << 20;

/// The sinks, made and not yet running.
#[derive(Default)]
pub(super) struct Assembly {
    /// Those that follow the results hub.
    pub(super) outlets: Vec<Outlet>,
    /// What they serve.
    pub(super) served: Served,
    /// What exports are made with.
    pub(super) export: Option<Arc<Export>>,
}

/// Makes every sink of the config.
pub(super) fn assemble(config: &Config, shared: &Shared, runtime: &Handle) -> Result<Assembly> {
    let routes_to = |sink: &str| -> Vec<Route> {
        let leading = config.routes.iter().filter(|route| route.to.iter().any(|to| to.get_ref() == sink));
        leading.map(Route::new).collect()
    };
    let mut assembly = Assembly::default();
    let data = &config.serve.data;
    assembly.outlets.extend(lake::outlets(&config.sinks.parquet, data, runtime, routes_to));
    assembly.served.readable = table::routes(shared.store.hub(&config.source.results)?);
    if let Some(export) = &config.export {
        let store = Arc::new(Store::open(&data.join(tollgate_sinks::store::FILE), STORE_CACHE_BYTES)?);
        let sink = Arc::clone(&store);
        assembly.outlets.push(Outlet {
            name: "store".into(),
            routes: Vec::new(),
            window: Window::NONE,
            open: Box::new(move || -> Result<LiveSink> { Ok(Box::new(StoreSink::new(Arc::clone(&sink)))) }),
        });
        let export = Arc::new(Export::new(export, data, store, Arc::clone(&shared.clock), runtime)?);
        assembly.served.writable = export.routes();
        assembly.export = Some(export);
    }
    Ok(assembly)
}
