//! Random operations, with reopening among them, against a plain list of messages.

use proptest::prelude::*;
use tollgate_sinks::queue::{Ask, DeadLetter, Delivery, Message, Phase, Queues, Settings};

use super::common::{T0, open, queue, strict, text};

#[derive(Clone, Debug)]
enum Op {
    Send { live_ms: Option<u64>, delay_ms: i64 },
    Receive(usize),
    Complete(prop::sample::Index),
    Abandon(prop::sample::Index),
    Defer(prop::sample::Index),
    Bury(prop::sample::Index),
    Renew(prop::sample::Index),
    Wait(i64),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => (prop::option::of(1_u64..60_000), prop_oneof![4 => Just(0), 1 => 1_i64..20_000])
            .prop_map(|(live_ms, delay_ms)| Op::Send { live_ms, delay_ms }),
        4 => (1_usize..4).prop_map(Op::Receive),
        3 => index().prop_map(Op::Complete),
        2 => index().prop_map(Op::Abandon),
        1 => index().prop_map(Op::Defer),
        1 => index().prop_map(Op::Bury),
        1 => index().prop_map(Op::Renew),
        2 => (1_i64..40_000).prop_map(Op::Wait),
        1 => Just(Op::Reopen),
    ]
}

/// A message as the model has it.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    sequence: u64,
    deliveries: u32,
    phase: Phase,
    deferred: bool,
    until_ms: i64,
    expires_ms: i64,
    dead: bool,
}

#[derive(Default)]
struct Model {
    all: Vec<Plain>,
    next: u64,
}

const MAX_DELIVERIES: u32 = 3;
const LOCK_MS: i64 = 30_000;

impl Model {
    /// Locks end, the others' time comes, and what has expired is a dead letter.
    fn advance(&mut self, now: i64) {
        for one in self.all.iter_mut().filter(|one| !one.dead) {
            let due = matches!(one.phase, Phase::Locked | Phase::Scheduled) && one.until_ms <= now;
            if due {
                release(one, now);
            }
            if !one.dead && one.phase != Phase::Locked && one.expires_ms <= now {
                bury(one);
            }
        }
    }
}

fn release(one: &mut Plain, now: i64) {
    let spent = one.phase == Phase::Locked && one.deliveries >= MAX_DELIVERIES;
    one.phase = if one.deferred { Phase::Deferred } else { Phase::Ready };
    one.until_ms = 0;
    if spent || one.expires_ms <= now {
        bury(one);
    }
}

fn bury(one: &mut Plain) {
    (one.dead, one.phase, one.deferred, one.until_ms) = (true, Phase::Ready, false, 0);
}

fn seen(queues: &Queues, now: i64) -> Vec<(u64, u32, Phase, i64, bool)> {
    let mut all = Vec::new();
    for (name, dead) in [("q", false), ("q/$deadletterqueue", true)] {
        let peeked = queues.peek(name, 0, 10_000, now).expect("the queue is there").wait().expect("it is durable");
        all.extend(peeked.iter().map(|one| (one.sequence, one.deliveries, one.phase, one.until_ms, dead)));
    }
    all.sort_unstable_by_key(|one| one.0);
    all
}

fn settle(model: &mut Model, now: i64, delivery: &Delivery, f: impl FnOnce(&mut Plain)) -> bool {
    model.advance(now);
    let found = model.all.iter_mut().find(|one| one.sequence == delivery.sequence && !one.dead);
    let held = found.filter(|one| one.phase == Phase::Locked && one.deliveries == delivery.deliveries);
    held.map(f).is_some()
}

fn run(ops: Vec<Op>) {
    let dir = tempfile::tempdir().expect("a folder");
    let settings = Settings { max_deliveries: MAX_DELIVERIES, dead_letter_expired: true, ..Settings::default() };
    let mut queues = queue(dir.path(), settings);
    let (mut model, mut now, mut held) = (Model { next: 1, ..Model::default() }, T0, Vec::<Delivery>::new());
    for op in ops {
        match op {
            Op::Send { live_ms, delay_ms } => {
                let visible = now + delay_ms;
                let message = Message { time_to_live_ms: live_ms, visible_ms: Some(visible), ..text("m") };
                queues.send("q", &[message], now).expect("it is taken").wait().expect("it is durable");
                let phase = if delay_ms > 0 { Phase::Scheduled } else { Phase::Ready };
                let expires_ms = live_ms.map_or(i64::MAX, |live| visible + live as i64);
                let until_ms = if delay_ms > 0 { visible } else { 0 };
                let (sequence, deliveries) = (model.next, 0);
                model.all.push(Plain {
                    sequence,
                    deliveries,
                    phase,
                    deferred: false,
                    until_ms,
                    expires_ms,
                    dead: false,
                });
                model.next += 1;
            }
            Op::Receive(max) => {
                let got = queues
                    .receive("q", Ask::up_to(max), now)
                    .expect("the queue is there")
                    .wait()
                    .expect("it is durable");
                model.advance(now);
                let ready = model.all.iter_mut().filter(|one| !one.dead && one.phase == Phase::Ready).take(max);
                let wanted: Vec<u64> = ready
                    .map(|one| {
                        (one.phase, one.until_ms, one.deliveries) = (Phase::Locked, now + LOCK_MS, one.deliveries + 1);
                        one.sequence
                    })
                    .collect();
                assert_eq!(got.iter().map(|one| one.sequence).collect::<Vec<_>>(), wanted);
                held.extend(got);
            }
            Op::Complete(i) if !held.is_empty() => {
                let one = held.swap_remove(i.index(held.len()));
                let done = queues.complete("q", strict(&one), now).map(|p| p.wait().expect("it is durable")).is_ok();
                assert_eq!(done, settle(&mut model, now, &one, |one| one.sequence = 0));
                model.all.retain(|one| one.sequence != 0);
            }
            Op::Abandon(i) if !held.is_empty() => {
                let one = held.swap_remove(i.index(held.len()));
                let done = queues.abandon("q", strict(&one), now).map(|p| p.wait().expect("it is durable")).is_ok();
                assert_eq!(done, settle(&mut model, now, &one, |one| release(one, now)));
            }
            Op::Defer(i) if !held.is_empty() => {
                let one = held.swap_remove(i.index(held.len()));
                let done = queues.defer("q", strict(&one), now).map(|p| p.wait().expect("it is durable")).is_ok();
                let defer = |one: &mut Plain| (one.phase, one.deferred, one.until_ms) = (Phase::Deferred, true, 0);
                assert_eq!(done, settle(&mut model, now, &one, defer));
            }
            Op::Bury(i) if !held.is_empty() => {
                let one = held.swap_remove(i.index(held.len()));
                let why = DeadLetter { reason: "r".into(), description: String::new() };
                let done =
                    queues.dead_letter("q", strict(&one), why, now).map(|p| p.wait().expect("it is durable")).is_ok();
                assert_eq!(done, settle(&mut model, now, &one, bury));
            }
            Op::Renew(i) if !held.is_empty() => {
                let one = &held[i.index(held.len())];
                let done = queues.renew("q", strict(one), now).map(|p| p.wait().expect("it is durable")).is_ok();
                assert_eq!(done, settle(&mut model, now, one, |one| one.until_ms = now + LOCK_MS));
            }
            Op::Wait(ms) => now += ms,
            Op::Reopen => {
                drop(queues);
                queues = open(dir.path());
            }
            _ => {}
        }
        model.advance(now);
        let wanted: Vec<_> =
            model.all.iter().map(|one| (one.sequence, one.deliveries, one.phase, one.until_ms, one.dead)).collect();
        assert_eq!(seen(&queues, now), wanted, "at {now}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn the_store_does_what_a_plain_list_does(ops in prop::collection::vec(op(), 1..60)) {
        run(ops);
    }
}
