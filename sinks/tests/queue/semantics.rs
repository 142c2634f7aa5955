//! What queues, topics, subscriptions, sessions and dead letters do.

use tollgate_sinks::queue::{
    Ask, Counts, Created, DeadLetter, Kind, Message, Queues, Receipt, Refusal, Settings, subscription,
};

use super::common::{T0, bodies, open, queue, refused, strict, text};

fn send(queues: &Queues, to: &str, bodies: &[&str], now_ms: i64) {
    let messages: Vec<Message> = bodies.iter().map(|body| text(body)).collect();
    queues.send(to, &messages, now_ms).expect("it is taken").wait().expect("it is durable");
}

#[test]
fn locked_messages_are_nobody_elses_until_the_lock_ends() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings::default());
    send(&queues, "q", &["a", "b"], T0);
    let first = queues.receive("q", Ask::ONE, T0).unwrap().wait().unwrap();
    assert_eq!(bodies(&first), ["a"]);
    let second = queues.receive("q", Ask::up_to(9), T0).unwrap().wait().unwrap();
    assert_eq!(bodies(&second), ["b"]);
    assert!(queues.receive("q", Ask::ONE, T0 + 29_999).unwrap().wait().unwrap().is_empty());
    assert_eq!(queues.renew("q", strict(&second[0]), T0 + 29_999).unwrap().wait().unwrap(), T0 + 59_999);
    // The first lock has ended, the second was renewed.
    let again = queues.receive("q", Ask::up_to(9), T0 + 30_000).unwrap().wait().unwrap();
    assert_eq!((bodies(&again), again[0].deliveries), (vec!["a"], 2));
    let sequence = first[0].sequence;
    assert_eq!(refused(queues.complete("q", strict(&first[0]), T0 + 30_000)), Refusal::LockLost { sequence });
    queues.complete("q", strict(&again[0]), T0 + 30_001).unwrap().wait().unwrap();
    assert_eq!(refused(queues.complete("q", strict(&again[0]), T0 + 30_001)), Refusal::NoMessage { sequence });
    queues.abandon("q", strict(&second[0]), T0 + 30_001).unwrap().wait().unwrap();
    let counts = Counts { ready: 1, ..Counts::default() };
    assert_eq!(queues.counts("q", T0 + 30_001).unwrap(), counts);
}

#[test]
fn a_message_given_out_too_often_is_a_dead_letter_and_the_dead_letters_are_a_queue() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings { max_deliveries: 2, ..Settings::default() });
    send(&queues, "q", &["a"], T0);
    for _ in 0..2 {
        let got = queues.receive("q", Ask::ONE, T0).unwrap().wait().unwrap();
        queues.abandon("q", strict(&got[0]), T0).unwrap().wait().unwrap();
    }
    assert_eq!(queues.counts("q", T0).unwrap(), Counts { dead: 1, ..Counts::default() });
    drop(queues);
    let queues = open(dir.path());
    let dead = queues.receive("q/$DeadLetterQueue", Ask::ONE, T0).unwrap().wait().unwrap();
    assert_eq!(dead[0].dead.as_ref().unwrap().reason, "MaxDeliveryCountExceeded");
    queues.complete("q/$deadletterqueue", strict(&dead[0]), T0).unwrap().wait().unwrap();
    assert_eq!(queues.counts("q", T0).unwrap(), Counts::default());
}

#[test]
fn messages_expire_are_scheduled_deferred_and_buried_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings { dead_letter_expired: true, ..Settings::default() });
    let short = Message { time_to_live_ms: Some(10), ..text("short") };
    let later = Message { visible_ms: Some(T0 + 1_000), ..text("later") };
    let large = Message { properties: vec![("p".into(), "x".repeat(65 << 10).as_str().into())], ..text("large") };
    queues.send("q", &[short, later, large], T0).unwrap().wait().unwrap();
    assert!(queues.receive("q", Ask::ONE, T0 + 10).unwrap().wait().unwrap().is_empty());
    let dead = queues.peek("q/$deadletterqueue", 0, 9, T0 + 10).unwrap().wait().unwrap();
    let reasons: Vec<_> = dead.iter().map(|one| one.dead.as_ref().unwrap().reason.as_str()).collect();
    assert_eq!(reasons, ["TTLExpiredException", "HeaderSizeExceeded"]);
    let now = T0 + 1_000;
    let got = queues.receive("q", Ask::ONE, now).unwrap().wait().unwrap();
    assert_eq!(bodies(&got), ["later"]);
    queues.defer("q", strict(&got[0]), now).unwrap().wait().unwrap();
    assert!(queues.receive("q", Ask::ONE, now).unwrap().wait().unwrap().is_empty());
    let got = queues.receive_deferred("q", &[got[0].sequence], now).unwrap().wait().unwrap();
    let why = DeadLetter { reason: "bad plate".into(), description: "no text".into() };
    queues.dead_letter("q", strict(&got[0]), why.clone(), now).unwrap().wait().unwrap();
    let dead = queues.peek("q/$deadletterqueue", got[0].sequence, 1, now).unwrap().wait().unwrap();
    assert_eq!(dead[0].dead, Some(why));
}

#[test]
fn a_duplicate_within_the_window_is_taken_and_dropped_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings { duplicate_window_ms: 20_000, ..Settings::default() });
    let message = Message { id: "one".into(), ..text("a") };
    let sent = queues.send("q", &[message.clone(), message.clone()], T0).unwrap().wait().unwrap();
    assert!(sent[0].sequence.is_some() && sent[1].sequence.is_none());
    queues.receive_and_delete("q", 9, T0).unwrap().wait().unwrap();
    // The segment of the first is long gone when it is sent again.
    for _ in 0..200 {
        send(&queues, "q", &[&"x".repeat(100)], T0);
        queues.receive_and_delete("q", 9, T0).unwrap().wait().unwrap();
    }
    drop(queues);
    let queues = open(dir.path());
    let again = |at| queues.send("q", std::slice::from_ref(&message), at).unwrap().wait().unwrap()[0].sequence;
    assert_eq!(again(T0 + 19_999), None);
    assert!(again(T0 + 20_000).is_some());
}

#[test]
fn sessions_are_taken_by_one_in_order_with_a_state_that_stays() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings { sessions: true, ..Settings::default() });
    let of = |session: &str, body: &str| {
        let mut message = text(body);
        message.system.session_id = Some(session.into());
        message
    };
    assert!(matches!(refused(queues.send("q", &[text("x")], T0)), Refusal::SessionMismatch { .. }));
    queues.send("q", &[of("B", "b1"), of("A", "a1"), of("B", "b2")], T0).unwrap().wait().unwrap();
    assert!(matches!(refused(queues.receive("q", Ask::ONE, T0)), Refusal::SessionMismatch { .. }));
    let b = queues.accept_session("q", None, T0).unwrap().wait().unwrap();
    assert_eq!(b.id, "B");
    assert!(matches!(refused(queues.accept_session("q", Some("B"), T0)), Refusal::SessionLost { .. }));
    let got = queues.receive_session("q", &b, Ask::ONE, T0).unwrap().wait().unwrap();
    assert_eq!(bodies(&got), ["b1"]);
    queues.set_session_state("q", &b, Some(b"half".to_vec()), T0).unwrap().wait().unwrap();
    // The lock ends: the next receiver begins with what the last one still held.
    drop(queues);
    let queues = open(dir.path());
    let now = T0 + 30_000;
    let b = queues.accept_session("q", Some("B"), now).unwrap().wait().unwrap();
    assert_eq!(queues.session_state("q", &b, now).unwrap().wait().unwrap().as_deref(), Some(&b"half"[..]));
    let got = queues.receive_session("q", &b, Ask::up_to(9), now).unwrap().wait().unwrap();
    assert_eq!(bodies(&got), ["b1", "b2"]);
    queues.release_session("q", &b, now).unwrap().wait().unwrap();
    let a = queues.accept_session("q", None, now).unwrap().wait().unwrap();
    assert_eq!(a.id, "A");
}

#[test]
fn topics_copy_queues_forward_and_circles_end() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings::default());
    let make = |name: &str, kind, settings| queues.create(name, kind, settings, T0).unwrap().wait().unwrap();
    make("t", Kind::Topic, Settings::default());
    make(&subscription("t", "all"), Kind::Subscription, Settings::default());
    let forward = Settings { forward_to: "q".into(), ..Settings::default() };
    make(&subscription("t", "on"), Kind::Subscription, forward.clone());
    assert_eq!(make(&subscription("t", "on"), Kind::Subscription, forward), Created::WasThere);
    send(&queues, "t", &["m"], T0);
    for place in ["t/subscriptions/all", "q"] {
        assert_eq!(bodies(&queues.receive(place, Ask::up_to(9), T0).unwrap().wait().unwrap()), ["m"], "{place}");
    }
    make("circle", Kind::Queue, Settings { forward_to: "circle".into(), ..Settings::default() });
    send(&queues, "circle", &["round"], T0);
    let dead = queues.peek("circle/$deadletterqueue", 0, 9, T0).unwrap().wait().unwrap();
    assert_eq!(dead[0].dead.as_ref().unwrap().reason, "MaxTransferHopCountExceeded");
    queues.delete("t").unwrap().wait().unwrap();
    assert!(matches!(refused(queues.peek("t/subscriptions/all", 0, 1, T0)), Refusal::NoEntity { .. }));
}

#[test]
fn an_update_changes_content_and_token_and_a_lenient_receipt_outlives_its_lock() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings::task());
    send(&queues, "q", &["a"], T0);
    let got = queues.receive("q", Ask::ONE, T0).unwrap().wait().unwrap();
    let old = Receipt::lenient(got[0].sequence, got[0].token);
    let updated = queues.update("q", old, Some(b"b".to_vec()), 1_000, T0).unwrap().wait().unwrap();
    assert!(matches!(refused(queues.complete("q", old, T0)), Refusal::LockLost { .. }));
    drop(queues);
    let queues = open(dir.path());
    let new = Receipt::lenient(got[0].sequence, updated.token);
    assert_eq!(bodies(&queues.peek_ready("q", 9, T0 + 1_000).unwrap().wait().unwrap()), ["b"]);
    queues.complete("q", new, T0 + 2_000).unwrap().wait().unwrap();
}

#[test]
fn what_is_refused_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings { max_messages: 2, ..Settings::default() });
    let huge = Message { body: vec![0; (1 << 20) + 1], ..Message::default() };
    assert!(matches!(refused(queues.send("q", &[text("a"), huge], T0)), Refusal::TooLarge { .. }));
    assert!(matches!(refused(queues.send("q", &[text("a"), text("b"), text("c")], T0)), Refusal::Full { .. }));
    assert!(matches!(refused(queues.send("none", &[text("a")], T0)), Refusal::NoEntity { .. }));
    assert!(matches!(refused(queues.create("../x", Kind::Queue, Settings::default(), T0)), Refusal::BadName { .. }));
    let bad = Settings { lock_ms: 1, ..Settings::default() };
    assert!(matches!(refused(queues.create("x", Kind::Queue, bad, T0)), Refusal::BadSettings { .. }));
    let other = Settings { lock_ms: 5_000, ..Settings::default() };
    assert!(matches!(refused(queues.create("q", Kind::Queue, other, T0)), Refusal::EntityExists { .. }));
    assert_eq!(queues.counts("q", T0).unwrap(), Counts::default());
    assert_eq!(queues.list("", "", 9).len(), 1);
}

#[test]
fn a_stuck_message_does_not_keep_the_segments_of_those_that_passed_it() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings::default());
    queues.create("stuck", Kind::Queue, Settings::default(), T0).unwrap().wait().unwrap();
    send(&queues, "stuck", &["stays"], T0);
    for _ in 0..400 {
        send(&queues, "q", &[&"x".repeat(200)], T0);
        queues.receive_and_delete("q", 9, T0).unwrap().wait().unwrap();
    }
    drop(queues);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert!(left < 25, "{left} files of 4 KiB are left of 30");
    let queues = open(dir.path());
    assert_eq!(bodies(&queues.receive("stuck", Ask::ONE, T0).unwrap().wait().unwrap()), ["stays"]);
}

#[test]
fn a_torn_end_is_cut_off_and_damage_within_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let queues = queue(dir.path(), Settings::default());
    send(&queues, "q", &["a"], T0);
    send(&queues, "q", &["b"], T0);
    drop(queues);
    let mut files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "queue"));
    files.sort();
    let whole = std::fs::read(&files[0]).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut torn = whole.clone();
    torn[end] ^= 1;
    std::fs::write(&files[0], &torn).unwrap();
    let queues = open(dir.path());
    assert_eq!(bodies(&queues.peek("q", 0, 9, T0).unwrap().wait().unwrap()), ["a"]);
    drop(queues);
    let mut damaged = std::fs::read(&files[0]).unwrap();
    damaged[30] ^= 1;
    std::fs::write(&files[0], &damaged).unwrap();
    let error = Queues::open(dir.path(), tollgate_sinks::queue::QueuesOptions::default()).unwrap_err();
    assert!(matches!(error, tollgate_sinks::Error::QueuesDamaged { offset: 0, .. }), "{error}");
}
