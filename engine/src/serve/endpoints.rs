//! The endpoints of a server, on a runtime of their own: the flow never waits for a network.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tollgate_ingest::Clock;
use tollgate_ingest::access::{Access, Right};
use tollgate_ingest::http::{Face, HttpConfig};
use tollgate_ingest::log::Store;
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::{http, kafka};

use crate::config::Config;
use crate::{Error, Result};

/// What the parts of a server share.
pub(super) struct Shared {
    pub(super) store: Arc<Store>,
    pub(super) access: Arc<Access>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Clock,
    /// Becomes true when the endpoints stop: who waits for something then waits no longer.
    pub(super) stopping: watch::Sender<bool>,
}

/// What is served where.
#[derive(Debug)]
pub struct Serving {
    /// Where Kafka clients are heard.
    pub kafka: Option<SocketAddr>,
    /// Where Kafka clients with TLS are heard.
    pub kafka_tls: Option<SocketAddr>,
    /// The address at which HTTP clients are heard.
    pub http: SocketAddr,
    /// The hubs.
    pub hubs: Vec<String>,
    /// What else is served: a line for each, name, address and what to try.
    pub faces: Vec<String>,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (http, hubs) = (self.http, self.hubs.join(", "));
        writeln!(f, "hubs   {hubs}")?;
        if let Some(kafka) = self.kafka {
            writeln!(f, "kafka  {kafka}   try: kcat -b {kafka} -L")?;
        }
        if let Some(tls) = self.kafka_tls {
            writeln!(f, "kafka  {tls} (SASL_SSL, PLAIN; user $ConnectionString)")?;
        }
        writeln!(f, "http   http://{http}   try: curl --data-binary @car.jpg http://{http}/lanes/1/images")?;
        self.faces.iter().try_for_each(|face| writeln!(f, "{face}"))
    }
}

/// What is served beside the log.
#[derive(Default)]
pub(super) struct Served {
    /// Routes at the HTTP endpoint for those who may read the results.
    pub(super) readable: Router,
    /// Routes there for those who may add to them.
    pub(super) writable: Router,
    /// Routes there for everybody.
    pub(super) open: Router,
    /// Listeners of their own.
    pub(super) faces: Vec<FaceParts>,
}

impl Served {
    /// Adds routes for those who may read the results.
    pub(super) fn add_readable(&mut self, routes: Router) {
        self.readable = std::mem::take(&mut self.readable).merge(routes);
    }

    /// Adds routes for those who may add to them.
    pub(super) fn add_writable(&mut self, routes: Router) {
        self.writable = std::mem::take(&mut self.writable).merge(routes);
    }

    /// Adds routes for everybody.
    pub(super) fn add_open(&mut self, routes: Router) {
        self.open = std::mem::take(&mut self.open).merge(routes);
    }
}

/// A listener of its own.
pub(super) struct FaceParts {
    /// Its name in metrics.
    pub(super) name: &'static str,
    /// Where it is to listen.
    pub(super) address: SocketAddr,
    /// What it serves.
    pub(super) routes: Router,
    /// What is printed of it, with where it listens.
    pub(super) line: fn(SocketAddr) -> String,
}

/// The threads that wait for networks.
pub(super) fn runtime(config: &Config) -> Result<Runtime> {
    let threads = config.serve.io_threads.get();
    let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("io").enable_all().build();
    let data = config.serve.data.clone();
    runtime.map_err(|source| Error::Io { what: "start network threads for", path: data, source })
}

/// The part of the server that readiness waits for.
const FLOW: &str = "flow";

/// The running endpoints.
pub(super) struct Endpoints {
    runtime: Runtime,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    readiness: Arc<http::Readiness>,
    serving: Serving,
}

impl Endpoints {
    /// Binds and serves.
    pub(super) fn start(config: &Config, shared: &Shared, runtime: Runtime, served: Served) -> Result<Self> {
        let (stop, stopped) = (shared.stopping.clone(), shared.stopping.subscribe());
        let Shared { store, access, metrics, clock, .. } = shared;
        let part = || (Arc::clone(store), Arc::clone(access), Arc::clone(metrics), Arc::clone(clock));
        let (kafka, http, faces) = runtime.block_on(async {
            let (log, keys, counts, time) = part();
            let kafka =
                kafka::Endpoint::bind(config.kafka.clone(), &config.serve.data, log, keys, counts, time).await?;
            let (log, keys, counts, time) = part();
            let http = http::Endpoint::bind(config.http.clone(), log, keys, counts, time).await?;
            let http = http.with_routes(served.readable, &config.source.results, Right::Listen);
            let http = http.with_routes(served.writable, &config.source.results, Right::Send);
            let http = http.with_open_routes(served.open);
            let mut faces = Vec::new();
            for face in served.faces {
                let http = HttpConfig { address: face.address, ..config.http.clone() };
                faces.push((face.line, Face::bind(face.name, http, face.routes, Arc::clone(metrics)).await?));
            }
            Ok::<_, Error>((kafka, http, faces))
        })?;
        let hubs = store.hubs().iter().map(|hub| hub.name().to_owned()).collect();
        let lines = faces.iter().map(|(line, face)| line(face.local_addr())).collect();
        let (kafka_at, kafka_tls) = (kafka.plaintext_addr(), kafka.tls_addr());
        let serving = Serving { kafka: kafka_at, kafka_tls, http: http.local_addr(), hubs, faces: lines };
        let readiness = http.readiness();
        readiness.wait_for(FLOW, "the nets are being loaded");
        let mut tasks =
            vec![runtime.spawn(kafka.serve(until(stopped.clone()))), runtime.spawn(http.serve(until(stopped.clone())))];
        tasks.extend(faces.into_iter().map(|(_, face)| runtime.spawn(face.serve(until(stopped.clone())))));
        Ok(Self { runtime, stop, tasks, readiness, serving })
    }

    pub(super) fn serving(&self) -> &Serving {
        &self.serving
    }

    /// Where others may wait for networks.
    pub(super) fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    /// `/readyz` says yes from now on.
    pub(super) fn set_ready(&self) {
        self.readiness.done(FLOW);
    }

    /// Lets the endpoints answer what they have begun, each within its own time.
    pub(super) fn stop(self) {
        self.readiness.wait_for(FLOW, "stopping");
        self.stop.send_replace(true);
        self.runtime.block_on(async {
            for task in self.tasks {
                if let Err(error) = task.await {
                    tracing::error!(%error, "an endpoint did not end by itself");
                }
            }
        });
    }
}

/// Ends when the channel says so, or its sender is gone.
async fn until(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone stops as one that says so.
    drop(stopped.wait_for(|stop| *stop).await);
}
