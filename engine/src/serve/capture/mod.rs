//! `[capture.NAME]`: a hub's raw records as Avro files, in windows, a thread for each capture.
//!
//! A capture is a consumer group `capture.NAME` on its hub. Where a window ends is seen from the log alone ([`window`]),
//! and its file's name from its first record; so a file that was begun before a crash is made again as it was. While the
//! store is down the log is the buffer: windows are found when it is back, as they would have been.

mod capturer;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::Handle;

use super::endpoints::Shared;
use crate::config::Config;
use crate::{Error, Result};
use capturer::Capturer;

/// The running captures.
pub(super) struct Captures {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Captures {
    /// Starts a thread for each capture of the config.
    pub(super) fn start(config: &Config, shared: &Shared, runtime: &Handle) -> Result<Self> {
        let mut captures = Self { stop: Arc::default(), threads: Vec::new() };
        for (name, capture) in &config.capture {
            let thread = format!("capture-{name}");
            let staging = config.serve.data.join("capture");
            let capturer = Capturer::new(name, capture, staging, shared, runtime)?;
            let stop = Arc::clone(&captures.stop);
            let started = std::thread::Builder::new().name(thread.clone()).spawn(move || capturer.run(&stop));
            let failed = |source| Error::Io { what: "start the thread of", path: thread.into(), source };
            captures.threads.push(started.map_err(failed)?);
        }
        Ok(captures)
    }

    /// Lets each capture finish the file it is at.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "the thread of a capture had panicked: nothing was captured since");
            }
        }
    }
}
