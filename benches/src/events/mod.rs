//! Results to webhooks, in this process: filters alone, filters and push together, and a receiver beside one that hangs.

mod receiver;
mod stage;

use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tollgate_sinks::{CloudEvent, Published, Sink};

use self::receiver::{Hung, Receiver};
use crate::report::{self, Report};
use crate::stats::Spread;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder on the disk that subscriptions keep their state on; what is written there is removed.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// Turns, each running everything once.
    #[arg(long, default_value_t = 5)]
    turns: usize,
    /// Events a turn; a fortieth as many deliveries beside a receiver that hangs.
    #[arg(long, default_value_t = 20_000)]
    events: u64,
}

/// Events handed to a sink at once: about what a follower reads of the hub at once.
const CHUNK: usize = 800;
/// Events of a delivery whose time is measured, and how often there is one.
const DELIVERY: u64 = 10;
const EVERY: Duration = Duration::from_millis(4);

/// What one turn came to.
#[derive(Clone, Copy, Serialize)]
struct Turn {
    filtered_per_s: f64,
    pushed_per_s: f64,
    requests: u64,
    alone_p50_ms: f64,
    alone_p99_ms: f64,
    beside_p50_ms: f64,
    beside_p99_ms: f64,
}

pub(crate) fn run(options: &Options) -> Result<Report> {
    std::fs::create_dir_all(&options.dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut turns = Vec::new();
    for turn in 0..options.turns {
        let dir = tempfile::tempdir_in(&options.dir)?;
        let filtered_per_s = filter(options.events)?;
        let (pushed_per_s, requests) = push(dir.path(), &runtime, options.events)?;
        let deliveries = (options.events / 40).max(20);
        let measured = |hung| beside(dir.path(), &runtime, deliveries, hung);
        // By turns the one or the other first: what comes first finds a colder disk.
        let (alone, with) = if turn % 2 == 0 {
            let alone = measured(false)?;
            (alone, measured(true)?)
        } else {
            let with = measured(true)?;
            (measured(false)?, with)
        };
        turns.push(Turn {
            filtered_per_s,
            pushed_per_s,
            requests,
            alone_p50_ms: alone[0],
            alone_p99_ms: alone[1],
            beside_p50_ms: with[0],
            beside_p99_ms: with[1],
        });
    }
    Ok(report(options, &turns))
}

/// Events a second, parsed and through 20 filters, on this thread.
fn filter(events: u64) -> Result<f64> {
    let (route, jsons) = (stage::route()?, (0..events).map(stage::json).collect::<Vec<_>>());
    let begin = Instant::now();
    let mut taken = 0;
    for json in &jsons {
        taken += u64::from(route.takes(&CloudEvent::from_json(json)?));
    }
    ensure!(taken == events, "{taken} of {events} events passed the filters");
    Ok(events as f64 / begin.elapsed().as_secs_f64())
}

/// Events a second, parsed, through 20 filters, delivered and noted durably; and requests.
fn push(dir: &Path, runtime: &Runtime, events: u64) -> Result<(f64, u64)> {
    let (route, receiver) = (stage::route()?, Receiver::start(runtime.handle())?);
    let mut sink = stage::subscription(dir, "rate", &receiver.url, runtime.handle())?.sink();
    let jsons: Vec<_> = (0..events).map(stage::json).collect();
    let begin = Instant::now();
    let mut bytes = 0;
    for (chunk, offset) in jsons.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        let all = chunk.iter().zip(offset..).map(|(json, offset)| stage::published(offset, json));
        let all = all.collect::<Result<Vec<Published>>>()?;
        let taken: Vec<_> = all.into_iter().filter(|item| route.takes(&item.event)).collect();
        bytes += taken.iter().map(|item| item.json.len() as u64 + 1).sum::<u64>();
        sink.write(&taken)?;
        sink.sync()?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let [requests, received] = receiver.counts();
    ensure!(received == bytes + requests, "the receiver has {received} bytes in {requests} requests, not {bytes}");
    Ok((events as f64 / seconds, requests))
}

/// The median and the 99th percentile of a delivery in ms, noted durably; perhaps beside a receiver that never answers.
fn beside(dir: &Path, runtime: &Runtime, deliveries: u64, hung: bool) -> Result<[f64; 2]> {
    let (receiver, silent) = (Receiver::start(runtime.handle())?, Hung::start()?);
    let name = if hung { "beside" } else { "alone" };
    let brisk = stage::subscription(dir, name, &receiver.url, runtime.handle())?;
    let stuck = stage::subscription(dir, &format!("{name}-hung"), &silent.url, runtime.handle())?;
    let items = |from: u64, count: u64| {
        (from..from + count).map(|offset| stage::published(offset, &stage::json(offset))).collect::<Result<Vec<_>>>()
    };
    let many = items(0, 1000)?;
    std::thread::scope(|scope| {
        let waiting = hung.then(|| {
            scope.spawn(|| {
                let mut sink = stuck.sink();
                sink.write(&many).and_then(|()| sink.sync())
            })
        });
        let timed = deliver(&mut brisk.sink(), deliveries, items);
        stuck.interrupt();
        if let Some(Ok(Err(error))) = waiting.map(std::thread::ScopedJoinHandle::join) {
            return Err(error.into());
        }
        timed
    })
}

fn deliver(
    sink: &mut impl Sink<Published>,
    deliveries: u64,
    items: impl Fn(u64, u64) -> Result<Vec<Published>>,
) -> Result<[f64; 2]> {
    let (begin, mut times) = (Instant::now(), Vec::new());
    for (delivery, due) in (0..deliveries).zip(1..) {
        let events = items(delivery * DELIVERY, DELIVERY)?;
        let started = Instant::now();
        sink.write(&events)?;
        sink.sync()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep((EVERY * due).saturating_sub(begin.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Ok([at(0.5), at(0.99)])
}

fn report(options: &Options, turns: &[Turn]) -> Report {
    let spread = |pick: fn(&Turn) -> f64| Spread::of(&turns.iter().map(pick).collect::<Vec<_>>());
    let row = |name: &str, wanted: &str, pick: fn(&Turn) -> f64, digits| {
        vec![name.to_owned(), wanted.to_owned(), spread(pick).text(digits)]
    };
    let profile = if cfg!(debug_assertions) { "dev (our crates optimised at level 1)" } else { "release" };
    let ratio = spread(|turn| turn.beside_p99_ms / turn.alone_p99_ms);
    Report {
        title: "Results to webhooks".into(),
        how: format!(
            "In one process, profile {profile}, {} turns of {} events of about 1 KB, receivers on loopback in the same \
             process. Median (min–max). Filtered: JSON parsed and 20 filters passed, one thread. Pushed: the same, then \
             POSTed in batches of 100, 4 requests at a time, and noted durably for each {CHUNK} events. Delivery: \
             {DELIVERY} events every {} ms in one request, noted durably, alone and beside a subscription that has \
             1,000 events on their way to a receiver that never answers.",
            options.turns,
            options.events,
            EVERY.as_millis()
        ),
        machine: report::machine(),
        columns: ["", "wanted", "measured"].map(String::from).to_vec(),
        rows: vec![
            row("events/s through 20 filters, with parsing", "50,000", |turn| turn.filtered_per_s, 0),
            row("events/s filtered and pushed to one webhook", "5,000", |turn| turn.pushed_per_s, 0),
            row("delivery alone, p50 ms", "", |turn| turn.alone_p50_ms, 2),
            row("delivery alone, p99 ms", "", |turn| turn.alone_p99_ms, 2),
            row("delivery beside one that hangs, p50 ms", "", |turn| turn.beside_p50_ms, 2),
            row("delivery beside one that hangs, p99 ms", "", |turn| turn.beside_p99_ms, 2),
            row("p99 beside / alone, turn by turn", "under 1.10", |turn| turn.beside_p99_ms / turn.alone_p99_ms, 3),
        ],
        findings: vec![format!(
            "a receiver that hangs makes the other's p99 {:.2} times what it is alone",
            ratio.median
        )],
        data: json!({ "turns": turns }),
    }
}
