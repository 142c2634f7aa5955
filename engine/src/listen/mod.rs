//! `tollgate listen`: takes messages from a task queue and has a program work on each.
//!
//! Many processes may listen to one queue, here and elsewhere: a message is somebody's for the time of its lease, which
//! is renewed as long as the program runs. It is deleted when the program has ended well, given back when not, and put
//! into `QUEUE-poison` when it was given out too often. Whatever dies in between, the lease ends by itself and somebody
//! else gets the message: at least once, and possibly twice.

mod lease;
mod wire;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tollgate_ingest::Clock;
use tollgate_sinks::queue::azure::client::{Client, Got};

use lease::Lease;
use wire::{Meaning, Trouble, Wire};
use work::Ended;

/// The shortest wait for something to come or to go better; each is twice the last one.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// The longest wait for a server that does not answer.
const LONGEST_OUTAGE_WAIT: Duration = Duration::from_secs(10);
/// How often a wait looks whether it is to end.
const STEP: Duration = Duration::from_millis(20);

/// What a listener is told.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The queue.
    pub client: Client,
    /// What the shell runs for each message, with the text on its stdin and `TOLLGATE_MESSAGE_ID` and
    /// `TOLLGATE_DEQUEUE_COUNT` in its environment. Its output goes to stderr.
    pub command: String,
    /// How long a lease is; it is renewed after a third of it.
    pub lock_s: u32,
    /// The longest wait where the queue has nothing.
    pub poll_ms: u64,
    /// How often a message is given out until it is put aside.
    pub max_deliveries: u32,
    /// Whether to end when the queue has nothing.
    pub once: bool,
}

/// What is told of a listener's life.
pub trait Herald {
    /// A message was got. `json` is its text, or the text as a JSON string where it is not JSON; in one line.
    fn dequeued(&self, id: &str, json: &str);
    /// The program has worked on it, and it is deleted.
    fn processed(&self, id: &str);
}

/// Listens until `stop` is set; then the message in hand is finished.
///
/// # Errors
/// The server refuses what it is asked (a wrong key), the program cannot be started, or, with `once`, there is no answer.
pub fn listen(listen: &Listen, clock: &Clock, stop: &AtomicBool, herald: &dyn Herald) -> crate::Result<()> {
    let poison = listen.client.sibling(&format!("{}-poison", listen.client.queue()))?;
    let wire = Wire::new(listen.client.clone(), clock);
    let listener = Listener { listen, poison: wire.sibling(poison), wire, herald };
    let mut outage = Waits::up_to(LONGEST_OUTAGE_WAIT);
    let mut idle = Waits::up_to(Duration::from_millis(listen.poll_ms));
    let mut created = false;
    while !stop.load(Ordering::Relaxed) {
        let outcome = if created { listener.one() } else { listener.wire.create().map(|()| true) };
        match outcome {
            Ok(true) => {
                created = true;
                (outage, idle) = (outage.again(), idle.again());
            }
            Ok(false) if listen.once => break,
            Ok(false) => idle.wait(stop),
            Err(Trouble { meaning: Meaning::Away, error }) if !listen.once => {
                tracing::warn!(%error, "the queue does not answer; trying again");
                outage.wait(stop);
            }
            Err(trouble) => return Err(trouble.error),
        }
    }
    Ok(())
}

struct Listener<'a> {
    listen: &'a Listen,
    wire: Wire<'a>,
    poison: Wire<'a>,
    herald: &'a dyn Herald,
}

impl Listener<'_> {
    /// Sees to one message; false where there is none.
    fn one(&self) -> Result<bool, Trouble> {
        let Some(got) = self.wire.get(self.listen.lock_s)? else { return Ok(false) };
        // Given out too often already, perhaps to processes that died of it.
        if got.dequeue_count > self.listen.max_deliveries {
            self.put_aside(&got, &got.pop_receipt)?;
            return Ok(true);
        }
        self.herald.dequeued(&got.id, &in_one_line(&got.text));
        let mut lease = Lease::new(&self.wire, &got, self.listen.lock_s);
        let ended = work::run(&self.listen.command, &got, &mut lease)?;
        let receipt = lease.receipt();
        match ended {
            Ended::Well => self.done(&got.id, receipt)?,
            Ended::Badly(status) if got.dequeue_count >= self.listen.max_deliveries => {
                tracing::warn!(id = got.id, %status, "the program failed for the last time");
                self.put_aside(&got, receipt)?;
            }
            Ended::Badly(status) => {
                tracing::warn!(id = got.id, %status, "the program failed; the message is given back");
                self.unless_lost(&got.id, self.wire.hide(&got.id, receipt, 0).map(drop))?;
            }
            Ended::LeaseLost => {
                tracing::warn!(
                    id = got.id,
                    "the lease was lost; the program was stopped, since the message is not ours"
                );
            }
        }
        Ok(true)
    }

    fn done(&self, id: &str, receipt: &str) -> Result<(), Trouble> {
        match self.wire.delete(id, receipt) {
            Ok(()) => self.herald.processed(id),
            Err(Trouble { meaning: Meaning::Lost, .. }) => {
                tracing::warn!(id, "the program did its work, but the lease had ended: it may be done once more");
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Puts a message into the queue of those that fail, then deletes it: twice there is better than nowhere.
    fn put_aside(&self, got: &Got, receipt: &str) -> Result<(), Trouble> {
        self.poison.put_creating(&got.text)?;
        let queue = self.poison.queue();
        tracing::warn!(id = got.id, queue, deliveries = got.dequeue_count, "the message is put aside");
        self.unless_lost(&got.id, self.wire.delete(&got.id, receipt))
    }

    fn unless_lost(&self, id: &str, outcome: Result<(), Trouble>) -> Result<(), Trouble> {
        match outcome {
            Err(Trouble { meaning: Meaning::Lost, .. }) => {
                tracing::warn!(id, "the lease had ended, somebody else has the message");
                Ok(())
            }
            other => other,
        }
    }
}

/// A text as JSON in one line.
fn in_one_line(text: &str) -> std::borrow::Cow<'_, str> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) if !text.contains(['\n', '\r']) => text.into(),
        Ok(value) => value.to_string().into(),
        Err(_) => serde_json::Value::from(text).to_string().into(),
    }
}

/// Waits that grow until they are reset.
struct Waits {
    next: Duration,
    longest: Duration,
}

impl Waits {
    fn up_to(longest: Duration) -> Self {
        Self { next: FIRST_WAIT.min(longest), longest }
    }

    fn again(self) -> Self {
        Self::up_to(self.longest)
    }

    fn wait(&mut self, stop: &AtomicBool) {
        let mut left = self.next;
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            let step = left.min(STEP);
            thread::sleep(step);
            left -= step;
        }
        self.next = (self.next * 2).min(self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_json_in_one_line() {
        assert_eq!(in_one_line("{\"a\": 1.50}"), "{\"a\": 1.50}");
        assert_eq!(in_one_line("{\n\"a\": 1}"), "{\"a\":1}");
        assert_eq!(in_one_line("plain \"text\"\n"), "\"plain \\\"text\\\"\\n\"");
        assert_eq!(in_one_line(""), "\"\"");
    }

    #[test]
    fn waits_grow_to_their_bound() {
        let mut waits = Waits::up_to(Duration::from_millis(50));
        let stop = AtomicBool::new(true);
        let seen: Vec<_> = (0..4).map(|_| (waits.next.as_millis(), waits.wait(&stop)).0).collect();
        assert_eq!(seen, [20, 40, 50, 50]);
    }
}
