//! The manual-check queue: peek-lock, idempotence, durability; the clock is a number in the test's hand.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tollgate_sinks::manual::{Answer, Completed, Counts, Item, Locked, ManualQueue, ManualSink, Step};
use tollgate_sinks::{Entry, Error, Result, Sink, event::EventKind};
use uuid::Uuid;

use crate::common::{self, Random};

const LOCK: TimeDelta = TimeDelta::seconds(30);

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap_or_default()
}

fn item(n: usize) -> Item {
    let event = common::event_of(n, EventKind::ManualCheck);
    Item::from(&Entry { event, crop: vec![n as u8; n % 5] })
}

fn queue_with(dir: &Path, count: usize) -> Result<ManualQueue> {
    let queue = ManualQueue::open(&dir.join("manual-queue.redb"))?;
    let items: Vec<Item> = (0..count).map(item).collect();
    assert_eq!(queue.put_all(&items)?, count as u64);
    Ok(queue)
}

fn receive(queue: &ManualQueue, second: i64) -> Locked {
    queue.receive(at(second), LOCK).expect("the queue works").expect("an item waits")
}

fn answer() -> Answer {
    Answer::Text("ABC1D23".into())
}

fn counts(waiting: u64, locked: u64, completed: u64) -> Counts {
    Counts { waiting, locked, completed }
}

#[test]
fn items_come_whole_in_order_to_one_receiver_each() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 3).unwrap();
    let (first, second) = (receive(&queue, 0), receive(&queue, 0));
    assert_eq!((&first.item, &second.item), (&item(0), &item(1)));
    assert_ne!(first.token, second.token);
    assert_eq!((first.delivery_count, first.locked_until), (1, at(30)));
    assert_eq!(queue.peek(10).unwrap(), [item(2)]);
    assert_eq!(queue.counts().unwrap(), counts(1, 2, 0));
    receive(&queue, 0);
    assert_eq!(queue.receive(at(29), LOCK).unwrap(), None);
}

#[test]
fn a_completed_item_stays_completed_over_puts_and_reopens() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 1).unwrap();
    let locked = receive(&queue, 0);
    let id = locked.item.event_id;
    assert!(!queue.put(&item(0)).unwrap(), "a locked item is put once");
    queue.complete(id, locked.token, &answer(), at(10)).unwrap();
    assert!(!queue.put(&item(0)).unwrap());
    drop(queue);
    let queue = ManualQueue::open(&dir.path().join("manual-queue.redb")).unwrap();
    assert!(!queue.put(&item(0)).unwrap());
    assert_eq!(queue.receive(at(99), LOCK).unwrap(), None);
    assert_eq!(queue.counts().unwrap(), counts(0, 0, 1));
    let done = queue.completed(id).unwrap().unwrap();
    assert_eq!((done.answer, done.completed_at, done.delivery_count), (answer(), at(10), 1));
    assert_eq!(done.item.partial_text, item(0).partial_text);
    let again = queue.complete(id, locked.token, &answer(), at(11));
    assert!(matches!(again, Err(Error::UnknownItem { id: unknown }) if unknown == id));
}

#[test]
fn a_lock_that_ends_gives_the_item_to_the_next_and_its_token_is_worth_nothing() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 2).unwrap();
    let slow = receive(&queue, 0);
    let id = slow.item.event_id;
    let late = queue.complete(id, slow.token, &answer(), at(30));
    assert!(matches!(late, Err(Error::LockLost { .. })), "the lock ends with its last instant: {late:?}");
    let next = receive(&queue, 30);
    assert_eq!((next.item.event_id, next.delivery_count), (id, 2), "the item has kept its place at the front");
    assert!(matches!(queue.complete(id, slow.token, &answer(), at(31)), Err(Error::LockLost { .. })));
    assert!(matches!(queue.abandon(id, slow.token), Err(Error::LockLost { .. })));
    queue.complete(id, next.token, &Answer::Unreadable, at(59)).unwrap();
    assert_eq!(queue.counts().unwrap(), counts(1, 0, 1));
}

#[test]
fn an_abandoned_item_waits_again_at_once_in_its_old_place() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 2).unwrap();
    let first = receive(&queue, 0);
    queue.abandon(first.item.event_id, first.token).unwrap();
    assert_eq!(queue.peek(1).unwrap(), [item(0)]);
    let again = receive(&queue, 1);
    assert_eq!((again.item.event_id, again.delivery_count), (first.item.event_id, 2));
    assert!(matches!(queue.abandon(first.item.event_id, first.token), Err(Error::LockLost { .. })));
}

#[test]
fn unknown_items_wrong_tokens_and_a_second_owner_are_refused() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 1).unwrap();
    let nobody = Uuid::from_u128(7);
    assert!(matches!(queue.complete(nobody, nobody, &answer(), at(0)), Err(Error::UnknownItem { .. })));
    assert!(matches!(queue.abandon(nobody, nobody), Err(Error::UnknownItem { .. })));
    let id = item(0).event_id;
    assert!(matches!(queue.abandon(id, nobody), Err(Error::LockLost { .. })), "it is not locked at all");
    receive(&queue, 0);
    assert!(matches!(queue.complete(id, nobody, &answer(), at(1)), Err(Error::LockLost { .. })));
    assert_eq!(queue.completed(id).unwrap(), None);
    let second = ManualQueue::open(&dir.path().join("manual-queue.redb"));
    assert!(matches!(second, Err(Error::Queue { action: "open", .. })));
}

#[test]
fn what_is_no_queue_is_refused_and_left_alone() {
    let dir = common::scratch();
    let path = dir.path().join("manual-queue.redb");
    std::fs::write(&path, "something of the user's").unwrap();
    assert!(matches!(ManualQueue::open(&path), Err(Error::Queue { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"something of the user's");
}

#[test]
fn locks_outlive_the_process() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 1).unwrap();
    let locked = receive(&queue, 0);
    drop(queue);
    let queue = ManualQueue::open(&dir.path().join("manual-queue.redb")).unwrap();
    assert_eq!(queue.receive(at(5), LOCK).unwrap(), None);
    queue.complete(locked.item.event_id, locked.token, &answer(), at(6)).unwrap();
}

#[test]
fn the_sink_puts_manual_checks_alone_and_a_second_replay_asks_nobody_twice() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 0).unwrap();
    for replay in 0..2 {
        let mut sink = ManualSink::new(&queue);
        sink.write(&common::entries(50)).unwrap();
        sink.sync().unwrap();
        let waiting = if replay == 0 { 10 } else { 9 };
        assert_eq!(queue.counts().unwrap().waiting, waiting);
        if replay == 0 {
            let locked = receive(&queue, 0);
            assert_eq!(locked.item.crop, common::entry(3).crop);
            queue.complete(locked.item.event_id, locked.token, &answer(), at(1)).unwrap();
        }
    }
}

#[test]
fn two_receivers_in_threads_never_get_the_same_item() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 40).unwrap();
    let work = || {
        let mut got = Vec::new();
        while let Some(locked) = queue.receive(at(0), LOCK).unwrap() {
            got.push(locked.item.event_id);
            queue.complete(locked.item.event_id, locked.token, &answer(), at(1)).unwrap();
        }
        got
    };
    let mut all = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut mine = work();
        mine.extend(other.join().unwrap());
        mine
    });
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 40);
    assert_eq!(queue.counts().unwrap(), counts(0, 0, 40));
}

/// An item in the model: its place, and the lock's end and token while it has one.
type Waiting = (usize, Option<(i64, Uuid)>);

/// One seeded run of random operations against a list.
fn random_run(seed: u64) -> Result<()> {
    let dir = common::scratch();
    let path = dir.path().join("manual-queue.redb");
    let mut queue = ManualQueue::open(&path)?;
    let (mut random, mut now) = (Random::new(seed), 0);
    let (mut open, mut seen, mut done): (Vec<Waiting>, Vec<usize>, u64) = Default::default();
    for _ in 0..40 {
        now += random.below(12) as i64;
        match random.below(6) {
            0..2 => {
                let n = random.below(12);
                let new = !seen.contains(&n);
                assert_eq!(queue.put(&item(n))?, new, "seed {seed}");
                if new {
                    seen.push(n);
                    open.push((n, None));
                }
            }
            2..4 => {
                let free = open.iter_mut().find(|(_, lock)| lock.is_none_or(|(end, _)| end <= now));
                let got = queue.receive(at(now), LOCK)?;
                assert_eq!(got.as_ref().map(|l| l.item.event_id), free.as_ref().map(|(n, _)| item(*n).event_id));
                if let (Some(free), Some(got)) = (free, got) {
                    free.1 = Some((now + 30, got.token));
                }
            }
            4 if !open.is_empty() => {
                let at_index = random.below(open.len());
                let (n, lock) = open[at_index];
                let token = lock.map_or(Uuid::nil(), |(_, token)| token);
                let alive = lock.is_some_and(|(end, _)| end > now);
                let completed = queue.complete(item(n).event_id, token, &answer(), at(now));
                assert_eq!(completed.is_ok(), alive, "seed {seed}");
                if alive {
                    open.remove(at_index);
                    done += 1;
                }
            }
            _ => {
                drop(queue);
                queue = ManualQueue::open(&path)?;
            }
        }
        let found = queue.counts()?;
        assert_eq!((found.waiting + found.locked, found.completed), (open.len() as u64, done), "seed {seed}");
    }
    Ok(())
}

#[test]
fn random_operations_match_the_model() {
    for seed in 0..12 {
        random_run(seed).unwrap();
    }
}

#[test]
fn a_lock_is_renewed_by_who_has_it_while_it_runs() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 1).unwrap();
    let first = receive(&queue, 0);
    let id = first.item.event_id;
    let renewed = queue.renew(id, first.token, at(20), LOCK).unwrap();
    assert_eq!((renewed.locked_until, renewed.token), (at(50), first.token));
    assert_eq!(queue.receive(at(40), LOCK).unwrap(), None);
    assert_eq!(
        queue.renew(id, first.token, at(21), TimeDelta::seconds(1)).unwrap().locked_until,
        at(50),
        "never shorter"
    );
    let ended = queue.renew(id, first.token, at(50), LOCK);
    assert!(matches!(ended, Err(Error::LockLost { .. })));
    let second = receive(&queue, 60);
    assert!(matches!(queue.renew(id, first.token, at(61), LOCK), Err(Error::LockLost { .. })));
    queue.complete(id, second.token, &answer(), at(62)).unwrap();
    assert!(matches!(queue.renew(id, second.token, at(63), LOCK), Err(Error::UnknownItem { .. })));
}

/// An answer in the results hub settles its item wherever that is: waiting, locked, done, or not there yet.
#[test]
fn what_was_answered_elsewhere_is_asked_no_more() {
    let dir = common::scratch();
    let queue = queue_with(dir.path(), 2).unwrap();
    let settle =
        |n| Step::Settle(Completed { item: item(n), answer: answer(), completed_at: at(9), delivery_count: 0 });
    let locked = receive(&queue, 0);
    queue.follow(&[settle(0), settle(1), settle(2), Step::Put(item(2)), Step::Put(item(3))]).unwrap();
    let late = queue.complete(locked.item.event_id, locked.token, &Answer::Unreadable, at(1));
    assert!(matches!(late, Err(Error::UnknownItem { .. })));
    assert_eq!(queue.counts().unwrap(), counts(1, 0, 3));
    assert_eq!(receive(&queue, 99).item, item(3));
    let mut other = settle(0);
    if let Step::Settle(completed) = &mut other {
        completed.answer = Answer::Unreadable;
    }
    queue.follow(&[other, settle(3)]).unwrap();
    assert_eq!(queue.completed(item(0).event_id).unwrap().unwrap().answer, answer(), "the first answer stands");
    assert_eq!(queue.counts().unwrap(), counts(0, 0, 4));
}
