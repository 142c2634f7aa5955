//! Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by the first Ctrl-C or SIGTERM, which says `told`; a second one ends the process at once, which everything
/// durable survives.
pub(super) fn on_signal(told: &'static str) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let installed = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("{told}");
    });
    if let Err(error) = installed {
        tracing::warn!(%error, "Ctrl-C will end the process at once; nothing durable is lost by it");
    }
    stop
}
