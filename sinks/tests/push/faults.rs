//! The faults of the lab that pushed events must not have.

use std::sync::atomic::Ordering;

use tollgate_sinks::push::Breaker;
use tollgate_sinks::{Cursor, Sink};

use super::receiver::{Answer, Receiver};
use super::stage::{START_MS, Stage, events, plain};

/// In the lab a publish that failed was never noticed, and the plate was lost.
#[test]
fn a_failed_publish_is_noticed_and_nothing_is_lost() {
    let receiver = Receiver::start();
    let stage = Stage::new(plain(&receiver.url));
    receiver.next([Answer::status(500), Answer::status(502)]);
    stage.write(&events(0..4)).unwrap();
    let counts = &stage.counts;
    let counted = || (counts.delivered.load(Ordering::Relaxed), counts.retried.load(Ordering::Relaxed));
    assert_eq!((counted(), stage.subscription().pending()), ((2, 2), 2));
    stage.run_until(START_MS + 10_000);
    assert_eq!((counted(), stage.subscription().pending()), ((4, 2), 0));
    assert_eq!(receiver.ids().len(), 4);
}

/// In the lab the breaker was made anew at each call, and so never opened.
#[test]
fn the_breaker_is_kept_from_call_to_call() {
    let receiver = Receiver::start();
    let stage = Stage::new(plain(&receiver.url));
    receiver.usually(Answer::status(500));
    for offset in 0..3 {
        // A new sink each time, as after a failure.
        stage.write(&events(offset..offset + 1)).unwrap();
    }
    assert_eq!((receiver.posts().len(), stage.subscription().breaker()), (3, Breaker::Open));
    stage.write(&events(3..9)).unwrap();
    assert_eq!((receiver.posts().len(), stage.subscription().pending()), (3, 9), "nothing is sent while it is open");
    stage.advance_to(START_MS + 3000);
    stage.write(&events(9..12)).unwrap();
    assert_eq!(receiver.posts().len(), 4, "one is on trial");
    stage.advance_to(START_MS + 6000);
    receiver.usually(Answer::status(200));
    stage.write(&events(12..13)).unwrap();
    assert_eq!(stage.subscription().breaker(), Breaker::Closed);
    stage.run_until(START_MS + 60_000);
    assert_eq!((receiver.ids().len(), stage.subscription().pending()), (13, 0));
}

/// In the lab documents had no event id, and so a redelivery billed twice.
#[test]
fn a_redelivery_bills_nobody_twice() {
    let receiver = Receiver::start();
    let mut stage = Stage::new(plain(&receiver.url));
    stage.write(&events(0..5)).unwrap();
    // As `tollgate events redeliver` has it: the checkpoint is moved back, and the process dies on the way.
    stage.reopen();
    let moved = stage.subscription().sink().resume(Cursor::from([(0, 2)])).unwrap();
    assert_eq!(moved, Cursor::from([(0, 2)]), "obeyed");
    stage.write(&events(2..5)).unwrap();
    let times: Vec<_> = receiver.ids().into_values().collect();
    assert_eq!(times, [1, 1, 2, 2, 2], "really sent again");
    let billed: std::collections::BTreeSet<_> = receiver.posts().iter().map(|post| post.body.clone()).collect();
    assert_eq!(billed.len(), 5, "whoever keeps ids bills five: a repeat is the same to the byte");
}
