//! Messages sent over HTTP, and found in the log.

use std::collections::BTreeSet;

use crate::common::{NOON_MS, Server, curl};

const BATCH: (&str, &str) = ("content-type", "application/vnd.microsoft.servicebus.json");

#[test]
fn curl_sends_one_message() {
    let server = Server::start();
    let url = server.url("/telemetry/messages");
    let arguments = [
        "--data-binary",
        "{\"temperature\": 21}",
        "-H",
        "Content-Type: application/json",
        "-H",
        "BrokerProperties: {\"PartitionKey\": \"abc\", \"Label\": \"x\"}",
        "-H",
        "X-Property-Alert: Strong Wind",
        &url,
    ];
    let Some(reply) = curl(&arguments) else { return };
    assert_eq!(reply.status, 201);
    // murmur2("abc") is 479470107 (Apache Kafka's UtilsTest).
    let expected = serde_json::json!({ "partition": 3, "offset": 0, "records": 1, "enqueued_ms": NOON_MS });
    assert_eq!(reply.json(), expected);
    assert_eq!((reply.header("tollgate-partition"), reply.header("tollgate-offset")), (Some("3"), Some("0")));
    let records = server.records("telemetry", 3);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].key.as_deref(), Some("abc"));
    assert_eq!(records[0].value, b"{\"temperature\": 21}");
    assert_eq!(records[0].header("content-type"), Some("application/json"));
    assert_eq!(records[0].header("alert"), Some("Strong Wind"));
    assert_eq!(records[0].headers.len(), 2);
    server.wait_for_metric("tollgate_appended_records_total{hub=\"telemetry\",protocol=\"http\"} 1");
    server.wait_for_metric("tollgate_requests_total{protocol=\"http\",api=\"post_messages\",outcome=\"ok\"} 1");
}

#[test]
fn a_batch_is_one_batch_in_one_partition() {
    let server = Server::start();
    let body = br#"[
        {"Body": "plain", "UserProperties": {"a": "x", "n": 5, "t": true, "z": null},
         "BrokerProperties": {"PartitionKey": "abc"}},
        {"Body": {"deep": [1, 2.5, "x"]}}]"#;
    let reply = server.ask("POST", "/telemetry/messages?timeout=60&api-version=2014-01", &[BATCH], body);
    assert_eq!((reply.status, &reply.json()["records"], &reply.json()["partition"]), (201, &2.into(), &3.into()));
    let records = server.records("telemetry", 3);
    assert_eq!(records[0].value, b"plain");
    assert_eq!(records[1].value, br#"{"deep":[1,2.5,"x"]}"#);
    assert!(records.iter().all(|record| record.key.as_deref() == Some("abc")));
    let properties: Vec<_> = ["a", "n", "t", "z"].iter().map(|name| records[0].header(name)).collect();
    assert_eq!(properties, [Some("x"), Some("5"), Some("true"), Some("")]);
    let second = server.ask("POST", "/telemetry/messages?partition=3", &[BATCH], br#"[{"Body": "more"}]"#);
    assert_eq!(second.json()["offset"], 2);
}

#[test]
fn publishers_lie_with_their_key_and_others_go_round() {
    let server = Server::start();
    for _ in 0..2 {
        let reply = server.ask("POST", "/telemetry/publishers/foo%62ar/messages", &[], b"x");
        // murmur2("foobar") is -790332482 (Apache Kafka's UtilsTest).
        assert_eq!(reply.json()["partition"], (-790_332_482_i32 & 0x7fff_ffff) % 4);
    }
    let partitions = |hub: &str| -> Vec<u64> {
        let send = |_| server.ask("POST", &format!("/{hub}/messages"), &[], b"y").json()["partition"].as_u64();
        (0..6).filter_map(send).collect()
    };
    // One hub's turn is not the other's.
    assert_eq!(partitions("telemetry"), [0, 1, 2, 3, 0, 1]);
    assert_eq!(partitions("images"), [0, 1, 2, 3, 0, 1]);
    let keyed: Vec<_> = server.all_records("telemetry").into_iter().filter(|record| record.key.is_some()).collect();
    assert_eq!(keyed.len(), 2);
    assert!(keyed.iter().all(|record| record.key.as_deref() == Some("foobar")));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let server = Server::start();
    let refused = |path: &str, headers: &[(&str, &str)], body: &[u8]| server.ask("POST", path, headers, body).refusal();
    let is = |status, code: &str| (status, code.to_owned());
    let at = "/telemetry/messages";
    assert_eq!(refused("/nothing/messages", &[], b"x"), is(404, "no-hub"));
    assert_eq!(refused("/telemetry/messages?partition=4", &[], b"x"), is(404, "no-partition"));
    assert_eq!(refused("/telemetry/messages?partition=x", &[], b"x"), is(400, "bad-query"));
    assert_eq!(refused("/%ff/messages", &[], b"x"), is(400, "bad-path"));
    assert_eq!(refused(at, &[("brokerproperties", "{")], b"x"), is(400, "bad-broker-properties"));
    assert_eq!(refused(at, &[("brokerproperties", "{\"PartitionId\": -1}")], b"x"), is(400, "bad-broker-properties"));
    assert_eq!(refused(at, &[("brokerproperties", "{\"PartitionId\": \"9\"}")], b"x"), is(404, "no-partition"));
    let other = [("brokerproperties", "{\"PartitionKey\": \"other\"}")];
    assert_eq!(refused("/telemetry/publishers/name/messages", &other, b"x"), is(400, "two-places"));
    for batch in
        ["", "{}", "[]", "[{}]", "[{\"Body\": 1, \"Other\": 2}]", "[{\"Body\": 1, \"UserProperties\": {\"a\": []}}]"]
    {
        assert_eq!(refused(at, &[BATCH], batch.as_bytes()), is(400, "bad-batch"), "{batch}");
    }
    let two = br#"[{"Body": 1, "BrokerProperties": {"PartitionKey": "a"}},
                   {"Body": 1, "BrokerProperties": {"PartitionKey": "b"}}]"#;
    assert_eq!(refused(at, &[BATCH], two), is(400, "two-places"));
    assert_eq!(server.get("/a/b/c").refusal(), is(404, "no-path"));
    assert_eq!(server.get("/telemetry/messages").refusal(), is(405, "no-method"));
    assert_eq!(server.all_records("telemetry"), []);
}

#[test]
fn many_senders_lose_and_double_nothing() {
    let server = Server::start();
    let (threads, each) = (8, 25);
    let places: BTreeSet<(u64, u64)> = std::thread::scope(|scope| {
        let send = |thread| {
            let server = &server;
            scope.spawn(move || -> Vec<(u64, u64)> {
                let one = |i| {
                    let body = format!("{thread}-{i}");
                    let json = server.ask("POST", "/telemetry/messages", &[], body.as_bytes()).json();
                    (json["partition"].as_u64().unwrap(), json["offset"].as_u64().unwrap())
                };
                (0..each).map(one).collect()
            })
        };
        let all: Vec<_> = (0..threads).map(send).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(places.len(), threads * each);
    let values: BTreeSet<_> = server.all_records("telemetry").into_iter().map(|record| record.value).collect();
    assert_eq!(values.len(), threads * each);
}
