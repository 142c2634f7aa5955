//! The sink that makes messages of results: `[sinks.queue.NAME]` and `[sinks.topic.NAME]`.
//!
//! How far it has come is kept in the queues' own journal, in the same group commit as the messages: after a kill between
//! that and the commit of its cursor nothing is sent twice, however long the outage and whether or not the queue has a
//! duplicate window. The message id is the event's, so that with a window a rewound cursor does not repeat either.

mod message;
mod progress;

use std::fmt;

use super::Queues;
use super::rest::Clock;
use crate::error::Result;
use crate::failpoint;
use crate::published::{Cursor, Published};
use crate::sink::Sink;
use message::Envelope;
use progress::Progress;

/// Sends results to a queue or topic.
pub struct QueueSink {
    name: String,
    /// The queue or topic.
    to: String,
    queues: Queues,
    clock: Clock,
    envelope: Envelope,
    progress: Progress,
    /// What was written and not sent yet.
    waiting: Vec<Published>,
}

impl QueueSink {
    /// A sink of a name that sends to a queue or topic what comes from the hub `results`.
    #[must_use]
    pub fn new(name: &str, to: &str, queues: Queues, results: &str, clock: Clock) -> Self {
        let envelope = Envelope::new(results, queues.max_message_bytes());
        let progress = Progress::read(queues.note(&key(name)).as_deref());
        Self { name: name.into(), to: to.into(), queues, clock, envelope, progress, waiting: Vec::new() }
    }
}

/// The key of a sink's progress among the notes in the queues' journal.
fn key(sink: &str) -> String {
    format!("sink.{sink}")
}

impl fmt::Debug for QueueSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSink").field("name", &self.name).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Sink<Published> for QueueSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn resume(&mut self, committed: Cursor) -> Result<Cursor> {
        Ok(self.progress.resume(committed))
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        self.waiting.extend_from_slice(items);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let messages: Vec<_> = self.waiting.iter().map(|item| self.envelope.message(item)).collect();
        self.progress.advance(self.waiting.iter().map(|item| item.place));
        failpoint::reach("queue.sending");
        let note = (key(&self.name), self.progress.to_bytes());
        self.queues.send_noting(&self.to, &messages, (&note.0, note.1), (self.clock)())?.wait()?;
        failpoint::reach("queue.sent");
        self.waiting.clear();
        Ok(())
    }
}
