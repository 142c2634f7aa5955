//! Threads that run until they are told to stop, each with a name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use crate::{Error, Result};

/// Some threads that are told together.
#[derive(Default)]
pub(super) struct Threads {
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts one, which looks now and then whether it is to stop.
    pub(super) fn start(&mut self, name: String, run: impl FnOnce(&AtomicBool) + Send + 'static) -> Result<()> {
        let stop = Arc::clone(&self.stop);
        let thread = Builder::new().name(name.clone()).spawn(move || run(&stop));
        self.running.push(thread.map_err(|source| Error::Io {
            what: "start the thread of",
            path: name.into(),
            source,
        })?);
        Ok(())
    }

    /// Tells all of them, and waits until each has finished what it is at.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.running {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "this thread had panicked: it did nothing since");
            }
        }
    }
}
