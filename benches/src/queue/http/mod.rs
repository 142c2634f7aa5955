//! The same pairs over the HTTP faces of a `tollgate serve` of its own.

mod face;
mod server;
mod wire;

use anyhow::{Context, Result};
use std::path::Path;
use std::time::Instant;

use super::{Left, Options, Turn};
use face::{Bus, Face, Tasks};
use server::Server;

/// Messages of a batch, where the face has batches.
pub(super) const BATCH: usize = 32;
/// Messages that one request gets, where the face gives out several.
pub(super) const GOT: usize = 32;

/// Opens a connection to a face.
type Open<'a> = &'a (dyn Fn() -> Result<Box<dyn Face>> + Sync);

/// The turns of both faces, with so many messages waiting in each of two queues.
pub(super) fn turns(
    tollgate: &Path,
    dir: &Path,
    options: &Options,
    depth: usize,
) -> Result<Vec<(&'static str, Vec<Turn>)>> {
    let server = Server::start(tollgate, dir)?;
    let bus = || Ok(Box::new(Bus::open(server.bus)?) as Box<dyn Face>);
    let tasks = || Ok(Box::new(Tasks::open(server.tasks)?) as Box<dyn Face>);
    let faces: [(&str, Open<'_>); 2] = [("Service Bus REST", &bus), ("Queue Storage REST", &tasks)];
    let mut rows = Vec::new();
    for (subject, open) in faces {
        send(open, options.connections, depth)?;
        let turns = (0..options.turns).map(|_| turn(open, options)).collect::<Result<_>>()?;
        rows.push((subject, turns));
    }
    Ok(rows)
}

/// Sends so many messages over so many connections.
fn send(open: Open<'_>, connections: usize, messages: usize) -> Result<()> {
    let left = &Left::new(messages);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(move || produce(open()?, left))).collect();
        senders.into_iter().try_for_each(|sender| sender.join().ok().context("a sender panicked")?)
    })
}

fn turn(open: Open<'_>, options: &Options) -> Result<Turn> {
    let (to_send, to_receive) = (Left::new(options.http_pairs), Left::new(options.http_pairs));
    let begin = Instant::now();
    let latencies = std::thread::scope(|scope| {
        let (to_send, to_receive) = (&to_send, &to_receive);
        let each = 0..options.connections;
        let senders: Vec<_> = each.clone().map(|_| scope.spawn(move || produce(open()?, to_send))).collect();
        let receivers: Vec<_> = each.map(|_| scope.spawn(move || consume(open()?, to_receive))).collect();
        let mut all = Vec::new();
        for receiver in receivers {
            all.extend(receiver.join().ok().context("a receiver panicked")??);
        }
        senders.into_iter().try_for_each(|sender| sender.join().ok().context("a sender panicked")?)?;
        Ok::<_, anyhow::Error>(all)
    })?;
    Ok(Turn::of(options.http_pairs, begin.elapsed().as_secs_f64(), latencies))
}

fn produce(mut face: Box<dyn Face>, left: &Left) -> Result<()> {
    while let Some(count) = left.claim(face.batch()) {
        face.send(count)?;
    }
    Ok(())
}

/// Receives and completes; the latencies of receives that found something, in microseconds.
fn consume(mut face: Box<dyn Face>, left: &Left) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    while let Some(claimed) = left.claim(face.most()) {
        let begin = Instant::now();
        let got = face.receive(claimed)?;
        if !got.is_empty() {
            latencies.push(begin.elapsed().as_secs_f64() * 1e6);
        }
        left.give_back(claimed - got.len());
        got.iter().try_for_each(|key| face.complete(key))?;
    }
    Ok(latencies)
}
