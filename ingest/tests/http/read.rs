//! Records from the log, read over HTTP.

use std::io::Write;
use std::sync::atomic::Ordering;

use tollgate_ingest::log::{BatchBuilder, HEADER_BYTES, NewRecord, ValidBatch};

use crate::common::{NOON_MS, Server, curl};

/// Appends a batch as a Kafka client sends it.
fn append(server: &Server, values: &[&[u8]], codec: u8, now_ms: i64) {
    let mut builder = BatchBuilder::new(1 << 20);
    let headers: [(&str, &[u8]); 3] = [("lane", b"7"), ("raw", b"\xff"), ("lane", b"8")];
    for value in values {
        let record = NewRecord { key: Some(b"k\xff"), value: Some(value), headers: &headers, timestamp_ms: 1 };
        builder.push(&record).expect("a batch of our own");
    }
    let mut bytes = builder.finish().expect("a batch of our own").to_vec();
    if codec == 1 {
        let mut encoder = flate2::write::GzEncoder::new(bytes[..HEADER_BYTES].to_vec(), flate2::Compression::fast());
        encoder.write_all(&bytes[HEADER_BYTES..]).expect("a batch of our own");
        bytes = encoder.finish().expect("a batch of our own");
    }
    bytes[22] = codec;
    let length = (bytes.len() - 12) as i32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    let partition =
        server.store.hub("telemetry").expect("a batch of our own").partition(0).expect("a batch of our own");
    let mut batch = ValidBatch::check(&mut bytes).expect("a batch of our own");
    partition.append(&mut batch, now_ms).expect("a batch of our own").ack.wait().expect("a batch of our own");
}

const AT: &str = "/telemetry/partitions/0/messages";

#[test]
fn what_others_wrote_is_read_compressed_or_not() {
    let server = Server::start();
    append(&server, &[b"one", b"\xfe\xff"], 0, NOON_MS);
    append(&server, &[b"three", b"four"], 1, NOON_MS + 60_000);
    let Some(reply) = curl(&[&server.url(AT)]) else { return };
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    assert_eq!((reply.header("tollgate-next-offset"), reply.header("tollgate-end-offset")), (Some("4"), Some("4")));
    let lines = reply.lines();
    let first = serde_json::json!({
        "partition": 0, "offset": 0, "enqueued_ms": NOON_MS, "key": {"base64": "a/8="},
        "headers": [["lane", "7"], ["raw", {"base64": "/w=="}], ["lane", "8"]], "body": "one",
    });
    assert_eq!(lines[0], first);
    assert_eq!(lines[1]["body"], serde_json::json!({"base64": "/v8="}));
    assert_eq!((&lines[2]["body"], &lines[3]["body"]), (&"three".into(), &"four".into()));
    assert_eq!((&lines[3]["offset"], &lines[3]["enqueued_ms"]), (&3.into(), &(NOON_MS + 60_000).into()));
    server.wait_for_metric("tollgate_requests_total{protocol=\"http\",api=\"get_messages\",outcome=\"ok\"} 1");
}

#[test]
fn reading_begins_where_it_is_asked_to() {
    let server = Server::start();
    append(&server, &[b"0", b"1"], 0, NOON_MS);
    append(&server, &[b"2", b"3"], 1, NOON_MS + 60_000);
    let bodies = |query: &str| -> String {
        server.get(&format!("{AT}?{query}")).lines().iter().filter_map(|line| line["body"].as_str()).collect()
    };
    for (query, expected) in [
        ("", "0123"),
        ("offset=earliest", "0123"),
        ("offset=1", "123"),
        ("offset=3", "3"),
        ("offset=4", ""),
        ("offset=latest", ""),
        ("max=3", "012"),
        ("offset=1&max=1", "1"),
        ("max=0", ""),
        (&format!("time={}", NOON_MS + 1), "23"),
        ("time=2018-09-12T12:00:30Z", "23"),
        ("time=2018-09-12T14:00:30%2B02:00", "23"),
        ("time=2018-09-12T12:02:00Z", ""),
    ] {
        assert_eq!(bodies(query), expected, "{query}");
    }
    let refused = |query: &str| server.get(&format!("{AT}?{query}")).refusal();
    assert_eq!(refused("offset=5"), (416, "offset-out-of-range".into()));
    for (query, code) in [("offset=-1", "bad-query"), ("offset=1&time=1", "bad-query"), ("ofset=1", "bad-query")] {
        assert_eq!(refused(query), (400, code.into()), "{query}");
    }
    assert_eq!(refused("time=soon"), (400, "bad-time".into()));
    assert_eq!(server.get("/telemetry/partitions/4/messages").refusal(), (404, "no-partition".into()));
    assert_eq!(server.get("/telemetry/partitions/x/messages").refusal(), (400, "bad-path".into()));
}

#[test]
fn one_body_comes_as_it_is() {
    let server = Server::start();
    let big: Vec<u8> = (0..700_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    append(&server, &[b"small", &big], 0, NOON_MS);
    let raw = |offset: &str| {
        let path = format!("{AT}?offset={offset}");
        server.ask("GET", &path, &[("accept", "text/plain, application/octet-stream;q=0.9")], b"")
    };
    let reply = raw("1");
    assert_eq!((reply.status, reply.header("tollgate-offset")), (200, Some("1")));
    assert_eq!(reply.header("tollgate-next-offset"), Some("2"));
    assert!(reply.body == big);
    assert_eq!(raw("0").body, b"small");
    assert_eq!(raw("2").status, 204);
}

#[test]
fn an_answer_has_a_bound_and_goes_on_after_it() {
    let config = tollgate_ingest::http::HttpConfig { max_read_bytes: 4096, ..Default::default() };
    let server = Server::with(config, &Default::default(), Default::default());
    (0..20).for_each(|i| append(&server, &[&[b'a' + i; 1000], &[b'a'; 1000]], i % 2, NOON_MS));
    let (mut next, mut seen, mut answers) = (0, 0, 0);
    while next < 40 {
        let reply = server.get(&format!("{AT}?offset={next}"));
        assert!(reply.body.len() < 4096 + 1200);
        for line in reply.lines() {
            assert_eq!(line["offset"], seen);
            seen += 1;
        }
        next = reply.header("tollgate-next-offset").unwrap().parse().unwrap();
        assert_eq!(next, seen);
        answers += 1;
    }
    assert!(answers >= 10);
}

#[test]
fn a_batch_that_cannot_be_opened_is_named_and_passed_over() {
    let server = Server::start();
    append(&server, &[b"before"], 0, NOON_MS);
    // Says that it is zstd, and is not.
    append(&server, &[b"one", b"two"], 4, NOON_MS);
    append(&server, &[b"after"], 1, NOON_MS);
    let reply = server.get(AT);
    assert_eq!((reply.lines().len(), reply.header("tollgate-next-offset")), (1, Some("1")));
    let refused = server.get(&format!("{AT}?offset=1"));
    assert_eq!(refused.refusal(), (422, "unreadable-batch".into()));
    assert!(refused.text().contains("go on from offset 3"), "{}", refused.text());
    assert_eq!(server.get(&format!("{AT}?offset=3")).lines()[0]["body"], "after");
}

#[test]
fn who_waits_is_woken() {
    let server = Server::start();
    let path = format!("{AT}?offset=0&wait_ms=20000");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get(&path));
        server.wait_for_metric("tollgate_connections{listener=\"http\"} 1");
        // A record in another partition wakes it, and is not for it.
        server.ask("POST", "/telemetry/messages?partition=1", &[], b"other");
        server.ask("POST", "/telemetry/messages?partition=0", &[], b"this");
        assert_eq!(waiting.join().unwrap().lines()[0]["body"], "this");
    });
    let begun = std::time::Instant::now();
    let nothing = server.get(&format!("{AT}?offset=1&wait_ms=50"));
    assert_eq!((nothing.lines().len(), nothing.header("tollgate-next-offset")), (0, Some("1")));
    assert!(begun.elapsed().as_millis() >= 50);
}

#[test]
fn metrics_and_health_are_there() {
    let server = Server::start();
    append(&server, &[b"one", b"two", b"three"], 0, NOON_MS);
    let checkpoint =
        tollgate_ingest::log::Checkpoint { hub: "telemetry".into(), partition: 0, offset: 1, metadata: String::new() };
    server.store.commit_checkpoints("readers", &[checkpoint]).unwrap();
    let reply = server.get("/metrics");
    assert_eq!(reply.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    for line in [
        "tollgate_log_end_offset{hub=\"telemetry\",partition=\"0\"} 3",
        "tollgate_log_start_offset{hub=\"telemetry\",partition=\"0\"} 0",
        "tollgate_group_lag{group=\"readers\",hub=\"telemetry\",partition=\"0\"} 2",
        "tollgate_log_unsynced_bytes 0",
    ] {
        assert!(reply.text().lines().any(|one| one == line), "{line} is not in\n{}", reply.text());
    }
    assert_eq!(server.get("/healthz").json(), serde_json::json!({ "alive": true }));
    assert_eq!(server.get("/readyz").status, 200);
    server.readiness.wait_for("models", "they are being loaded");
    let not = server.get("/readyz");
    assert_eq!(not.refusal(), (503, "not-ready".into()));
    assert!(not.text().contains("models: they are being loaded"));
    server.readiness.done("models");
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.now_ms.load(Ordering::SeqCst), NOON_MS);
}
