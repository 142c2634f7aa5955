//! The listeners, and the connections that come in.

use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::KafkaConfig;
use super::connection::Connection;
use super::group::Groups;
use super::producers::Producers;
use super::room::Room;
use super::session::{Login, Session};
use super::shared::Shared;
use super::tls;
use crate::access::Access;
use crate::log::Store;
use crate::log::disk::failed;
use crate::metrics::{ListenerLabels, Metrics};
use crate::{Clock, Error, Result};

/// After a failure to accept, such as no file descriptors being left, the next try waits this long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// A Kafka endpoint that listens, and serves when it is told to.
pub struct Endpoint {
    shared: Arc<Shared>,
    plaintext: Option<Listener>,
    tls: Option<Listener>,
}

/// One of the listeners.
struct Listener {
    /// As metrics call it.
    name: &'static str,
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Endpoint {
    /// Binds the listeners. `folder` is where the endpoint keeps what must outlive it: the certificate that it made,
    /// and how many producer ids it has handed out.
    ///
    /// # Errors
    /// [`Error::Listen`] when an address cannot be had, [`Error::OpenListener`] when it would be open to other machines
    /// without keys, [`Error::Certificate`] for a certificate or key that cannot be used, [`Error::Io`] when the folder
    /// cannot be written.
    pub async fn bind(
        config: KafkaConfig,
        folder: &Path,
        store: Arc<Store>,
        access: Arc<Access>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Result<Self> {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        let plaintext = match config.plaintext {
            Some(address) => Some(Listener::bind("kafka", address, None, &access).await?),
            None => None,
        };
        let tls = match config.tls {
            Some(address) => {
                let acceptor = tls::acceptor(&config, folder)?;
                Some(Listener::bind("kafka_tls", address, Some(acceptor), &access).await?)
            }
            None => None,
        };
        let shared = Shared {
            groups: Groups::new(&config),
            producers: Producers::open(folder.join("producer-ids"))?,
            request_room: Room::new(config.max_buffered_request_bytes),
            fetch_room: Room::new(config.max_buffered_fetch_bytes),
            stopping: watch::Sender::new(false),
            config,
            store,
            access,
            metrics,
            clock,
        };
        Ok(Self { shared: Arc::new(shared), plaintext, tls })
    }

    /// Where the plaintext listener is.
    #[must_use]
    pub fn plaintext_addr(&self) -> Option<SocketAddr> {
        self.plaintext.as_ref().and_then(Listener::address)
    }

    /// Where the TLS listener is.
    #[must_use]
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls.as_ref().and_then(Listener::address)
    }

    /// Serves until `shutdown` is ready; then accepts nothing more, answers what was begun, and returns after
    /// `stop_timeout_ms` at the latest.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { shared, plaintext, tls } = self;
        let places = Arc::new(Semaphore::new(shared.config.max_connections.min(Semaphore::MAX_PERMITS)));
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let (listener, stream, peer) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a Kafka connection ended by an error of ours");
                        shared.refused("kafka", "panicked");
                    }
                    continue;
                }
                accepted = accept(plaintext.as_ref()) => accepted,
                accepted = accept(tls.as_ref()) => accepted,
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                shared.refused(listener.name, "too-many-connections");
                continue;
            };
            let (name, tls, shared) = (listener.name, listener.tls.clone(), Arc::clone(&shared));
            connections.spawn(async move {
                begin(shared, name, tls, stream, peer).await;
                drop(place);
            });
        }
        drop((plaintext, tls));
        shared.stopping.send_replace(true);
        let limit = Duration::from_millis(shared.config.stop_timeout_ms);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(limit, ended).await.is_err() {
            tracing::warn!(left = connections.len(), "Kafka connections had to be cut off");
        }
    }
}

impl Listener {
    async fn bind(name: &'static str, address: SocketAddr, tls: Option<TlsAcceptor>, access: &Access) -> Result<Self> {
        access.may_serve(address)?;
        let socket = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
        Ok(Self { name, socket, tls })
    }

    fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }
}

/// The next connection; never, where there is no listener.
async fn accept(listener: Option<&Listener>) -> (&Listener, TcpStream, SocketAddr) {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.socket.accept().await {
            Ok((stream, peer)) => return (listener, stream, peer),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a Kafka connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Begins a connection: the TLS handshake where there is one, and who must log in.
async fn begin(
    shared: Arc<Shared>,
    listener: &'static str,
    tls: Option<TlsAcceptor>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let Ok(local) = stream.local_addr() else { return };
    // Answers are complete when they are written: waiting for more to send would only delay them.
    stream.set_nodelay(true).ok();
    let near = tls.is_none() && local.ip().to_canonical().is_loopback();
    let login = !(shared.access.is_open() || near && !shared.config.plaintext_login);
    let login = if login { Login::Awaited { agreed: false } } else { Login::NotNeeded };
    let session = Session { listener, local, peer, login };
    let Some(tls) = tls else { return run(shared, stream, session).await };
    let limit = Duration::from_millis(shared.config.io_timeout_ms);
    match timeout(limit, tls.accept(stream)).await {
        // Boxed: the plaintext connections should not be as large as these.
        Ok(Ok(stream)) => Box::pin(run(shared, stream, session)).await,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "a TLS handshake failed");
            shared.refused(listener, "handshake-failed");
        }
        Err(_) => shared.refused(listener, "slow-handshake"),
    }
}

async fn run(shared: Arc<Shared>, stream: impl AsyncRead + AsyncWrite + Unpin, session: Session) {
    let (listener, peer) = (session.listener, session.peer);
    let open = shared.metrics.connections.get_or_create(&ListenerLabels { listener }).clone();
    open.inc();
    if let Err(closed) = Connection::new(stream, Arc::clone(&shared), session).run().await {
        tracing::debug!(%peer, reason = closed.0, "a Kafka connection is closed");
        shared.refused(listener, closed.0);
    }
    open.dec();
}
