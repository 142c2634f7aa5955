//! Sinks on the results hub: each is a cursor of its own, so that it catches up after an outage, can be rewound and
//! slows no other.
//!
//! An [`Outlet`] is a sink with its routes; a follower is the thread that drives it: reads the hub from the outlet's
//! checkpoint (consumer group `sink.NAME`) on, hands over what takes one of its routes, syncs the sink when the window is
//! full, and then commits. What fails is tried again from the last commit, later and later.

mod follower;
mod meter;
mod outlet;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tollgate_ingest::log::Hub;

use super::endpoints::Shared;
use super::threads::Threads;
use crate::Result;
use follower::Follower;
pub(super) use follower::chain;
pub(super) use meter::SinkMeter;
pub(super) use outlet::{LiveSink, Outlet, Window};
pub(super) use reader::Reader;

/// Starts a thread for each outlet. At its end each sink has finished what it was handed.
pub(super) fn start(outlets: Vec<Outlet>, results: &Arc<Hub>, shared: &Shared) -> Result<Threads> {
    let meter = SinkMeter::new(&shared.metrics);
    let mut threads = Threads::default();
    for outlet in outlets {
        let name = format!("sink-{}", outlet.name);
        let follower = Follower::new(outlet, results, shared, meter.clone());
        threads.start(name, move |stop| follower.run(stop))?;
    }
    Ok(threads)
}
