//! Pushed events: a subscription a webhook of the config.

use std::path::PathBuf;
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::Handle;
use tollgate_ingest::metrics::Metrics;
use tollgate_sinks::push::{Breaker, Counted, Meter, Parts, Retries, Subscription, WebhookConfig};
use tollgate_sinks::route::Route;

use super::endpoints::Shared;
use super::follow::{LiveSink, Outlet, Window};
use crate::config::Config;
use crate::{Error, Result};

/// The subscriptions, whose retries run.
#[derive(Default)]
pub(super) struct Pushes(Vec<Retries>);

impl Pushes {
    /// Gives up what is on its way to a receiver, so that no sink waits for one.
    pub(super) fn interrupt(&self) {
        self.0.iter().for_each(Retries::interrupt);
    }

    /// Waits for the threads.
    pub(super) fn stop(self) {
        self.0.into_iter().for_each(Retries::stop);
    }
}

/// Opens every subscription, adds its outlet, and starts its retries.
pub(super) fn assemble(
    config: &Config,
    shared: &Shared,
    runtime: &Handle,
    routes_to: &dyn Fn(&str) -> Vec<Route>,
    outlets: &mut Vec<Outlet>,
) -> Result<Pushes> {
    let families = (!config.sinks.webhook.is_empty()).then(|| Families::new(&shared.metrics));
    let mut pushes = Pushes::default();
    for (name, webhook) in &config.sinks.webhook {
        let meter = SubscriptionMeter { name: name.clone(), families: families.clone().unwrap_or_default() };
        let parts = Parts { clock: Arc::clone(&shared.clock), meter: Arc::new(meter), runtime: runtime.clone() };
        let state = config.serve.data.join("push").join(format!("{name}.redb"));
        let subscription = Subscription::open(name, webhook, (&state, &dead_letters(config, webhook)), parts)?;
        let failed = |source| Error::Io { what: "start the retries of", path: state.clone(), source };
        pushes.0.push(Retries::start(Arc::clone(&subscription)).map_err(failed)?);
        outlets.push(Outlet {
            name: name.clone(),
            routes: routes_to(name),
            window: Window::NONE,
            open: Box::new(move || Ok(Box::new(subscription.sink()) as LiveSink)),
        });
    }
    Ok(pushes)
}

/// The folder that a subscription's dead letters go below.
pub(crate) fn dead_letters(config: &Config, webhook: &WebhookConfig) -> PathBuf {
    webhook.dead_letters.clone().unwrap_or_else(|| config.dead_letters())
}

/// Labels of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    subscription: String,
}

/// Labels of what happened to its events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Happened {
    subscription: String,
    outcome: &'static str,
}

/// The metrics of all subscriptions; cheap to clone.
#[derive(Clone, Default)]
struct Families {
    events: Family<Happened, Counter>,
    pending: Family<Named, Gauge>,
    breaker: Family<Named, Gauge>,
}

impl Families {
    fn new(metrics: &Metrics) -> Self {
        let all = Self::default();
        let events = "Pushed events by subscription: delivered, retried (an attempt failed), dead_lettered";
        metrics.register("push_events", events, all.events.clone());
        metrics.register("push_pending_events", "Events kept for another attempt", all.pending.clone());
        let breaker = "The circuit breaker: 0 closed, 1 half-open, 2 open";
        metrics.register("push_breaker_state", breaker, all.breaker.clone());
        all
    }
}

struct SubscriptionMeter {
    name: String,
    families: Families,
}

impl Meter for SubscriptionMeter {
    fn count(&self, what: Counted, events: u64) {
        let labels = Happened { subscription: self.name.clone(), outcome: what.as_str() };
        self.families.events.get_or_create(&labels).inc_by(events);
    }

    fn state(&self, pending: u64, breaker: Breaker) {
        let named = Named { subscription: self.name.clone() };
        self.families.pending.get_or_create(&named).set(i64::try_from(pending).unwrap_or(i64::MAX));
        let state = match breaker {
            Breaker::Closed => 0,
            Breaker::HalfOpen => 1,
            Breaker::Open => 2,
        };
        self.families.breaker.get_or_create(&named).set(state);
    }
}
