//! A subscription as it lives: one for as long as the process does, whatever becomes of the sink that feeds it.

mod consent;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::body::cut;
use super::client::Client;
use super::config::WebhookConfig;
use super::delivery::{Sender, Verdict};
use super::gate::{Admission, Breaker, Gate};
use super::meter::{Counted, Meter};
use super::pending::{Pending, State};
use super::schedule::Schedule;
use super::sink::Webhook;
use super::store::{Settlement, Store};
use crate::deadletter::DeadLetters;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::published::CloudEvent;
use consent::Consent;

/// Milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Dead letters that are written, or taken back, in one go.
const LETTERS: usize = 256;
/// Wait after a request that went wrong within this program.
const AGAIN_MS: i64 = 10_000;

/// What a subscription works with.
pub struct Parts {
    /// The clock.
    pub clock: Clock,
    /// Is told what happens.
    pub meter: Arc<dyn Meter>,
    /// Where it waits for the network. Blocking calls must not be made on its threads.
    pub runtime: Handle,
}

/// A subscription.
pub struct Subscription {
    sender: Sender,
    store: Store,
    gate: Gate,
    letters: DeadLetters,
    parts: Parts,
    slots: Arc<Semaphore>,
    consent: Mutex<Consent>,
    stopping: watch::Sender<bool>,
}

impl Subscription {
    /// Opens a subscription: its state lies at `state`, its dead letters below `dead_letters`.
    ///
    /// # Errors
    /// [`Error::BadSink`] when the config is not sound, [`Error::Client`], [`Error::PushState`], [`Error::Io`].
    pub fn open(
        name: &str,
        config: &WebhookConfig,
        (state, dead_letters): (&Path, &Path),
        parts: Parts,
    ) -> Result<Arc<Self>> {
        config.check(name).map_err(|why| Error::BadSink { sink: name.into(), why })?;
        if let Some(folder) = state.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
        }
        let (client, schedule) = (Client::new(name, config)?, Schedule::new(config, name));
        let subscription = Self {
            store: Store::open(state)?,
            gate: Gate::new(config),
            letters: DeadLetters::new(dead_letters, name),
            slots: Arc::new(Semaphore::new(config.concurrency.get())),
            consent: Mutex::default(),
            stopping: watch::Sender::new(false),
            sender: Sender { name: name.into(), config: config.clone(), client, schedule },
            parts,
        };
        subscription.show();
        Ok(Arc::new(subscription))
    }

    /// A sink that feeds it; as many as wanted, one after the other.
    #[must_use]
    pub fn sink(self: &Arc<Self>) -> Webhook {
        Webhook::new(Arc::clone(self))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sender.name
    }

    /// Events that are kept for another attempt.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.store.kept().0
    }

    /// How the breaker stands.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.gate.breaker()
    }

    /// Gives up the requests that are on their way: their events are kept, and sent again after the next start. Nothing
    /// is sent from then on.
    pub fn interrupt(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether it was interrupted.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Does what is due: takes back dead letters, tries events again, gives up those whose time has come. Returns when
    /// there is more to do (milliseconds since the epoch), if anything is kept. Blocks the calling thread.
    ///
    /// # Errors
    /// [`Error::PushState`], [`Error::Io`]; nothing is lost, and it may be called again.
    pub fn pass(self: &Arc<Self>) -> Result<Option<i64>> {
        self.take_back()?;
        while !self.is_interrupted() {
            let now_ms = self.now();
            let (most, most_bytes) = self.round();
            let due = self.store.due(now_ms, most, most_bytes)?;
            if due.is_empty() {
                break;
            }
            let (dead, alive): (Vec<_>, Vec<_>) = due.into_iter().partition(|event| event.state.dead.is_some());
            let wait = self.gate.opens_ms(now_ms);
            if dead.is_empty() && wait.is_some() {
                // What expires is given up even while the receiver is left alone.
                let expired: Vec<_> =
                    alive.into_iter().filter_map(|event| self.sender.fit(event, now_ms).err()).collect();
                if expired.is_empty() {
                    return Ok(wait);
                }
                self.keep(expired)?;
                continue;
            }
            self.bury(&dead)?;
            if wait.is_none() {
                let settlement = self.attempt(alive);
                self.store.settle(&settlement)?;
                failpoint::reach("webhook.resettled");
            }
            self.show();
        }
        self.store.next_due()
    }

    /// Tries events at once; what is to be noted of them. Blocks the calling thread.
    pub(super) fn attempt(self: &Arc<Self>, events: Vec<Pending>) -> Settlement {
        let mut settlement = Settlement::default();
        let (mut fit, now_ms) = (Vec::new(), self.now());
        for event in events {
            match self.sender.fit(event, now_ms) {
                Ok(event) => fit.push(event),
                Err(dead) => settlement.kept.push(dead),
            }
        }
        let verdicts = match self.consented() {
            Ok(()) => self.parts.runtime.block_on(self.send_all(cut(&self.sender.config, fit))),
            Err(until_ms) => vec![(fit, Verdict::Unsent { until_ms })],
        };
        let now_ms = self.now();
        for (events, verdict) in verdicts {
            let count = events.len() as u64;
            match verdict {
                Verdict::Delivered => self.parts.meter.count(Counted::Delivered, count),
                Verdict::Failed { outcome, .. } => {
                    let name = self.name();
                    tracing::info!(subscription = name, events = count, %outcome, "an attempt failed");
                    if !outcome.is_final() {
                        self.parts.meter.count(Counted::Retried, count);
                    }
                }
                Verdict::Unsent { .. } => {}
            }
            for event in events {
                let key = event.key;
                match self.sender.after(event, verdict, now_ms) {
                    Some(kept) => settlement.kept.push(kept),
                    None => settlement.done.push(key),
                }
            }
        }
        settlement
    }

    async fn send_all(self: &Arc<Self>, batches: Vec<Vec<Pending>>) -> Vec<(Vec<Pending>, Verdict)> {
        let batches: Vec<Arc<[Pending]>> = batches.into_iter().map(Arc::from).collect();
        let mut verdicts = vec![None; batches.len()];
        let mut running = JoinSet::new();
        for (at, batch) in batches.iter().enumerate() {
            // The semaphore is never closed.
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            let (this, batch) = (Arc::clone(self), Arc::clone(batch));
            running.spawn(async move {
                let verdict = this.send(&batch).await;
                drop(slot);
                (at, verdict)
            });
        }
        while let Some(done) = running.join_next().await {
            match done {
                Ok((at, verdict)) => verdicts.iter_mut().skip(at).take(1).for_each(|one| *one = Some(verdict)),
                Err(error) => tracing::error!(subscription = self.name(), %error, "a request did not end by itself"),
            }
        }
        let again = Verdict::Unsent { until_ms: self.now() + AGAIN_MS };
        batches.iter().zip(verdicts).map(|(batch, verdict)| (batch.to_vec(), verdict.unwrap_or(again))).collect()
    }

    async fn send(&self, events: &[Pending]) -> Verdict {
        let mut stopping = self.stopping.subscribe();
        let now_ms = self.now();
        if *stopping.borrow() {
            return Verdict::Unsent { until_ms: now_ms };
        }
        if let Admission::Wait(until_ms) = self.gate.admit(now_ms) {
            return Verdict::Unsent { until_ms };
        }
        let (verdict, status) = tokio::select! {
            sent = self.sender.send(events, now_ms) => sent,
            _ = stopping.wait_for(|stop| *stop) => (Verdict::Unsent { until_ms: now_ms }, None),
        };
        let not_before_ms = match verdict {
            Verdict::Failed { not_before_ms, .. } => not_before_ms,
            _ => None,
        };
        self.gate.note(self.now(), verdict.health(status), not_before_ms);
        verdict
    }

    /// Puts events that were given up among the dead letters, then forgets them.
    fn bury(&self, dead: &[Pending]) -> Result<()> {
        if dead.is_empty() {
            return Ok(());
        }
        failpoint::reach("webhook.burying");
        for event in dead {
            self.letters.write(&event.given_up())?;
        }
        failpoint::reach("webhook.buried");
        let done = dead.iter().map(|event| event.key).collect();
        self.store.settle(&Settlement { done, ..Settlement::default() })?;
        self.parts.meter.count(Counted::DeadLettered, dead.len() as u64);
        Ok(())
    }

    fn keep(&self, kept: Vec<Pending>) -> Result<()> {
        self.store.settle(&Settlement { kept, ..Settlement::default() })
    }

    /// Takes dead letters back that somebody wants to be tried again.
    fn take_back(&self) -> Result<()> {
        for letter in self.letters.requeued(LETTERS)? {
            let json = letter.event();
            if CloudEvent::from_json(&json).is_ok() {
                let now_ms = self.now();
                self.store.requeue(Pending { key: (0, 0), json: json.into(), state: State::new(now_ms, now_ms) })?;
                failpoint::reach("webhook.taken-back");
            }
            DeadLetters::forget(&letter)?;
        }
        Ok(())
    }

    /// Events and bytes of one round of attempts.
    fn round(&self) -> (usize, usize) {
        let config = &self.sender.config;
        let events = config.batch.map_or(NonZeroUsize::MIN, |batch| batch.max_events).get();
        ((events * config.concurrency.get()).clamp(1, 5000), 8 << 20)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn config(&self) -> &WebhookConfig {
        &self.sender.config
    }

    pub(super) fn now(&self) -> i64 {
        (self.parts.clock)()
    }

    pub(super) fn show(&self) {
        self.parts.meter.state(self.pending(), self.gate.breaker());
    }
}
