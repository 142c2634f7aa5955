//! The flow runtime by itself: made-up numbers through made-up stages, no plates.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tollgate_engine::flow::{Depth, Stage, inline, lanes};
use tollgate_engine::{Error, Result};
use tollgate_ingest::{Batch, Source};

/// A generator of numbers that look random and are not (xorshift).
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for _ in 0..3 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

/// What the source, the stages and the delivery of one run know of one another.
#[derive(Default)]
struct Known {
    /// Batches handed out.
    taken: AtomicU64,
    /// Batches delivered.
    given: AtomicU64,
    /// The end of the last batch delivered.
    delivered: AtomicU64,
    /// The last commit.
    committed: AtomicU64,
}

impl Known {
    fn delivered(&self, end: u64) {
        self.delivered.store(end, Ordering::SeqCst);
        self.given.fetch_add(1, Ordering::SeqCst);
    }
}

/// The numbers below `total` in batches of one to three; checks every commit.
struct Numbers {
    total: u64,
    next: u64,
    known: Arc<Known>,
    /// Told of every batch handed out.
    taken: Option<Sender<()>>,
    /// Fails instead of handing out this number.
    broken_at: Option<u64>,
}

impl Numbers {
    fn new(total: u64) -> (Self, Arc<Known>) {
        let known = Arc::new(Known::default());
        (Self { total, next: 0, known: Arc::clone(&known), taken: None, broken_at: None }, known)
    }
}

impl Source for Numbers {
    type Item = u64;

    fn next(&mut self) -> tollgate_ingest::Result<Option<Batch<u64>>> {
        if self.next == self.total {
            return Ok(None);
        }
        let end = (self.next + 1 + mix(self.next) % 3).min(self.total);
        if self.broken_at.is_some_and(|n| n < end) {
            return Err(tollgate_ingest::Error::NoPaths);
        }
        let items = (self.next..end).collect();
        self.next = end;
        self.known.taken.fetch_add(1, Ordering::SeqCst);
        if let Some(taken) = &self.taken {
            taken.send(()).expect("the test listens");
        }
        Ok(Some(Batch { end, items }))
    }

    fn commit(&mut self, end: u64) -> tollgate_ingest::Result<()> {
        assert!(end <= self.known.delivered.load(Ordering::SeqCst), "committed {end} before it was delivered");
        assert!(self.known.committed.swap(end, Ordering::SeqCst) <= end, "a commit went back to {end}");
        Ok(())
    }
}

/// Works on each number for a time that the number decides.
struct Work {
    fails_at: Option<u64>,
    panics_at: Option<u64>,
}

impl Work {
    fn new() -> Self {
        Self { fails_at: None, panics_at: None }
    }
}

impl Stage<u64> for Work {
    type Out = (u64, u64);

    fn run(&mut self, batch: Batch<u64>) -> Result<Batch<Self::Out>> {
        let work = |n| {
            assert_ne!(self.panics_at, Some(n), "the stage panics as told");
            if self.fails_at == Some(n) {
                return Err(broken("stage"));
            }
            Ok((n, (0..mix(n) % 5_000).fold(n, |x, _| mix(x))))
        };
        Ok(Batch { end: batch.end, items: batch.items.into_iter().map(work).collect::<Result<_>>()? })
    }
}

/// An error that only this test makes.
fn broken(who: &str) -> Error {
    Error::Backend { backend: "test", reason: who.into() }
}

fn is_broken(outcome: Result<()>, who: &str) -> bool {
    matches!(outcome, Err(Error::Backend { backend: "test", reason }) if reason == who)
}

fn works(n: usize) -> Vec<Work> {
    (0..n).map(|_| Work::new()).collect()
}

fn depth(n: usize) -> Depth {
    Depth(NonZeroUsize::new(n).expect("a depth above 0"))
}

fn go() -> AtomicBool {
    AtomicBool::new(false)
}

/// Whether the items of some batches are the numbers from 0 on, up to the last batch's end.
fn is_prefix(batches: &[Batch<(u64, u64)>]) -> bool {
    let numbers: Vec<u64> = batches.iter().flat_map(|b| b.items.iter().map(|(n, _)| *n)).collect();
    numbers == (0..batches.last().map_or(0, |b| b.end)).collect::<Vec<_>>()
}

#[test]
fn lanes_give_what_inline_gives_in_the_same_order() {
    let (mut source, known) = Numbers::new(400);
    let mut alone = Vec::new();
    let deliver = |batch: Batch<_>| {
        known.delivered(batch.end);
        alone.push(batch);
        Ok(())
    };
    inline(&mut source, &mut Work::new(), &go(), deliver).unwrap();
    assert!(is_prefix(&alone) && alone.last().unwrap().end == 400);
    assert_eq!(known.committed.load(Ordering::SeqCst), 400);
    for (n, waiting) in [(1, 1), (2, 1), (3, 2), (4, 1), (4, 5)] {
        let (mut source, known) = Numbers::new(400);
        let mut together = Vec::new();
        let deliver = |batch: Batch<_>| {
            known.delivered(batch.end);
            together.push(batch);
            Ok(())
        };
        lanes(&mut source, works(n), depth(waiting), &go(), deliver).unwrap();
        assert_eq!(together, alone, "{n} lanes");
        assert_eq!(known.committed.load(Ordering::SeqCst), 400, "{n} lanes");
    }
}

#[test]
fn stages_run_one_after_the_other() {
    /// Keeps the even numbers.
    struct Even;
    impl Stage<(u64, u64)> for Even {
        type Out = u64;

        fn run(&mut self, batch: Batch<(u64, u64)>) -> Result<Batch<u64>> {
            let items = batch.items.into_iter().map(|(n, _)| n).filter(|n| n % 2 == 0).collect();
            Ok(Batch { end: batch.end, items })
        }
    }
    let (mut source, known) = Numbers::new(50);
    let mut even = Vec::new();
    let stages = (0..2).map(|_| Work::new().then(Even)).collect();
    let deliver = |batch: Batch<u64>| {
        known.delivered(batch.end);
        even.extend(batch.items);
        Ok(())
    };
    lanes(&mut source, stages, depth(1), &go(), deliver).unwrap();
    assert_eq!(even, (0..50).step_by(2).collect::<Vec<_>>());
    assert_eq!(known.committed.load(Ordering::SeqCst), 50, "a batch that lost all its items still counts");
}

#[test]
fn an_empty_source_delivers_and_commits_nothing() {
    let (mut source, known) = Numbers::new(0);
    lanes(&mut source, works(3), depth(1), &go(), |_| Err(broken("delivery"))).unwrap();
    assert_eq!(known.taken.load(Ordering::SeqCst), 0);
}

#[test]
fn a_stages_error_ends_the_run_after_all_that_came_before() {
    for n in 1..=4 {
        let (mut source, known) = Numbers::new(10_000);
        let mut got = Vec::new();
        let stages = (0..n).map(|_| Work { fails_at: Some(77), ..Work::new() }).collect();
        let outcome = lanes(&mut source, stages, depth(2), &go(), |batch| {
            known.delivered(batch.end);
            got.push(batch);
            Ok(())
        });
        assert!(is_broken(outcome, "stage"), "{n} lanes");
        let end = got.last().unwrap().end;
        assert!(is_prefix(&got) && end <= 77 && end + 3 > 77, "{n} lanes delivered up to {end}");
        assert!(source.next < 1_000, "the source was drained after the error: {}", source.next);
    }
}

#[test]
fn a_broken_source_ends_the_run_after_all_that_came_before() {
    for n in 1..=4 {
        let (source, known) = Numbers::new(10_000);
        let mut source = Numbers { broken_at: Some(60), ..source };
        let outcome = lanes(&mut source, works(n), depth(1), &go(), |batch| {
            known.delivered(batch.end);
            Ok(())
        });
        assert!(matches!(outcome, Err(Error::Ingest(tollgate_ingest::Error::NoPaths))), "{n} lanes");
        assert_eq!(known.delivered.load(Ordering::SeqCst), source.next, "{n} lanes");
    }
}

#[test]
fn a_deliverys_error_ends_the_run() {
    for n in 1..=4 {
        let (mut source, known) = Numbers::new(10_000);
        let mut calls = 0;
        let outcome = lanes(&mut source, works(n), depth(1), &go(), |batch| {
            calls += 1;
            if calls == 10 {
                return Err(broken("delivery"));
            }
            known.delivered(batch.end);
            Ok(())
        });
        assert!(is_broken(outcome, "delivery"), "{n} lanes");
        assert_eq!(calls, 10, "{n} lanes: a delivery that failed was called again");
        assert!(source.next < 1_000, "the source was drained after the error: {}", source.next);
    }
}

#[test]
fn what_was_taken_before_a_stop_is_delivered_and_committed() {
    for n in 1..=4 {
        let (mut source, known) = Numbers::new(100_000);
        let (stop, mut got) = (go(), Vec::new());
        let deliver = |batch: Batch<_>| {
            known.delivered(batch.end);
            got.push(batch);
            stop.store(got.len() >= 5, Ordering::SeqCst);
            Ok(())
        };
        lanes(&mut source, works(n), depth(1), &stop, deliver).unwrap();
        assert!(is_prefix(&got) && got.len() >= 5, "{n} lanes");
        assert_eq!(got.last().unwrap().end, source.next, "{n} lanes: something taken was not delivered");
        assert_eq!(known.committed.load(Ordering::SeqCst), source.next, "{n} lanes");
        assert!(got.len() < 5 + 3 * n + 3, "{n} lanes went on to {} batches", got.len());
    }
}

#[test]
fn inline_stops_after_the_batch_in_hand() {
    let (mut source, known) = Numbers::new(1_000);
    let stop = go();
    let deliver = |batch: Batch<_>| {
        known.delivered(batch.end);
        stop.store(true, Ordering::SeqCst);
        Ok(())
    };
    inline(&mut source, &mut Work::new(), &stop, deliver).unwrap();
    assert_eq!(known.taken.load(Ordering::SeqCst), 1);
    assert_eq!(known.committed.load(Ordering::SeqCst), source.next);
}

/// A delivery that waits holds the source back: besides the batch in its hand there are, in each lane, `depth` before
/// it, one in it and `depth` after it, and one that the source's thread cannot get rid of.
#[test]
fn a_slow_delivery_holds_the_source_back() {
    for (n, waiting) in [(1, 1), (1, 3), (3, 1)] {
        let in_flight = n * (2 * waiting + 1) + 1;
        let (source, known) = Numbers::new(300);
        let (sender, taken): (_, Receiver<()>) = channel();
        let mut source = Numbers { taken: Some(sender), ..source };
        let mut seen = 0;
        let deliver = |batch: Batch<_>| {
            // The first delivery waits until the source has been asked as often as it can be.
            while known.given.load(Ordering::SeqCst) == 0 && seen <= in_flight {
                taken.recv().expect("a source at work");
                seen += 1;
            }
            let ahead = known.taken.load(Ordering::SeqCst) - known.given.load(Ordering::SeqCst);
            assert!(ahead <= in_flight as u64 + 1, "{n} lanes: the source is {ahead} batches ahead");
            known.delivered(batch.end);
            Ok(())
        };
        lanes(&mut source, works(n), depth(waiting), &go(), deliver).unwrap();
        assert_eq!(seen, in_flight + 1, "{n} lanes");
        assert_eq!(known.committed.load(Ordering::SeqCst), 300);
    }
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_stages_panic_neither_hangs_nor_hides() {
    let (mut source, known) = Numbers::new(1_000);
    let stages = (0..3).map(|_| Work { panics_at: Some(50), ..Work::new() }).collect();
    let deliver = |batch: Batch<_>| {
        known.delivered(batch.end);
        Ok(())
    };
    drop(lanes(&mut source, stages, depth(1), &go(), deliver));
}
