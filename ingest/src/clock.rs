//! Where the time comes from: the edge asks, the log is told.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Says the time in milliseconds since the epoch; shared by everything that serves a store.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
