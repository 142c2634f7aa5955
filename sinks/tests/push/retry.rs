//! What is not delivered at once: simulated time, real servers.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use tollgate_sinks::push::{BatchConfig, WebhookConfig};
use tollgate_sinks::{Cursor, Error, Sink};

use super::receiver::{Answer, Receiver, rude};
use super::stage::{START_MS, Stage, events, plain};

const HOUR_MS: i64 = 3_600_000;

/// A breaker that never opens, so that the schedule alone is seen.
fn unbroken(url: &str) -> WebhookConfig {
    WebhookConfig { breaker_failures: NonZeroU32::MAX, ..plain(url) }
}

#[test]
fn down_for_an_hour_it_is_tried_by_the_schedule_and_then_each_comes_once() {
    let receiver = Receiver::start();
    let stage = Stage::new(unbroken(&receiver.url));
    receiver.usually(Answer::status(500));
    stage.write(&events(0..1)).unwrap();
    let times = stage.run_until(START_MS + HOUR_MS);
    let after: Vec<i64> = times.iter().map(|time| (time - START_MS) / 1000).collect();
    assert_eq!(after, [10, 40, 100, 400, 1000, 2800]);
    receiver.usually(Answer::status(200));
    let failed = receiver.posts().len();
    assert_eq!(failed, 7);
    let counts: Vec<_> = receiver.posts().iter().map(|post| post.header("aeg-delivery-count").to_owned()).collect();
    assert_eq!(counts, ["0", "1", "2", "3", "4", "5", "6"]);
    let times = stage.run_until(START_MS + 3 * HOUR_MS);
    assert_eq!(times, [START_MS + 6_400_000]);
    assert_eq!((receiver.posts().len(), stage.subscription().pending()), (failed + 1, 0));
}

#[test]
fn many_events_of_a_receiver_that_is_down_for_an_hour_all_arrive_once() {
    let receiver = Receiver::start();
    let batch = BatchConfig { max_events: NonZeroUsize::new(50).unwrap(), ..BatchConfig::default() };
    let stage = Stage::new(WebhookConfig { batch: Some(batch), jitter_percent: 10, ..plain(&receiver.url) });
    receiver.usually(Answer::status(503));
    for round in 0..10 {
        stage.write(&events(round * 50..(round + 1) * 50)).unwrap();
        stage.run_until(START_MS + (i64::try_from(round).unwrap() + 1) * HOUR_MS / 10);
    }
    let tried = receiver.posts().len();
    receiver.usually(Answer::status(200));
    stage.run_until(START_MS + 4 * HOUR_MS);
    assert_eq!((receiver.ids().len(), stage.subscription().pending()), (500, 0));
    let arrived: usize = receiver.posts().iter().skip(tried).map(|post| post.events().len()).sum();
    assert_eq!(arrived, 500, "each once after it was up again");
}

#[test]
fn attempts_and_times_survive_a_restart() {
    let receiver = Receiver::start();
    let mut stage = Stage::new(unbroken(&receiver.url));
    receiver.usually(Answer::status(500));
    stage.write(&events(0..1)).unwrap();
    stage.run_until(START_MS + 50_000);
    stage.reopen();
    assert_eq!((stage.subscription().pending(), stage.pass()), (1, Some(START_MS + 100_000)));
    receiver.usually(Answer::status(202));
    stage.run_until(START_MS + 100_000);
    let counts: Vec<_> = receiver.posts().iter().map(|post| post.header("aeg-delivery-count").to_owned()).collect();
    assert_eq!((counts, stage.pass()), (["0", "1", "2", "3"].map(String::from).to_vec(), None));
}

#[test]
fn what_the_receiver_will_never_take_is_given_up_at_once() {
    for (status, outcome) in [(400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden"), (413, "PayloadTooLarge")]
    {
        let receiver = Receiver::start();
        let stage = Stage::new(plain(&receiver.url));
        receiver.next([Answer::status(status)]);
        stage.write(&events(0..1)).unwrap();
        let dead = stage.dead();
        assert_eq!((dead.len(), &dead[0]["lastDeliveryOutcome"]), (1, &outcome.into()));
        assert_eq!(
            (&dead[0]["deliveryAttempts"], &dead[0]["publishTime"]),
            (&1.into(), &"2026-11-22T05:59:59.000Z".into())
        );
        assert_eq!((receiver.posts().len(), stage.subscription().pending()), (1, 0));
        let listed = stage.letters().list(9).unwrap();
        let letter = &listed[0];
        assert!(letter.path.ends_with("BILLING/2026/11/22/06/id-0.json"), "{}", letter.path.display());
    }
}

#[test]
fn attempts_and_time_come_to_an_end() {
    let receiver = Receiver::start();
    receiver.usually(Answer::status(404));
    let two = NonZeroU32::new(2).unwrap();
    let stage = Stage::new(WebhookConfig { max_attempts: two, ..plain(&receiver.url) });
    stage.write(&events(0..1)).unwrap();
    stage.run_until(START_MS + HOUR_MS);
    let dead = stage.dead();
    assert_eq!((&dead[0]["deadLetterReason"], receiver.posts().len()), (&"MaxDeliveryAttemptsExceeded".into(), 2));
    assert_eq!(
        (&dead[0]["lastDeliveryOutcome"], &dead[0]["lastDeliveryAttemptTime"]),
        (&"NotFound".into(), &"2026-11-22T06:00:10.000Z".into())
    );

    let stage = Stage::new(WebhookConfig { ttl_minutes: two, ..plain(&receiver.url) });
    stage.write(&events(0..1)).unwrap();
    let times = stage.run_until(START_MS + HOUR_MS);
    assert_eq!(times.last(), Some(&(START_MS + 120_000)), "given up when its time ends, not later");
    assert_eq!(stage.dead()[0]["deadLetterReason"], "TimeToLiveExceeded");
}

#[test]
fn a_dead_letter_is_sent_again_when_somebody_wants_it() {
    let receiver = Receiver::start();
    let mut stage = Stage::new(plain(&receiver.url));
    receiver.next([Answer::status(400)]);
    stage.write(&events(0..1)).unwrap();
    stage.pass();
    let letters = stage.letters();
    letters.requeue(&letters.list(9).unwrap()[0]).unwrap();
    stage.reopen();
    stage.pass();
    assert_eq!((receiver.ids()["id-0"], stage.dead().len(), stage.subscription().pending()), (2, 0, 0));
    let bodies: Vec<_> = receiver.posts().iter().map(|post| post.events()[0].clone()).collect();
    assert_eq!(bodies[0], bodies[1], "as it was");
}

#[test]
fn a_busy_receiver_is_left_alone_for_as_long_as_it_says() {
    for status in [429, 503] {
        let receiver = Receiver::start();
        let stage = Stage::new(plain(&receiver.url));
        receiver.next([Answer::status(status).with("retry-after", "120")]);
        stage.write(&events(0..1)).unwrap();
        stage.write(&events(1..3)).unwrap();
        assert_eq!(receiver.posts().len(), 1, "nothing else is sent either");
        let times = stage.run_until(START_MS + HOUR_MS);
        assert_eq!((times[0], receiver.ids().len()), (START_MS + 120_000, 3));
    }
}

#[test]
fn receivers_that_hang_break_off_or_are_not_there() {
    let short = |url: &str| WebhookConfig { timeout_ms: NonZeroU64::new(200).unwrap(), ..plain(url) };
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf a body";
    let nobody = "http://127.0.0.1:1/".to_owned();
    for (answer, outcome) in [(Some(None), "TimedOut"), (Some(Some(half)), "SocketError"), (None, "SocketError")] {
        let (url, server) = answer.map(rude).map_or((nobody.clone(), None), |(url, server)| (url, Some(server)));
        let mut stage = Stage::new(WebhookConfig { max_attempts: NonZeroU32::MIN, ..short(&url) });
        stage.write(&events(0..1)).unwrap();
        assert_eq!(stage.dead()[0]["lastDeliveryOutcome"], outcome);
        assert!(server.is_none_or(|server| server.join().expect("it ends") > 0));
        // The event is not lost: a receiver that behaves gets it.
        let receiver = Receiver::start();
        let letters = stage.letters();
        letters.requeue(&letters.list(9).unwrap()[0]).unwrap();
        stage.config = plain(&receiver.url);
        stage.reopen();
        stage.pass();
        assert_eq!(receiver.ids()["id-0"], 1);
    }
}

#[test]
fn when_as_many_wait_as_may_no_more_are_taken() {
    let receiver = Receiver::start();
    receiver.usually(Answer::status(500));
    let stage = Stage::new(WebhookConfig { max_pending_events: NonZeroU64::new(3).unwrap(), ..plain(&receiver.url) });
    stage.write(&events(0..3)).unwrap();
    let full = stage.write(&events(3..5)).unwrap_err();
    assert!(matches!(full, Error::PushFull { events: 3, .. }), "{full}");
    assert_eq!(stage.subscription().sink().resume(Cursor::new()).unwrap(), Cursor::from([(0, 3)]));
    receiver.usually(Answer::status(200));
    stage.run_until(START_MS + HOUR_MS);
    stage.write(&events(3..5)).unwrap();
    assert_eq!(receiver.ids().len(), 5);
}

#[test]
fn an_interrupted_subscription_keeps_what_was_on_its_way() {
    let (url, server) = rude(None);
    let mut stage = Stage::new(plain(&url));
    let subscription = std::sync::Arc::clone(stage.subscription());
    let writing = std::thread::scope(|scope| {
        let writing = scope.spawn(|| stage.write(&events(0..2)));
        subscription.interrupt();
        writing.join().expect("it ends")
    });
    writing.unwrap();
    assert_eq!(subscription.pending(), 2);
    drop(subscription);
    let receiver = Receiver::start();
    stage.config.url.clone_from(&receiver.url);
    stage.reopen();
    stage.pass();
    assert_eq!((receiver.ids().len(), receiver.posts()[0].header("aeg-delivery-count")), (2, "0"));
    // Whether the first request had left by then or not, its server ends.
    drop(std::net::TcpStream::connect(url.trim_start_matches("http://").trim_end_matches("/hook")));
    server.join().expect("it ends");
}
