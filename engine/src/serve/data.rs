//! The data folder: opened, its hubs made, old segments removed from time to time.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use tollgate_ingest::Clock;
use tollgate_ingest::log::{Hub, Store, StoreOptions};

use crate::config::Config;
use crate::{Error, Result};

/// Opens the data folder and makes the hubs that are not there yet.
pub(super) fn open(config: &Config) -> Result<Arc<Store>> {
    let max_unsynced_bytes = config.serve.max_unsynced_mib.get() << 20;
    let cached_tail_bytes = config.serve.cached_tail_mib.saturating_mul(1 << 20);
    let options = StoreOptions { max_unsynced_bytes, cached_tail_bytes, ..StoreOptions::default() };
    let (store, torn) = Store::open(&config.serve.data, options)?;
    for tail in torn {
        let (partition, bytes, end) = (tail.partition.display(), tail.bytes, tail.end_offset);
        tracing::warn!(%partition, bytes, end, "a torn end was cut off: it was never acknowledged");
    }
    for (name, hub) in config.all_hubs() {
        if store.hub(&name).is_err() {
            store.create_hub(&name, &hub)?;
        }
    }
    Ok(Arc::new(store))
}

/// The thread that removes old segments.
pub(super) struct Retention {
    /// Its end is what stops the thread.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Retention {
    pub(super) fn start(store: &Arc<Store>, clock: &Clock, config: &Config) -> Result<Self> {
        let (stop, stopped) = bounded::<()>(0);
        let (store, clock) = (Arc::clone(store), Arc::clone(clock));
        let every = Duration::from_secs(config.serve.retention_check_s.get());
        let run = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                store.hubs().iter().for_each(|hub| retain(hub, (clock)()));
            }
        };
        let thread = std::thread::Builder::new().name("retention".into()).spawn(run);
        let failed =
            |source| Error::Io { what: "start the retention thread of", path: config.serve.data.clone(), source };
        Ok(Self { stop, thread: thread.map_err(failed)? })
    }

    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the retention thread had panicked: old segments were not removed since");
        }
    }
}

/// A disk that refuses here is told and tried again: appending goes on.
fn retain(hub: &Hub, now_ms: i64) {
    for number in 0..hub.config().partitions {
        let retained = hub.partition(number).and_then(|partition| partition.retain(now_ms));
        let hub = hub.name();
        match retained {
            Ok(done) if done.segments > 0 => {
                let (segments, bytes, start) = (done.segments, done.bytes, done.start_offset);
                tracing::info!(hub, partition = number, segments, bytes, start, "removed old segments");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(hub, partition = number, %error, "cannot remove old segments"),
        }
    }
}
