//! Connections: how many, how long, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;

use super::config::ms;
use super::door::Door;

/// How long it takes until accepting is tried again after the system refused (it has no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What is still read, and how long, from a sender whose request was answered before its end: closing at once would
/// reset the connection, and the answer would be lost on its way.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 64 << 20;
/// The answer to one connection too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/json\r\ncontent-length: 96\r\n\r\n\
    {\"error\":{\"code\":\"too-many-connections\",\"message\":\"max_connections are open; come back later\"}}\n";

/// Serves connections until `shutdown`, then finishes what is under way.
pub(super) async fn serve(listener: TcpListener, router: Router, door: Arc<Door>, shutdown: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(door.config.max_connections));
    let mut open = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    sleep(ACCEPT_PAUSE).await;
                }
                Ok((stream, peer)) => match Arc::clone(&places).try_acquire_owned() {
                    Err(_) => {
                        door.refused("too-many-connections");
                        // An empty socket takes this at once; where it does not, the closed connection says enough.
                        stream.try_write(FULL).ok();
                    }
                    Ok(place) => {
                        let (router, door) = (router.clone(), Arc::clone(&door));
                        open.spawn(async move {
                            let _counted = (door.connected(), place);
                            connection(stream, peer, router, &door).await;
                        });
                    }
                },
            },
        }
    }
    drop(listener);
    door.stopping.send_replace(true);
    let all = async { while open.join_next().await.is_some() {} };
    if timeout(ms(door.config.drain_ms), all).await.is_err() {
        tracing::warn!(connections = open.len(), "requests were cut off: they took longer than drain_ms");
        open.shutdown().await;
    }
}

/// Serves one connection.
async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, door: &Door) {
    if let Err(error) = prepare(&stream, door.config.write_wait_ms) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        let mut router = router.clone();
        // Who asks, for those who bind a right to an address.
        request.extensions_mut().insert(ConnectInfo(peer));
        // Boxed, since hyper gives a connection back only when it can be moved.
        Box::pin(async move { router.call(request.map(Body::new)).await })
            as Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>
    });
    let mut serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ms(door.config.head_wait_ms))
        .max_header_size(door.config.max_head_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = door.stopping.subscribe();
    let mut stopped = *stopping.borrow_and_update();
    loop {
        if stopped {
            Pin::new(&mut serving).graceful_shutdown();
        }
        tokio::select! {
            ended = std::future::poll_fn(|cx| serving.poll_without_shutdown(cx)) => {
                if let Some(reason) = ended.err().as_ref().and_then(reason) {
                    door.refused(reason);
                }
                break;
            }
            _ = stopping.changed(), if !stopped => stopped = true,
        }
    }
    let stream = serving.into_parts().io.into_inner();
    timeout(LINGER, linger(stream)).await.ok();
}

fn prepare(stream: &TcpStream, write_wait_ms: u32) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The system itself ends a connection whose peer takes nothing.
    #[cfg(target_os = "linux")]
    rustix::net::sockopt::set_tcp_user_timeout(stream, write_wait_ms)?;
    #[cfg(not(target_os = "linux"))]
    let _ = write_wait_ms;
    Ok(())
}

/// Why a connection ended that did not end well; nothing where its peer only went away.
fn reason(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() {
        Some("head-too-large")
    } else if error.is_parse() {
        Some("malformed")
    } else if error.is_timeout() {
        Some("head-timeout")
    } else if error.is_incomplete_message() {
        Some("incomplete")
    } else {
        None
    }
}

/// Says that nothing more comes, and reads on for a while.
async fn linger(mut stream: TcpStream) {
    let mut left = LINGER_BYTES;
    if stream.shutdown().await.is_err() {
        return;
    }
    // Not in the future itself, which every open connection pays for.
    let mut scratch = vec![0; 16 << 10];
    while let Ok(count @ 1..) = stream.read(&mut scratch).await
        && left > 0
    {
        left = left.saturating_sub(count);
    }
}
