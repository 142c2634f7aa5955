//! The sink in front of every broker: sends ahead, within bounds, and waits for the broker's word.

use std::collections::VecDeque;
use std::future::Future;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::link::{Cause, Link, Receipt, Sent};
use super::parts::BridgeParts;
use crate::deadletter::{DeadLetters, GivenUp};
use crate::error::{Error, Result};
use crate::published::Published;
use crate::push::Reason;
use crate::sink::Sink;

/// How far a bridge goes ahead, and how long it waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Events that were sent and not yet taken, at most.
    pub(super) in_flight: NonZeroUsize,
    /// How long the broker may take to answer, from when an event was sent.
    pub(super) timeout: Duration,
}

impl Bounds {
    pub(super) fn new(timeout_ms: NonZeroU64, max_in_flight: NonZeroUsize) -> Self {
        Self { in_flight: max_in_flight, timeout: Duration::from_millis(timeout_ms.get()) }
    }
}

/// Which broker, for messages: no credentials are in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The sink's kind.
    pub(super) kind: &'static str,
    /// The sink's name.
    pub(super) sink: String,
    /// The broker's address.
    pub(super) broker: String,
}

/// A sink that sends to a broker.
pub(super) struct Bridge<L> {
    link: L,
    waits: Waits,
    in_flight: VecDeque<(Instant, Receipt)>,
    max_in_flight: NonZeroUsize,
}

impl<L: Link> Bridge<L> {
    /// Connects.
    pub(super) fn open(
        place: Place,
        bounds: Bounds,
        parts: &BridgeParts,
        connect: impl Future<Output = Result<L, Cause>>,
    ) -> Result<Self> {
        let waits = Waits { place, timeout: bounds.timeout, parts: parts.clone() };
        let link = parts.runtime.block_on(waits.wait("reach", waits.deadline(), connect))?;
        Ok(Self { link, waits, in_flight: VecDeque::new(), max_in_flight: bounds.in_flight })
    }

    async fn send(&mut self, item: &Published) -> Result<()> {
        while self.in_flight.len() >= self.max_in_flight.get() {
            self.settle().await?;
        }
        let deadline = self.waits.deadline();
        match self.waits.wait("send an event to", deadline, self.link.send(item)).await? {
            Sent::Waiting(receipt) => self.in_flight.push_back((deadline, receipt)),
            Sent::Unfit(why) => self.waits.give_up(item, why)?,
        }
        Ok(())
    }

    /// Waits for the word on the oldest event.
    async fn settle(&mut self) -> Result<()> {
        let Some((deadline, receipt)) = self.in_flight.pop_front() else { return Ok(()) };
        self.waits.wait("hand an event to", deadline, receipt).await
    }
}

impl<L: Link> Sink<Published> for Bridge<L> {
    fn name(&self) -> &str {
        self.waits.place.kind
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        let runtime = self.waits.parts.runtime.clone();
        runtime.block_on(async {
            for item in items {
                self.send(item).await?;
            }
            Ok(())
        })
    }

    fn sync(&mut self) -> Result<()> {
        let runtime = self.waits.parts.runtime.clone();
        runtime.block_on(async {
            while !self.in_flight.is_empty() {
                self.settle().await?;
            }
            Ok(())
        })
    }
}

/// Waits, within bounds, and says what went wrong.
struct Waits {
    place: Place,
    timeout: Duration,
    parts: BridgeParts,
}

impl Waits {
    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    async fn wait<T>(
        &self,
        action: &'static str,
        deadline: Instant,
        asked: impl Future<Output = Result<T, Cause>>,
    ) -> Result<T> {
        let failed =
            |source| Error::Bridge { sink: self.place.sink.clone(), action, broker: self.place.broker.clone(), source };
        tokio::select! {
            biased;
            answered = asked => answered.map_err(failed),
            () = sleep_until(deadline) => {
                Err(failed(format!("it did not answer within {} ms", self.timeout.as_millis()).into()))
            }
            () = self.parts.halt.over() => Err(failed("the program stops; it is sent again after the next start".into())),
        }
    }

    /// Puts an event among the dead letters. Under the hour of its publication, so that it is there once although it may
    /// come again after a kill.
    fn give_up(&self, item: &Published, why: String) -> Result<()> {
        let letters = DeadLetters::new(&self.parts.dead_letters, &self.place.sink);
        let (sink, id, at) = (&self.place.sink, &item.event.id, item.place);
        let (partition, offset) = (at.partition, at.offset);
        tracing::warn!(sink, id, partition, offset, why, "an event that the broker can never take is a dead letter");
        letters.write(&GivenUp {
            json: &item.json,
            at_ms: item.appended_ms,
            reason: Some(Reason::UndeliverableDueToClientError.to_string()),
            attempts: 0,
            outcome: why,
            published_ms: item.appended_ms,
            last_ms: None,
        })?;
        (self.parts.unfit)(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
