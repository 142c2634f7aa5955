//! A sink with what it is to get, and when that is made durable.

use std::time::Duration;

use tollgate_sinks::route::Route;
use tollgate_sinks::{CloudEvent, Published, Sink};

use crate::Result;

/// A sink as a follower holds it.
pub(in crate::serve) type LiveSink = Box<dyn Sink<Published> + Send>;

/// When a sink is synced and its cursor committed: what comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Window {
    /// This long after its first event.
    pub(in crate::serve) age: Duration,
    /// With this many bytes of events.
    pub(in crate::serve) bytes: u64,
}

impl Window {
    /// After every batch.
    pub(in crate::serve) const NONE: Self = Self { age: Duration::ZERO, bytes: 0 };
}

/// A sink that follows the results hub.
pub(in crate::serve) struct Outlet {
    /// Its name; its cursor is the consumer group `sink.NAME`.
    pub(in crate::serve) name: String,
    /// An event that takes one of them goes to the sink; none: all do.
    pub(in crate::serve) routes: Vec<Route>,
    /// When it is synced.
    pub(in crate::serve) window: Window,
    /// Opens the sink; called again after it failed.
    pub(in crate::serve) open: Box<dyn FnMut() -> Result<LiveSink> + Send>,
}

impl Outlet {
    /// A sink that gets every event, and whose cursor moves with every batch.
    pub(in crate::serve) fn of_all(name: &str, open: impl FnMut() -> Result<LiveSink> + Send + 'static) -> Self {
        Self { name: name.into(), routes: Vec::new(), window: Window::NONE, open: Box::new(open) }
    }

    /// Whether the sink gets an event.
    pub(super) fn takes(&self, event: &CloudEvent) -> bool {
        self.routes.is_empty() || self.routes.iter().any(|route| route.takes(event))
    }
}
