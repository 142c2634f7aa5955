//! Bad input: the protocol's own error or a closed connection, a counted metric, and others served on.

use std::io::Write;
use std::time::Duration;

use tollgate_ingest::access::{AccessConfig, KeyConfig, Right};
use tollgate_ingest::kafka::KafkaConfig;
use tollgate_ingest::log::{BatchBuilder, NewRecord};

use crate::raw::{Bytes, Raw, head, produce};
use crate::server::{Server, config, eventually};

/// Sends something to a server that also serves somebody else; the connection must be closed, for this reason.
#[track_caller]
fn refused(bytes: &[u8], reason: &str) {
    let server = Server::start();
    let mut other = Raw::connect(server.plaintext);
    assert!(other.is_served());
    let mut raw = Raw::connect(server.plaintext);
    raw.0.write_all(bytes).expect("sent");
    raw.0.shutdown(std::net::Shutdown::Write).expect("half a connection");
    assert!(raw.is_closed());
    eventually(reason, || server.refusals(reason) == 1);
    assert!(other.is_served());
}

#[test]
fn what_is_no_request() {
    refused(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "frame-too-large");
    refused(&[0xff; 64], "malformed");
    refused(&[0; 64], "malformed");
    refused(&[0, 0, 0, 20, 0, 3, 0, 1], "half-a-request");
    refused(&[0, 0, 1], "half-a-request");
    let metadata = 3i16.to_be_bytes();
    refused(&[&i32::MAX.to_be_bytes()[..], &metadata].concat(), "frame-too-large");
    refused(&[&(8i32 << 20).to_be_bytes()[..], &metadata].concat(), "frame-too-large");
}

#[test]
fn what_is_no_request_of_ours() {
    refused(&head(999, 0, 1).framed(), "unknown-api");
    refused(&head(3, 99, 1).framed(), "unknown-version");
    refused(&head(3, -1, 1).framed(), "unknown-version");
    // Arrays that claim more than the frame has, negative counts, strings beyond it.
    refused(&head(3, 1, 1).i32(i32::MAX).framed(), "malformed");
    refused(&head(3, 1, 1).i32(-2).framed(), "malformed");
    refused(&head(3, 1, 1).i32(1).i16(300).framed(), "malformed");
    let topics = head(0, 7, 1).i16(-1).i16(-1).i32(1000).i32(1 << 30);
    refused(&topics.framed(), "malformed");
    refused(&Bytes::default().i16(3).i16(1).i32(1).i16(-7).framed(), "malformed");
}

#[test]
fn a_newer_api_versions_request_is_told_what_there_is() {
    let server = Server::start();
    let mut raw = Raw::connect(server.plaintext);
    raw.send(&head(18, 99, 5));
    let answer = raw.answer().expect("an answer in version 0");
    assert_eq!((&answer[..4], &answer[4..6]), (&5i32.to_be_bytes()[..], &35i16.to_be_bytes()[..]));
    assert!(raw.is_served());
}

#[test]
fn batches_that_cannot_be() {
    let server = Server::start();
    server.create("bad", 1);
    let mut raw = Raw::connect(server.plaintext);
    let mut builder = BatchBuilder::new(1 << 20);
    builder.push(&NewRecord { value: Some(b"value"), ..NewRecord::default() }).expect("small");
    let good = builder.finish().expect("a record").to_vec();
    let with = |at: usize, value: u8| {
        let mut bad = good.clone();
        bad[at] = value;
        bad
    };
    let (corrupt, unknown_topic, bad_format, bad_acks) = (2, 3, 43, 21);
    assert_eq!(raw.produce("bad", 0, &with(65, 99)).0, corrupt, "a wrong checksum");
    assert_eq!(raw.produce("bad", 0, &with(11, 0)).0, corrupt, "a wrong length");
    assert_eq!(raw.produce("bad", 0, &with(16, 1)).0, bad_format, "an old format");
    assert_eq!(raw.produce("bad", 0, &good[..20]).0, corrupt, "half a batch");
    assert_eq!(raw.produce("bad", 0, &[]).0, corrupt, "nothing");
    assert_eq!(raw.produce("bad", 7, &good).0, unknown_topic);
    assert_eq!(raw.produce("bad", -1, &good).0, unknown_topic);
    assert_eq!(raw.produce("none", 0, &good).0, unknown_topic);
    raw.send(&produce(7, 5, "bad", 0, &good));
    assert_eq!(crate::raw::produced(&raw.answer().expect("an answer"), "bad").0, bad_acks);
    assert_eq!(raw.produce("bad", 0, &good), (0, 0), "and a good one");
}

#[test]
fn no_more_connections_than_allowed() {
    let server = Server::with(KafkaConfig { max_connections: 3, ..config() }, &AccessConfig::default());
    let mut three: Vec<Raw> = (0..3).map(|_| Raw::connect(server.plaintext)).collect();
    assert!(three.iter_mut().all(Raw::is_served));
    let mut fourth = Raw::connect(server.plaintext);
    assert!(fourth.is_closed());
    assert!(three.iter_mut().all(Raw::is_served));
    eventually("too-many-connections", || server.refusals("too-many-connections") == 1);
    three.pop();
    eventually("there is a place again", || Raw::connect(server.plaintext).is_served());
}

#[test]
fn who_is_too_slow_goes() {
    let limits = KafkaConfig { io_timeout_ms: 300, idle_timeout_ms: 2_000, ..config() };
    let server = Server::with(limits, &AccessConfig::default());
    let mut idle = Raw::connect(server.plaintext);
    let mut slow = Raw::connect(server.plaintext);
    slow.0.write_all(&[0, 0, 0, 50, 0, 3, 0, 1]).expect("sent");
    assert!(slow.is_closed());
    eventually("slow-request", || server.refusals("slow-request") == 1);
    assert!(idle.is_closed());
    eventually("idle", || server.refusals("idle") == 1);
}

#[test]
fn who_takes_no_answers_goes() {
    let limits = KafkaConfig { io_timeout_ms: 500, ..config() };
    let server = Server::with(limits, &AccessConfig::default());
    server.create("slow-reader", 1);
    let value = vec![7; 900_000];
    for _ in 0..12 {
        let record = NewRecord { value: Some(&value), ..NewRecord::default() };
        server.append("slow-reader", 0, &[record], 1);
    }
    let raw = Raw::connect(server.plaintext);
    // Many fetches, and no answer is read: it has to stand in the socket's buffers, which are finite.
    let fetch = crate::raw::fetch(1, 0, 1, "slow-reader", 0).framed();
    let mut stream = &raw.0;
    stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    for _ in 0..200 {
        if stream.write_all(&fetch).is_err() {
            break;
        }
    }
    eventually("the reader is too slow", || server.refusals("slow-reader") == 1);
    assert!(Raw::connect(server.plaintext).is_served());
}

#[test]
fn nothing_without_a_login() {
    let key = KeyConfig {
        name: "key".into(),
        key: "MDEyMzQ1Njc4OTAxMjM0NTY3ODk=".into(),
        rights: vec![Right::Manage],
        hubs: None,
    };
    let access = AccessConfig { keys: vec![key], ..AccessConfig::default() };
    let server = Server::with(KafkaConfig { plaintext_login: true, ..config() }, &access);
    let mut raw = Raw::connect(server.plaintext);
    assert!(raw.is_served(), "versions are told to everybody");
    raw.send(&head(3, 1, 1).i32(-1));
    assert!(raw.is_closed());
    eventually("not-logged-in", || server.refusals("not-logged-in") == 1);

    let login = |text: &str| {
        let mut raw = Raw::connect(server.plaintext);
        raw.send(&head(17, 1, 1).text("PLAIN"));
        assert!(raw.answer().is_some());
        raw.send(&head(36, 0, 2).blob(text.as_bytes()));
        let answer = raw.answer().expect("an answer");
        let code = i16::from_be_bytes([answer[4], answer[5]]);
        raw.send(&head(3, 1, 3).i32(-1));
        (code, raw.answer().is_some())
    };
    let string = "Endpoint=sb://h/;SharedAccessKeyName=key;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NTY3ODk=";
    let failed = (58, false);
    assert_eq!(login(&format!("\0$ConnectionString\0{string}")), (0, true));
    assert_eq!(login(&format!("\0$ConnectionString\0{string}x")), failed);
    assert_eq!(login("\0somebody\0password"), failed);
    assert_eq!(login("no zero bytes"), failed);
    // A mechanism that is not offered, and a login without one.
    let mut raw = Raw::connect(server.plaintext);
    raw.send(&head(17, 1, 1).text("SCRAM-SHA-256"));
    assert_eq!(raw.answer().expect("an answer")[4..6], 33i16.to_be_bytes());
    raw.send(&head(36, 0, 2).blob(b"x"));
    assert_eq!(raw.answer().expect("an answer")[4..6], 34i16.to_be_bytes());
    raw.0.write_all(&[0, 1, 0, 0, 0, 36]).expect("sent");
    assert!(raw.is_closed(), "no large frames before a login");
}
