//! Drives the client's loop, and tells every event of its acknowledgement.
//!
//! The loop gives packets their ids in the order in which they were handed over and says so; acknowledgements name the
//! id. The loop would mend a lost connection by itself. Here it ends: whoever drives the sink begins anew.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{PubAck, PubAckReason};
use rumqttc::v5::{ConnectionError, Event, EventLoop, Incoming};
use tokio::sync::oneshot;

use crate::bridge::link::Cause;

/// Where the word on an event goes.
pub(super) type Word = oneshot::Sender<Result<(), Cause>>;

/// Events that were handed to the client and have no packet id yet, in their order. Its bound is the bridge's.
#[derive(Clone, Default)]
pub(super) struct Handed(Arc<Mutex<VecDeque<Word>>>);

impl Handed {
    pub(super) fn push(&self, word: Word) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(word);
    }

    fn pop(&self) -> Option<Word> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// The events by their packets.
pub(super) struct Driver {
    handed: Handed,
    sent: HashMap<u16, Word>,
}

impl Driver {
    pub(super) fn new(handed: Handed) -> Self {
        Self { handed, sent: HashMap::new() }
    }

    /// Drives until the connection is lost; then all who wait are told.
    pub(super) async fn run(mut self, mut client: EventLoop) {
        let end = loop {
            match client.poll().await {
                Ok(event) => self.note(&event),
                Err(error) => break error,
            }
        };
        let waiting = self.sent.into_values().chain(std::iter::from_fn(|| self.handed.pop()));
        waiting.for_each(|word| drop(word.send(Err(lost(&end)))));
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                if let Some(word) = self.handed.pop() {
                    self.sent.insert(*id, word);
                }
            }
            Event::Incoming(Incoming::PubAck(ack)) => {
                if let Some(word) = self.sent.remove(&ack.pkid) {
                    // Nobody listens any more after a failure.
                    drop(word.send(taken(ack)));
                }
            }
            _ => {}
        }
    }
}

/// A message that nobody has subscribed to is taken: that is how the protocol is meant.
fn taken(ack: &PubAck) -> Result<(), Cause> {
    match ack.reason {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
        reason => Err(format!("it refused the event ({reason:?})").into()),
    }
}

fn lost(end: &ConnectionError) -> Cause {
    format!("the connection was lost ({end})").into()
}
