//! The store itself.

use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;
use tollgate_sinks::queue::{Ask, Kind, Message, Pending, Queues, QueuesOptions, Receipt, Settings};

use super::{BODY_BYTES, Left, Options, Turn};

/// A time for all: no lock ends meanwhile.
const NOW: i64 = 1;
/// Messages a call when the queue is filled.
const FILL: usize = 1000;

/// Fills a new queue, then runs the turns; also says how long filling and opening again took.
pub(super) fn turns(dir: &Path, options: &Options, depth: usize) -> Result<(Vec<Turn>, String)> {
    let folder = dir.join("queues");
    let (queues, _) = Queues::open(&folder, QueuesOptions::default())?;
    queues.create("q", Kind::Queue, Settings::default(), NOW)?.wait()?;
    let begin = Instant::now();
    let messages = vec![message(); FILL];
    let mut left = depth;
    while left > 0 {
        let count = left.min(FILL);
        queues.send("q", &messages[..count], NOW)?.wait()?;
        left -= count;
    }
    let filled = begin.elapsed().as_secs_f64();
    let turns = (0..options.turns).map(|_| turn(&queues, options)).collect::<Result<Vec<_>>>()?;
    let (live, all) = queues.bytes();
    drop(queues);
    let begin = Instant::now();
    let (_, opened) = Queues::open(&folder, QueuesOptions::default())?;
    let finding = format!(
        "{depth} messages: filled in {filled:.1} s, {} MB of them in a journal of {} MB; opened again in {:.2} s with {}",
        live / 1_000_000,
        all / 1_000_000,
        begin.elapsed().as_secs_f64(),
        opened.messages
    );
    Ok((turns, finding))
}

fn message() -> Message {
    Message { body: vec![0x5a; BODY_BYTES], ..Message::default() }
}

fn turn(queues: &Queues, options: &Options) -> Result<Turn> {
    let each = options.pairs / options.threads;
    let left = Left::new(each * options.threads);
    let begin = Instant::now();
    let latencies = std::thread::scope(|scope| {
        let producers: Vec<_> =
            (0..options.threads).map(|_| scope.spawn(|| produce(queues, each, options.in_flight))).collect();
        let consumers: Vec<_> =
            (0..options.threads).map(|_| scope.spawn(|| consume(queues, &left, options.in_flight))).collect();
        for producer in producers {
            producer.join().ok().context("a producer panicked")??;
        }
        let mut all = Vec::new();
        for consumer in consumers {
            all.extend(consumer.join().ok().context("a consumer panicked")??);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    Ok(Turn::of(each * options.threads, begin.elapsed().as_secs_f64(), latencies))
}

fn produce(queues: &Queues, count: usize, in_flight: usize) -> Result<()> {
    let mut flying = VecDeque::new();
    let message = [message()];
    for _ in 0..count {
        land(&mut flying, in_flight)?;
        flying.push_back(queues.send("q", &message, NOW)?);
    }
    land(&mut flying, 1)
}

/// Waits until fewer than so many are on the way.
fn land<T>(flying: &mut VecDeque<Pending<T>>, in_flight: usize) -> Result<()> {
    while flying.len() >= in_flight
        && let Some(first) = flying.pop_front()
    {
        first.wait()?;
    }
    Ok(())
}

fn consume(queues: &Queues, left: &Left, in_flight: usize) -> Result<Vec<f64>> {
    let (mut flying, mut latencies) = (VecDeque::new(), Vec::new());
    while let Some(claimed) = left.claim(32) {
        let begin = Instant::now();
        let got = queues.receive("q", Ask::up_to(claimed), NOW)?.wait()?;
        latencies.push(begin.elapsed().as_secs_f64() * 1e6);
        left.give_back(claimed - got.len());
        for one in got {
            land(&mut flying, in_flight)?;
            flying.push_back(queues.complete("q", Receipt::strict(one.sequence, one.token), NOW)?);
        }
    }
    land(&mut flying, 1)?;
    Ok(latencies)
}
