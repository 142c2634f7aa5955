//! The endpoints of a server, on a runtime of their own: the flow never waits for a network.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tollgate_ingest::Clock;
use tollgate_ingest::access::Access;
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
        writeln!(f, "http   http://{http}   try: curl --data-binary @car.jpg http://{http}/lanes/1/images")
    }
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
    pub(super) fn start(config: &Config, shared: &Shared) -> Result<Self> {
        let threads = config.serve.io_threads.get();
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("io").enable_all().build();
        let data = config.serve.data.clone();
        let runtime = runtime.map_err(|source| Error::Io { what: "start network threads for", path: data, source })?;
        let (stop, stopped) = watch::channel(false);
        let Shared { store, access, metrics, clock } = shared;
        let (kafka, http) = runtime.block_on(async {
            let part = || (Arc::clone(store), Arc::clone(access), Arc::clone(metrics), Arc::clone(clock));
            let (log, keys, counts, time) = part();
            let kafka =
                kafka::Endpoint::bind(config.kafka.clone(), &config.serve.data, log, keys, counts, time).await?;
            let (log, keys, counts, time) = part();
            let http = http::Endpoint::bind(config.http.clone(), log, keys, counts, time).await?;
            Ok::<_, Error>((kafka, http))
        })?;
        let hubs = store.hubs().iter().map(|hub| hub.name().to_owned()).collect();
        let serving =
            Serving { kafka: kafka.plaintext_addr(), kafka_tls: kafka.tls_addr(), http: http.local_addr(), hubs };
        let readiness = http.readiness();
        readiness.wait_for(FLOW, "the nets are being loaded");
        let tasks = vec![runtime.spawn(kafka.serve(until(stopped.clone()))), runtime.spawn(http.serve(until(stopped)))];
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
