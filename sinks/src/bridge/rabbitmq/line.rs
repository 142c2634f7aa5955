//! The TCP connection below the client's. The client serves each connection on a thread of its own, and would wait there
//! for ever for a broker that says nothing; who gives a connection up hangs up.

use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::tcp::{AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties};
use socket2::{SockRef, Socket};

use crate::bridge::link::Cause;

/// A hold on the socket: when it is dropped the connection ends, or does not come about.
#[derive(Default)]
pub(super) struct Line(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Dialling,
    Up(Socket),
    HungUp,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Line {
    fn drop(&mut self) {
        if let State::Up(socket) = std::mem::replace(&mut *lock(&self.0), State::HungUp) {
            // A connection that has ended cannot be shut down, and need not be.
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}

/// Notes the socket of a connection that has come about.
fn connected(state: &Mutex<State>, socket: Socket) -> io::Result<()> {
    let mut state = lock(state);
    if matches!(*state, State::HungUp) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    *state = State::Up(socket);
    Ok(())
}

/// Connects. Whoever stops waiting for it has hung up.
pub(super) async fn dial(
    uri: AMQPUri,
    properties: ConnectionProperties,
    cert_chain: Option<String>,
) -> Result<(Connection, Line), Cause> {
    let (line, tls) = (Line::default(), OwnedTLSConfig { identity: None, cert_chain });
    let held = Arc::clone(&line.0);
    let runtime = lapin::runtime::default_runtime()?;
    let connecting = Connection::connector(
        uri,
        runtime,
        async move |uri, runtime| {
            let (host, port) = (uri.authority.host, uri.authority.port);
            let addresses = runtime.to_socket_addrs((host.clone(), port));
            let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
            if let AsyncTcpStream::Plain(tcp) = &stream {
                connected(&held, SockRef::from(tcp.get_ref()).try_clone()?)?;
            }
            match uri.scheme {
                AMQPScheme::AMQP => Ok(stream),
                AMQPScheme::AMQPS => Ok(stream.into_tls(&host, tls.as_ref()).await?),
            }
        },
        properties,
    );
    Ok((connecting.await?, line))
}
