//! Receivers that wait.

use super::*;

#[test]
fn a_message_ends_the_wait() {
    let bench = Bench::with_queue("");
    let waiting = bench.runtime.spawn(bench.begin("POST", "/q/messages/head?timeout=60", &[], ""));
    bench.send("a");
    let got = bench.runtime.block_on(soon(waiting)).unwrap();
    assert_eq!((got.status, got.body.as_str()), (StatusCode::CREATED, "a"));
}

#[test]
fn one_message_ends_the_wait_of_one() {
    let bench = Bench::with_queue("");
    let waiting: Vec<_> =
        (0..4).map(|_| bench.runtime.spawn(bench.begin("DELETE", "/q/messages/head?timeout=60", &[], ""))).collect();
    let sent: Vec<String> = (0..4).map(|n| n.to_string()).collect();
    sent.iter().for_each(|text| bench.send(text));
    let mut got: Vec<_> = waiting.into_iter().map(|one| bench.runtime.block_on(soon(one)).unwrap().body).collect();
    got.sort();
    assert_eq!(got, sent);
}

#[test]
fn nothing_comes_within_the_time() {
    let bench = Bench::with_queue("");
    let got = bench.ask("POST", "/q/messages/head?timeout=1", "");
    assert_eq!((got.status, got.body.as_str()), (StatusCode::NO_CONTENT, ""));
}

#[test]
fn a_queue_that_is_deleted_ends_the_wait() {
    let bench = Bench::new();
    // One that had not begun to wait finds no queue at all; then the next one is tried.
    let deleted_under = |_| {
        assert_eq!(bench.ask("PUT", "/q", "").status, StatusCode::CREATED);
        let waiting = bench.runtime.spawn(bench.begin("POST", "/q/messages/head?timeout=60", &[], ""));
        bench.queues.delete("q").unwrap().wait().unwrap();
        let status = bench.runtime.block_on(soon(waiting)).unwrap().status;
        assert!([StatusCode::GONE, StatusCode::NOT_FOUND].contains(&status), "{status}");
        status == StatusCode::GONE
    };
    assert!((0..1000).any(deleted_under));
}

#[test]
fn a_server_that_stops_ends_the_wait() {
    let bench = Bench::with_queue("");
    let waiting = bench.runtime.spawn(bench.begin("POST", "/q/messages/head?timeout=60", &[], ""));
    bench.stop.send_replace(true);
    assert_eq!(bench.runtime.block_on(soon(waiting)).unwrap().status, StatusCode::NO_CONTENT);
}
