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
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tollgate_ingest::log::Hub;

use super::endpoints::Shared;
use crate::{Error, Result};
use follower::Follower;
pub(super) use meter::SinkMeter;
pub(super) use outlet::{Outlet, Window};

/// The running followers.
pub(super) struct Followers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Followers {
    /// Starts a thread for each outlet.
    pub(super) fn start(outlets: Vec<Outlet>, results: &Arc<Hub>, shared: &Shared) -> Result<Self> {
        let meter = SinkMeter::new(&shared.metrics);
        let mut followers = Self { stop: Arc::default(), threads: Vec::new() };
        for outlet in outlets {
            let name = format!("sink-{}", outlet.name);
            let follower = Follower::new(outlet, results, shared, meter.clone());
            let stop = Arc::clone(&followers.stop);
            let thread = std::thread::Builder::new().name(name.clone()).spawn(move || follower.run(&stop));
            let failed = |source| Error::Io { what: "start the thread of", path: name.into(), source };
            followers.threads.push(thread.map_err(failed)?);
        }
        Ok(followers)
    }

    /// Lets every sink finish what it was handed.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "the thread of a sink had panicked: nothing was handed to it since");
            }
        }
    }
}
