//! Drives one sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_listener::Listener;
use tollgate_ingest::Clock;
use tollgate_ingest::log::{Checkpoint, Hub, Store};
use tollgate_sinks::{Cursor, Published};

use super::meter::SinkMeter;
use super::outlet::{LiveSink, Outlet, Window};
use super::reader::{Events, Reader};
use crate::Result;
use crate::serve::endpoints::Shared;

/// How long a follower waits for events before it looks up.
const IDLE: Duration = Duration::from_millis(100);
/// How long it waits after a failure: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// A sink, its cursor and its window.
pub(super) struct Follower {
    outlet: Outlet,
    hub: Arc<Hub>,
    store: Arc<Store>,
    clock: Clock,
    meter: SinkMeter,
    group: String,
    /// What the group's checkpoints say, as far as this follower knows.
    committed: Cursor,
}

/// What was written and not synced yet.
#[derive(Default)]
struct Open {
    bytes: u64,
    since_ms: Option<i64>,
}

impl Open {
    fn is_due(&self, window: Window, now_ms: i64) -> bool {
        let age = |since: i64| Duration::from_millis(u64::try_from(now_ms - since).unwrap_or(0));
        self.since_ms.is_some_and(|since| self.bytes >= window.bytes || age(since) >= window.age)
    }
}

impl Follower {
    pub(super) fn new(outlet: Outlet, hub: &Arc<Hub>, shared: &Shared, meter: SinkMeter) -> Self {
        let group = format!("sink.{}", outlet.name);
        let (hub, store, clock) = (Arc::clone(hub), Arc::clone(&shared.store), Arc::clone(&shared.clock));
        Self { outlet, hub, store, clock, meter, group, committed: Cursor::new() }
    }

    /// Follows until `stop`; after a failure from the last commit on.
    pub(super) fn run(mut self, stop: &AtomicBool) {
        let mut pause = RETRY.0;
        while !stop.load(Ordering::Relaxed) {
            let before = self.committed.clone();
            let Err(error) = self.follow(stop) else { return };
            if self.committed != before {
                pause = RETRY.0;
            }
            let (sink, again_ms) = (&self.outlet.name, pause.as_millis());
            tracing::warn!(sink, again_ms, error = %chain(&error), "a sink failed; it is tried again");
            self.meter.count(sink, "failed", 1);
            // In pieces, so that a stop is seen.
            let mut left = pause;
            while !left.is_zero() && !stop.load(Ordering::Relaxed) {
                std::thread::sleep(left.min(IDLE));
                left = left.saturating_sub(IDLE);
            }
            pause = (pause * 2).min(RETRY.1);
        }
    }

    fn follow(&mut self, stop: &AtomicBool) -> Result<()> {
        let mut sink = (self.outlet.open)()?;
        self.committed = self.checkpoints();
        let mut reader = Reader::new(Arc::clone(&self.hub), sink.resume(self.committed.clone())?);
        let mut open = Open::default();
        while !stop.load(Ordering::Relaxed) {
            let more = self.hub.listen();
            if self.was_moved() {
                self.committed = self.checkpoints();
                tracing::info!(sink = self.outlet.name, "the sink's checkpoints were moved; it goes on from there");
                // What the sink holds of its own place is older than the wish of who moved it.
                reader = Reader::new(Arc::clone(&self.hub), self.committed.clone());
            }
            let read = reader.next()?;
            let idle = read.is_none();
            if let Some(events) = read {
                self.write(&mut sink, events, &mut open)?;
            }
            // Events that take no route move the cursor as well, once there is nothing better to do.
            if open.is_due(self.outlet.window, (self.clock)()) || (idle && open.since_ms.is_none()) {
                self.sync(&mut sink, reader.cursor(), &mut open)?;
            }
            if idle {
                more.wait_timeout(IDLE);
            }
        }
        self.sync(&mut sink, reader.cursor(), &mut open)
    }

    /// Hands over what takes a route.
    fn write(&self, sink: &mut LiveSink, events: Events, open: &mut Open) -> Result<()> {
        let name = &self.outlet.name;
        let read = events.items.len();
        let items: Vec<Published> = events.items.into_iter().filter(|item| self.outlet.takes(&item.event)).collect();
        self.meter.count(name, "foreign", events.foreign);
        self.meter.count(name, "passed", (read - items.len()) as u64);
        self.meter.count(name, "lost", events.lost);
        if events.lost > 0 {
            tracing::warn!(sink = name, lost = events.lost, "retention removed events before the sink got them");
        }
        if items.is_empty() {
            return Ok(());
        }
        sink.write(&items)?;
        open.bytes += items.iter().map(|item| item.json.len() as u64).sum::<u64>();
        open.since_ms.get_or_insert_with(|| (self.clock)());
        self.meter.count(name, "written", items.len() as u64);
        Ok(())
    }

    /// Makes what was written durable, then commits.
    fn sync(&mut self, sink: &mut LiveSink, cursor: &Cursor, open: &mut Open) -> Result<()> {
        if open.since_ms.is_some() {
            sink.sync()?;
            *open = Open::default();
        }
        if *cursor == self.committed {
            return Ok(());
        }
        let seen = self.store.checkpoints(&self.group);
        if self.cursor_of(&seen) != self.committed {
            return Ok(());
        }
        let moved = cursor.iter().filter(|(partition, offset)| self.committed.get(partition) != Some(offset));
        let checkpoints: Vec<_> = moved
            .map(|(&partition, &offset)| Checkpoint {
                hub: self.hub.name().to_owned(),
                partition,
                offset,
                metadata: String::new(),
            })
            .collect();
        // Somebody may move them at this very moment: the next look sees it.
        if self.store.commit_checkpoints_over(&self.group, &seen, &checkpoints)? {
            self.committed.clone_from(cursor);
        }
        Ok(())
    }

    fn checkpoints(&self) -> Cursor {
        self.cursor_of(&self.store.checkpoints(&self.group))
    }

    fn cursor_of(&self, checkpoints: &[Checkpoint]) -> Cursor {
        let ours = checkpoints.iter().filter(|one| one.hub == self.hub.name());
        ours.map(|one| (one.partition, one.offset)).collect()
    }

    /// Whether somebody else committed for the sink: `tollgate log offsets`, or any Kafka client.
    fn was_moved(&self) -> bool {
        self.checkpoints() != self.committed
    }
}

/// An error with its causes, on one line.
pub(in crate::serve) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
