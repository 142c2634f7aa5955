//! Competing consumers under load, and a server that is killed in the middle of it.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const QUEUE: &str = "[queues.queue.jobs]\nlock_ms = 15000\nmax_deliveries = 0\n";
const PRODUCERS: usize = 3;
const CONSUMERS: usize = 4;
/// Messages completed when the server is killed.
const ENOUGH: usize = 300;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    sent: Mutex<BTreeSet<String>>,
    /// Whose completion was asked for, answered or not.
    begun: Mutex<BTreeSet<String>>,
    completed: Mutex<BTreeSet<String>>,
    count: AtomicUsize,
}

fn note(set: &Mutex<BTreeSet<String>>, id: &str) -> bool {
    set.lock().expect("a set").insert(id.to_owned())
}

fn produce(server: &Server, producer: usize, done: &Acknowledged) {
    let client = Client::new(server);
    for n in 0.. {
        let id = format!("{producer}-{n}");
        if !client.send("jobs", &id) {
            return;
        }
        note(&done.sent, &id);
    }
}

fn consume(server: &Server, done: &Acknowledged) {
    let client = Client::new(server);
    while let Some(got) = client.receive("POST", "jobs", 10) {
        let id = got.broker["MessageId"].as_str().expect("an id");
        assert_eq!((id, &got.broker["DeliveryCount"]), (got.body.as_str(), &1.into()), "it was somebody else's");
        note(&done.begun, id);
        if !client.complete(&got) {
            return;
        }
        assert!(note(&done.completed, id), "{id} was completed twice");
        done.count.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_kill_loses_nothing_acknowledged_and_brings_back_nothing_completed() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), QUEUE, &[]);
    let done = Acknowledged::default();
    std::thread::scope(|scope| {
        let (server, done) = (&server, &done);
        for producer in 0..PRODUCERS {
            scope.spawn(move || produce(server, producer, done));
        }
        for _ in 0..CONSUMERS {
            scope.spawn(move || consume(server, done));
        }
        while done.count.load(Ordering::Relaxed) < ENOUGH {
            std::thread::yield_now();
        }
        let killed = Command::new("kill").args(["-KILL", &server.pid().to_string()]).status();
        assert!(killed.expect("kill").success());
    });
    server.died();
    let server = serve(dir.path(), QUEUE, &[]);
    let client = Client::new(&server);
    let (sent, begun, completed) =
        (done.sent.into_inner().unwrap(), done.begun.into_inner().unwrap(), done.completed.into_inner().unwrap());
    assert!(sent.len() >= ENOUGH && completed.len() >= ENOUGH);
    // Waits out the locks of those who died with the server.
    let mut left = BTreeSet::new();
    while let Some(got) = client.receive("DELETE", "jobs", 20) {
        assert!(left.insert(got.body.clone()), "{} came twice", got.body);
    }
    let lost: Vec<_> = sent.iter().filter(|id| !begun.contains(*id) && !left.contains(*id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let unsettled: Vec<_> = begun.difference(&completed).filter(|id| left.contains(*id)).collect();
    assert!(unsettled.len() <= CONSUMERS, "{unsettled:?}");
    let back: Vec<_> = completed.intersection(&left).collect();
    assert!(back.is_empty(), "came back: {back:?}");
}
