//! Bridges: sinks that hand results on to brokers.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::runtime::Handle;
use tollgate_sinks::bridge::BridgeParts;
use tollgate_sinks::route::Route;

use super::endpoints::Shared;
use super::follow::{Outlet, Window};
use super::sinks::Assembly;
use crate::config::Config;

/// How long brokers may still take at a stop.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Adds an outlet for each bridge of the config. A broker that cannot be reached is tried again by its follower.
pub(super) fn assemble(
    config: &Config,
    shared: &Shared,
    runtime: &Handle,
    routes_to: &dyn Fn(&str) -> Vec<Route>,
    assembly: &mut Assembly,
) {
    let bridges = config.sinks.bridges();
    if bridges.is_empty() {
        return;
    }
    let unfit = Family::<Named, Counter>::default();
    let help = "Events that a broker can never take, now dead letters, by sink";
    shared.metrics.register("bridge_unfit_events", help, unfit.clone());
    for (name, bridge) in bridges {
        let unfit = unfit.get_or_create_owned(&Named { sink: name.to_owned() });
        let parts = BridgeParts {
            runtime: runtime.clone(),
            halt: assembly.bridges.clone(),
            clock: Arc::clone(&shared.clock),
            dead_letters: config.dead_letters(),
            unfit: Arc::new(move |events| {
                unfit.inc_by(events);
            }),
        };
        let sink = name.to_owned();
        let open = Box::new(move || Ok(bridge.open(&sink, &parts)?));
        assembly.outlets.push(Outlet { name: name.to_owned(), routes: routes_to(name), window: Window::NONE, open });
    }
}

/// Labels of a sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    sink: String,
}
