//! A publisher to NATS JetStream, as lean as can be: one connection, one thread that sends, one that reads the
//! acknowledgements, so that the figure is the server's and not a client's.
//!
//! The protocol: docs.nats.io, "Client Protocol"; a publish to a stream's subject is answered on its reply subject with
//! `{"stream":…,"seq":…}` once the stream has it.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// What is published.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) count: u64,
    pub(super) bytes: usize,
    /// Publishes that wait for their acknowledgement at once.
    pub(super) on_their_way: u64,
}

/// Publishes to a new stream with file storage; gives the messages a second, from the first to the last
/// acknowledgement.
pub(super) fn publish(address: &str, load: Load) -> Result<f64> {
    let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let mut writer = BufWriter::with_capacity(64 << 10, stream);
    let settings = r#"{"name":"bench","subjects":["bench"],"storage":"file","num_replicas":1}"#;
    write!(writer, "CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB answers 1\r\n")?;
    write!(writer, "PUB $JS.API.STREAM.CREATE.bench answers {}\r\n{settings}\r\n", settings.len())?;
    writer.flush()?;
    answer(&mut reader)?;
    let (acknowledged, told) = (Mutex::new(0), Condvar::new());
    let begin = Instant::now();
    thread::scope(|scope| {
        let reading = scope.spawn(|| -> Result<()> {
            for _ in 0..load.count {
                let answered = answer(&mut reader);
                let failed = answered.is_err();
                // On failure the sender is let go, to end and be told.
                *acknowledged.lock().unwrap_or_else(PoisonError::into_inner) += if failed { load.count } else { 1 };
                told.notify_one();
                answered?;
            }
            Ok(())
        });
        send(&mut writer, load, &acknowledged, &told)?;
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    Ok(load.count as f64 / begin.elapsed().as_secs_f64())
}

fn send(writer: &mut impl Write, load: Load, acknowledged: &Mutex<u64>, told: &Condvar) -> Result<()> {
    let head = format!("PUB bench answers {}\r\n", load.bytes);
    let message = [head.as_bytes(), &vec![b'x'; load.bytes], b"\r\n"].concat();
    let mut free = load.on_their_way;
    for sent in 0..load.count {
        if sent == free {
            writer.flush()?;
            let full = |done: &mut u64| *done + load.on_their_way <= sent;
            let done = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            free = *told.wait_while(done, full).unwrap_or_else(PoisonError::into_inner) + load.on_their_way;
        }
        writer.write_all(&message)?;
    }
    Ok(writer.flush()?)
}

/// Reads on to the next answer of the stream, which must not be an error.
fn answer(reader: &mut impl BufRead) -> Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the NATS server closed the connection");
        if let Some(error) = line.strip_prefix("-ERR") {
            bail!("the NATS server answered {error}");
        }
        if line.starts_with("MSG ") {
            let length = line.trim_end().rsplit(' ').next().context("a message without a length")?.parse::<u64>()?;
            let mut body = String::new();
            reader.take(length + 2).read_to_string(&mut body)?;
            ensure!(!body.contains("\"error\""), "the stream refused: {body}");
            return Ok(());
        }
    }
}
