//! What a server has beside the log and the flow: the sinks of its config, and what they serve.

use tokio::runtime::Handle;
use tollgate_sinks::route::Route;

use super::endpoints::{Served, Shared};
use super::follow::Outlet;
use super::queues;
use crate::Result;
use crate::config::Config;

/// The sinks, made and not yet running.
#[derive(Default)]
pub(super) struct Assembly {
    /// Those that follow the results hub.
    pub(super) outlets: Vec<Outlet>,
    /// What they serve.
    pub(super) served: Served,
}

/// Makes every sink of the config.
pub(super) fn assemble(config: &Config, shared: &Shared, _runtime: &Handle) -> Result<Assembly> {
    let _routes_to = |sink: &str| -> Vec<Route> {
        let leading = config.routes.iter().filter(|route| route.to.iter().any(|to| to.get_ref() == sink));
        leading.map(Route::new).collect()
    };
    let queues = queues::open(config)?;
    let mut assembly = Assembly::default();
    assembly.served.faces.push(queues::tasks(config, shared, &queues)?);
    Ok(assembly)
}
