//! What a server has beside the log and the flow: the sinks of its config, and what they serve.

use std::sync::Arc;

use tokio::runtime::Handle;
use tollgate_sinks::bridge::Halt;
use tollgate_sinks::route::Route;

use super::endpoints::{Served, Shared};
use super::export::{self, Export};
use super::follow::Outlet;
use super::push::{self, Pushes};
use super::{bridges, lake, queues, review, store, table};
use crate::Result;
use crate::config::Config;

/// The sinks, made and not yet running.
#[derive(Default)]
pub(super) struct Assembly {
    /// Those that follow the results hub.
    pub(super) outlets: Vec<Outlet>,
    /// What they serve.
    pub(super) served: Served,
    /// What exports are made with.
    pub(super) export: Option<Arc<Export>>,
    /// The subscriptions of pushed events, whose retries run.
    pub(super) pushes: Pushes,
    /// Ends the waiting for brokers.
    pub(super) bridges: Halt,
}

/// Makes every sink of the config.
pub(super) fn assemble(config: &Config, shared: &Shared, runtime: &Handle) -> Result<Assembly> {
    let routes_to = |sink: &str| -> Vec<Route> {
        let leading = config.routes.iter().filter(|route| route.to.iter().any(|to| to.get_ref() == sink));
        leading.map(Route::new).collect()
    };
    let mut assembly = Assembly::default();
    let store = store::assemble(config, shared, &mut assembly)?;
    review::assemble(config, shared, &mut assembly)?;
    assembly.outlets.extend(lake::outlets(&config.sinks.parquet, &config.serve.data, runtime, routes_to));
    table::assemble(config, shared, &mut assembly)?;
    export::assemble(config, shared, (store, runtime), &mut assembly)?;
    assembly.pushes = push::assemble(config, shared, runtime, &routes_to, &mut assembly.outlets)?;
    queues::assemble(config, shared, &routes_to, &mut assembly)?;
    bridges::assemble(config, shared, runtime, &routes_to, &mut assembly);
    Ok(assembly)
}
