//! A subscription with its clock in our hands.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tollgate_sinks::DeadLetters;
use tollgate_sinks::push::{Breaker, Counted, Meter, Parts, Subscription, WebhookConfig};
use tollgate_sinks::{CloudEvent, Cursor, Place, Published, Result, Sink};

/// 2026-11-22T06:00:00Z
pub(crate) const START_MS: i64 = 1_795_327_200_000;

/// Counts as a server does.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) delivered: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead: AtomicU64,
}

impl Meter for Counts {
    fn count(&self, what: Counted, events: u64) {
        let counter = match what {
            Counted::Delivered => &self.delivered,
            Counted::Retried => &self.retried,
            Counted::DeadLettered => &self.dead,
        };
        counter.fetch_add(events, Ordering::Relaxed);
    }

    fn state(&self, _pending: u64, _breaker: Breaker) {}
}

/// See the module.
pub(crate) struct Stage {
    pub(crate) dir: TempDir,
    pub(crate) config: WebhookConfig,
    pub(crate) counts: Arc<Counts>,
    clock: Arc<AtomicI64>,
    subscription: Option<Arc<Subscription>>,
}

/// No handshake, no jitter, one event a request.
pub(crate) fn plain(url: &str) -> WebhookConfig {
    WebhookConfig {
        url: url.into(),
        allow_private: true,
        handshake: false,
        jitter_percent: 0,
        ..WebhookConfig::default()
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    })
}

impl Stage {
    pub(crate) fn new(config: WebhookConfig) -> Self {
        let (dir, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(START_MS)));
        let mut stage = Self { dir, config, counts: Arc::default(), clock, subscription: None };
        stage.reopen();
        stage
    }

    fn letters_dir(&self) -> PathBuf {
        self.dir.path().join("dead")
    }

    /// As after a restart.
    pub(crate) fn reopen(&mut self) {
        self.subscription = None;
        let clock = Arc::clone(&self.clock);
        let parts = Parts {
            clock: Arc::new(move || clock.load(Ordering::Relaxed)),
            meter: Arc::clone(&self.counts) as Arc<dyn Meter>,
            runtime: runtime().handle().clone(),
        };
        let state = self.dir.path().join("push/billing.redb");
        let opened = Subscription::open("billing", &self.config, (&state, &self.letters_dir()), parts);
        self.subscription = Some(opened.expect("it opens"));
    }

    pub(crate) fn subscription(&self) -> &Arc<Subscription> {
        self.subscription.as_ref().expect("open")
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(crate) fn advance_to(&self, ms: i64) {
        self.clock.store(ms, Ordering::Relaxed);
    }

    /// Hands events over as a follower does.
    pub(crate) fn write(&self, events: &[Published]) -> Result<()> {
        let mut sink = self.subscription().sink();
        sink.resume(Cursor::new())?;
        sink.write(events)?;
        sink.sync()
    }

    /// Does what is due now; when there is more to do.
    pub(crate) fn pass(&self) -> Option<i64> {
        self.subscription().pass().expect("the disk")
    }

    /// Lets time pass until everything is settled, or until `until`; the times at which something was due.
    pub(crate) fn run_until(&self, until: i64) -> Vec<i64> {
        let mut times = Vec::new();
        while let Some(next) = self.pass() {
            if next > until {
                break;
            }
            self.advance_to(next);
            times.push(next);
        }
        self.advance_to(self.now().max(until));
        times
    }

    pub(crate) fn letters(&self) -> DeadLetters {
        DeadLetters::new(&self.letters_dir(), "billing")
    }

    /// The bodies of the dead letters.
    pub(crate) fn dead(&self) -> Vec<Value> {
        self.pass();
        self.letters().list(1000).expect("a list").into_iter().map(|letter| letter.body).collect()
    }
}

/// Events of partition 0, their ids from their offsets.
pub(crate) fn events(offsets: std::ops::Range<u64>) -> Vec<Published> {
    offsets.map(|offset| event(offset, &json!({ "licensePlateText": format!("BKW{offset}") }))).collect()
}

pub(crate) fn event(offset: u64, data: &Value) -> Published {
    let body = json!({
        "specversion": "1.0", "id": format!("id-{offset}"), "source": format!("hub:images/0/{offset}"),
        "type": "LicensePlate.Processed", "subject": "7/car.jpg", "time": "2026-11-22T05:59:58Z",
        "datacontenttype": "application/json", "data": data,
    });
    let json = body.to_string().into_bytes();
    Published {
        place: Place { partition: 0, offset },
        appended_ms: START_MS - 1000,
        event: Arc::new(CloudEvent::from_json(&json).expect("an event")),
        json: json.into(),
        crop: Arc::default(),
    }
}
