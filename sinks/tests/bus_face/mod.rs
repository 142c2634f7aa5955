//! The enterprise face without a network, at a time that the tests set.

mod bad;
mod messages;
mod topics;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tollgate_sinks::queue::rest::{BusOptions, Denied, Parts, Wanted, router};
use tollgate_sinks::queue::{Counts, Queues, QueuesOptions};
use tower_service::Service;

const NOON: i64 = 1_800_000_000_000;

/// What a request came to.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    fn broker(&self) -> Value {
        serde_json::from_str(self.header("brokerproperties")).expect("BrokerProperties")
    }

    /// The path of a locked message.
    fn location(&self) -> &str {
        self.header("location").strip_prefix("http://bus.test").expect("a whole address")
    }
}

/// A face over a store, and its clock.
struct Bench {
    router: Router,
    queues: Queues,
    runtime: Runtime,
    now: Arc<AtomicI64>,
    open: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    _dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (queues, _) = Queues::open(dir.path(), QueuesOptions::default()).expect("a store");
        let (now, open) = (Arc::new(AtomicI64::new(NOON)), Arc::new(AtomicBool::new(true)));
        let (clock, door) = (Arc::clone(&now), Arc::clone(&open));
        let stop = watch::Sender::new(false);
        let parts = Parts {
            queues: queues.clone(),
            clock: Arc::new(move || clock.load(Ordering::Relaxed)),
            authorise: Arc::new(move |wanted: &Wanted<'_>| {
                let name = format!("{:?} {}", wanted.right, wanted.entity);
                if door.load(Ordering::Relaxed) { Ok(()) } else { Err(Denied(name)) }
            }),
            stopping: stop.subscribe(),
        };
        let options = BusOptions { max_body_bytes: 64 << 10, ..BusOptions::default() };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
        Self { router: router(parts, options), queues, runtime: runtime.expect("threads"), now, open, stop, _dir: dir }
    }

    /// One with a queue `q`, described in JSON; nothing: the usual settings.
    fn with_queue(settings: &str) -> Self {
        let bench = Self::new();
        let body = if settings.is_empty() { String::new() } else { format!("{{\"settings\": {settings}}}") };
        assert_eq!(bench.ask("PUT", "/q", &body).status, StatusCode::CREATED);
        bench
    }

    fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, &[], body)
    }

    fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.runtime.block_on(self.begin(method, path, headers, body))
    }

    /// A request on its way.
    fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> impl Future<Output = Answer> + use<> {
        let mut request = Request::builder().method(method).uri(path).header("host", "bus.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let mut router = self.router.clone();
        async move {
            let response = router.call(request).await.expect("it always answers");
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 8 << 20).await.expect("a body");
            let body = String::from_utf8(bytes.to_vec()).expect("a text");
            Answer { status: parts.status, headers: parts.headers, body }
        }
    }

    /// Sends a text.
    fn send(&self, body: &str) {
        assert_eq!(self.ask("POST", "/q/messages", body).status, StatusCode::CREATED);
    }

    /// Receives what is there.
    fn head(&self, of: &str) -> Answer {
        self.ask("POST", &format!("{of}/messages/head?timeout=0"), "")
    }

    fn counts(&self) -> Counts {
        self.queues.counts("q", self.now.load(Ordering::Relaxed)).expect("the queue")
    }
}

/// Bounds what a test waits for.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("in time")
}
