//! `[capture.NAME]`: a hub's raw records as Avro files, in windows, a thread for each capture.
//!
//! A capture is a consumer group `capture.NAME` on its hub. Where a window ends is seen from the log alone ([`window`]),
//! and its file's name from its first record; so a file that was begun before a crash is made again as it was. While the
//! store is down the log is the buffer: windows are found when it is back, as they would have been.

mod capturer;
mod window;

use tokio::runtime::Handle;

use super::endpoints::Shared;
use super::threads::Threads;
use crate::Result;
use crate::config::Config;
use capturer::Capturer;

/// Starts a thread for each capture of the config. At its end each has finished the file it was at.
pub(super) fn start(config: &Config, shared: &Shared, runtime: &Handle) -> Result<Threads> {
    let mut threads = Threads::default();
    for (name, capture) in &config.capture {
        let staging = config.serve.data.join("capture");
        let capturer = Capturer::new(name, capture, staging, shared, runtime)?;
        threads.start(format!("capture-{name}"), move |stop| capturer.run(stop))?;
    }
    Ok(threads)
}
