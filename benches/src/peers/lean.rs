//! A Kafka producer as lean as the NATS publisher beside it: one connection, one thread that builds and sends batches,
//! one that reads the acknowledgements.
//!
//! The protocol: kafka.apache.org/protocol, Produce version 7 (no tagged fields).

use anyhow::{Context, Result, anyhow, ensure};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;
use tollgate_ingest::log::{BatchBuilder, NewRecord};

/// What is produced.
#[derive(Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) topic: &'a str,
    pub(super) partitions: u32,
    pub(super) count: usize,
    pub(super) bytes: usize,
    /// Records of a batch; each request has one.
    pub(super) batch_records: usize,
    /// Requests that wait for their acknowledgement at once.
    pub(super) on_their_way: usize,
}

/// Produces with acks=all; gives the records a second, from the first to the last acknowledgement.
pub(super) fn produce(address: &str, load: Load<'_>) -> Result<f64> {
    let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream.try_clone()?);
    let (sent, answers) = sync_channel(load.on_their_way);
    let requests = load.count.div_ceil(load.batch_records);
    let begin = Instant::now();
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(&mut reader, &answers));
        let sending = send(stream, load, requests, &sent);
        drop(sent);
        reading.join().unwrap_or_else(|panic| resume_unwind(panic)).and(sending)
    })?;
    Ok((requests * load.batch_records) as f64 / begin.elapsed().as_secs_f64())
}

fn send(mut stream: TcpStream, load: Load<'_>, requests: usize, sent: &SyncSender<()>) -> Result<()> {
    let value = vec![b'x'; load.bytes];
    let mut builder = BatchBuilder::new(load.batch_records * (load.bytes + 64) + 1024);
    for number in 0..requests {
        builder.clear(None);
        for i in 0..load.batch_records {
            let record = NewRecord { value: Some(&value), timestamp_ms: i as i64, ..NewRecord::default() };
            builder.push(&record).map_err(|fault| anyhow!("{fault}"))?;
        }
        let batch = builder.finish().map_err(|fault| anyhow!("{fault}"))?;
        let head = head(load.topic, number as u32 % load.partitions, number as u32, batch.len());
        // Waits while as many are on their way as may be; ends when the reader has.
        sent.send(()).context("the server refused or closed the connection")?;
        stream.write_all(&head)?;
        stream.write_all(batch)?;
    }
    Ok(())
}

/// All of a request that lies before its batch.
fn head(topic: &str, partition: u32, number: u32, batch_bytes: usize) -> Vec<u8> {
    let mut head = vec![0; 4];
    // Produce, version 7, the request's number, no client id.
    head.extend([0, 0, 0, 7].into_iter().chain(number.to_be_bytes()).chain([0xff, 0xff]));
    // No transaction, acks=all, 30 s; one topic.
    head.extend([0xff; 4].into_iter().chain(30_000_u32.to_be_bytes()).chain([0, 0, 0, 1]));
    head.extend((topic.len() as u16).to_be_bytes().into_iter().chain(topic.bytes()).chain([0, 0, 0, 1]));
    head.extend(partition.to_be_bytes().into_iter().chain((batch_bytes as u32).to_be_bytes()));
    let length = (head.len() - 4 + batch_bytes) as u32;
    head[..4].copy_from_slice(&length.to_be_bytes());
    head
}

/// Reads an answer for everything that is sent.
fn read(reader: &mut impl Read, answers: &Receiver<()>) -> Result<()> {
    let (mut length, mut answer) = ([0; 4], Vec::new());
    while answers.recv().is_ok() {
        reader.read_exact(&mut length).context("the server closed the connection")?;
        answer.resize(u32::from_be_bytes(length) as usize, 0);
        reader.read_exact(&mut answer)?;
        // Behind the error code: base offset, append time, start offset, and the throttle time of the whole.
        let code = answer.len().checked_sub(30).and_then(|at| answer.get(at..at + 2)).context("a short answer")?;
        ensure!(code == [0, 0], "the server refused a batch: error {code:?}");
    }
    Ok(())
}
