//! The embedded queues: pairs of a durable send and a durable complete, and receives, at several depths; in this process,
//! and over the HTTP faces of `tollgate serve`.

mod http;
mod ours;
mod redb;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::report::{self, Report};
use crate::stats::Spread;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// A folder on the disk that is measured; what is written there is removed.
    #[arg(long, default_value = "target")]
    dir: PathBuf,
    /// Turns at each depth.
    #[arg(long, default_value_t = 3)]
    turns: usize,
    /// Pairs a turn.
    #[arg(long, default_value_t = 100_000)]
    pairs: usize,
    /// Messages that wait meanwhile.
    #[arg(long, value_delimiter = ',', default_value = "1000,100000")]
    depths: Vec<usize>,
    /// Producers, and as many consumers.
    #[arg(long, default_value_t = 4)]
    threads: usize,
    /// Sends, and completes, that each of them has on the way.
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    /// Measure a store in redb beside it: the same operations, a transaction for each `threads × in_flight` pairs.
    #[arg(long)]
    redb: bool,
    /// Measure the HTTP faces of `tollgate serve` as well.
    #[arg(long)]
    http: bool,
    /// Pairs a turn over HTTP.
    #[arg(long, default_value_t = 20_000)]
    http_pairs: usize,
    /// Connections that send, and as many that receive.
    #[arg(long, default_value_t = 32)]
    connections: usize,
}

/// Bytes of a message's body.
const BODY_BYTES: usize = 300;

/// What one turn came to.
#[derive(Clone, Copy, Serialize)]
struct Turn {
    pairs_per_s: f64,
    receive_p50_us: f64,
    receive_p99_us: f64,
}

impl Turn {
    fn of(pairs: usize, seconds: f64, mut receives_us: Vec<f64>) -> Self {
        receives_us.sort_by(f64::total_cmp);
        let at = |share: f64| receives_us.get((receives_us.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Self { pairs_per_s: pairs as f64 / seconds, receive_p50_us: at(0.5), receive_p99_us: at(0.99) }
    }
}

/// Messages of a turn that nobody has received yet.
struct Left(AtomicUsize);

impl Left {
    fn new(messages: usize) -> Self {
        Self(AtomicUsize::new(messages))
    }

    /// Reserves up to `max` of them; `None`: there are none left.
    fn claim(&self, max: usize) -> Option<usize> {
        let take = |left: usize| (left > 0).then(|| left - left.min(max));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok().map(|left| left.min(max))
    }

    /// Leaves to others, or to a later try, what was reserved and was not there.
    fn give_back(&self, messages: usize) {
        self.0.fetch_add(messages, Ordering::Relaxed);
    }
}

/// A subject at a depth.
#[derive(Serialize)]
struct Row {
    subject: &'static str,
    depth: usize,
    turns: Vec<Turn>,
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let text =
            |pick: fn(&Turn) -> f64, digits| Spread::of(&self.turns.iter().map(pick).collect::<Vec<_>>()).text(digits);
        vec![
            self.subject.into(),
            self.depth.to_string(),
            text(|turn| turn.pairs_per_s, 0),
            text(|turn| turn.receive_p50_us, 0),
            text(|turn| turn.receive_p99_us, 0),
        ]
    }
}

pub(crate) fn run(tollgate: &Path, options: &Options) -> Result<Report> {
    std::fs::create_dir_all(&options.dir)?;
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for &depth in &options.depths {
        let dir = tempfile::tempdir_in(&options.dir)?;
        let (turns, finding) = ours::turns(dir.path(), options, depth)?;
        rows.push(Row { subject: "tollgate", depth, turns });
        findings.push(finding);
        if options.redb {
            let turns = redb::turns(dir.path(), options, depth)?;
            rows.push(Row { subject: "redb", depth, turns });
        }
        if options.http {
            let dir = tempfile::tempdir_in(&options.dir)?;
            for (subject, turns) in http::turns(tollgate, dir.path(), options, depth)? {
                rows.push(Row { subject, depth, turns });
            }
        }
    }
    let columns = ["", "messages waiting", "pairs/s", "receive p50 µs", "receive p99 µs"];
    Ok(Report {
        title: "The embedded queues".into(),
        how: format!(
            "In one process, {} turns of {} pairs, messages of {BODY_BYTES} B. Median (min–max). A pair: a message sent, \
             received and completed; send and complete are each acknowledged after fdatasync. {} producers and as many \
             consumers, each with up to {} sends or completes on the way, which are acknowledged one by one; a receive \
             takes up to 32. The latency of a receive is that of the call until its messages are there. redb: one \
             thread, its pairs in transactions of {} with its default durability; a receive is answered with its \
             transaction. Over HTTP: `tollgate serve` and its clients on the same machine, {} pairs a turn, {} kept \
             connections that send and as many that receive, one request at a time each; Service Bus: sent in batches \
             of {}, received and completed one by one, as its protocol has it; Queue Storage: put and deleted one by \
             one, got up to {} at a time, every request signed. The latency is that of a request that found something.",
            options.turns,
            options.pairs,
            options.threads,
            options.in_flight,
            options.threads * options.in_flight,
            options.http_pairs,
            options.connections,
            http::BATCH,
            http::GOT,
        ),
        machine: report::machine(),
        columns: columns.map(String::from).to_vec(),
        rows: rows.iter().map(Row::cells).collect(),
        findings,
        data: json!({ "rows": rows }),
    })
}
