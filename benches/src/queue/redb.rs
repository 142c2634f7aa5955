//! The same operations on a store in redb: messages by number, numbers that are ready, locks.

use anyhow::{Context, Result};
use redb::{Database, ReadableTable, TableDefinition};
use std::path::Path;
use std::time::Instant;

use super::{BODY_BYTES, Options, Turn};

const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
const READY: TableDefinition<'_, u64, ()> = TableDefinition::new("ready");
const LOCKED: TableDefinition<'_, u64, u64> = TableDefinition::new("locked");

pub(super) fn turns(dir: &Path, options: &Options, depth: usize) -> Result<Vec<Turn>> {
    let database = Database::create(dir.join("queue.redb"))?;
    let mut next = 0;
    while (next as usize) < depth {
        let count = (depth - next as usize).min(100_000) as u64;
        send(&database, next, count)?;
        next += count;
    }
    (0..options.turns).map(|_| turn(&database, options, &mut next)).collect()
}

fn send(database: &Database, from: u64, count: u64) -> Result<()> {
    let body = [0x5a; BODY_BYTES];
    let write = database.begin_write()?;
    {
        let (mut messages, mut ready) = (write.open_table(MESSAGES)?, write.open_table(READY)?);
        for number in from..from + count {
            messages.insert(number, &body[..])?;
            ready.insert(number, ())?;
        }
    }
    Ok(write.commit()?)
}

/// A transaction sends as many as it receives, and completes those that the one before received.
fn turn(database: &Database, options: &Options, next: &mut u64) -> Result<Turn> {
    let group = options.threads * options.in_flight;
    let (mut held, mut latencies) = (Vec::new(), Vec::new());
    let body = [0x5a; BODY_BYTES];
    let begin = Instant::now();
    for _ in 0..options.pairs.div_ceil(group) {
        let started = Instant::now();
        let write = database.begin_write()?;
        {
            let mut messages = write.open_table(MESSAGES)?;
            let (mut ready, mut locked) = (write.open_table(READY)?, write.open_table(LOCKED)?);
            for number in held.drain(..) {
                messages.remove(number)?;
                locked.remove(number)?;
            }
            for _ in 0..group {
                messages.insert(*next, &body[..])?;
                ready.insert(*next, ())?;
                *next += 1;
                let (first, _) = ready.pop_first()?.context("the queue is empty")?;
                let number = first.value();
                drop(first);
                locked.insert(number, 1)?;
                messages.get(number)?.context("a message is not there")?;
                held.push(number);
            }
        }
        write.commit()?;
        latencies.push(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Turn::of(options.pairs, begin.elapsed().as_secs_f64(), latencies))
}
