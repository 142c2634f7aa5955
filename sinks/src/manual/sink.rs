//! The queue as a sink of the replay.

use super::{Item, ManualQueue};
use crate::error::Result;
use crate::event::EventKind;
use crate::sink::{Entry, Sink};

/// Puts every manual check into the queue. Each write is one transaction and durable at once; [`Sink::sync`] has nothing
/// left to do. Unlike the files, the queue outlives a replay: its answers are people's work.
#[derive(Debug)]
pub struct ManualSink<'a> {
    queue: &'a ManualQueue,
}

impl<'a> ManualSink<'a> {
    /// A sink into `queue`.
    pub fn new(queue: &'a ManualQueue) -> Self {
        Self { queue }
    }
}

impl Sink<Entry> for ManualSink<'_> {
    fn name(&self) -> &'static str {
        "manual"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        let checks: Vec<Item> =
            items.iter().filter(|e| e.event.kind == EventKind::ManualCheck).map(Item::from).collect();
        if !checks.is_empty() {
            self.queue.put_all(&checks)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        Ok(())
    }
}
