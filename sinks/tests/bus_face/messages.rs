//! A message's way through a queue.

use super::*;
use serde_json::json;

#[test]
fn a_message_is_sent_locked_and_completed() {
    let bench = Bench::with_queue("");
    let broker = r#"{"MessageId": "m\u007f\u00e9", "Label": "plate", "CorrelationId": "c", "SequenceNumber": 99}"#;
    let headers = [
        ("brokerproperties", broker.to_owned()),
        ("content-type", "text/plain".into()),
        ("priority", "\"High\"".into()),
        ("confidence", "0.97".into()),
        ("lane", "seven".into()),
        ("user-agent", "test".into()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = bench.ask_with("POST", "/q/messages", &headers, "ABC 123");
    assert_eq!((sent.status, sent.body.as_str()), (StatusCode::CREATED, ""));
    let got = bench.head("/q");
    assert_eq!((got.status, got.body.as_str()), (StatusCode::CREATED, "ABC 123"));
    let told = got.broker();
    for (name, value) in [
        ("MessageId", json!("m\u{7f}é")),
        ("Label", json!("plate")),
        ("CorrelationId", json!("c")),
        ("SequenceNumber", json!(1)),
        ("DeliveryCount", json!(1)),
        ("State", json!("Active")),
        ("EnqueuedTimeUtc", json!("Fri, 15 Jan 2027 08:00:00 GMT")),
        ("LockedUntilUtc", json!("Fri, 15 Jan 2027 08:00:30 GMT")),
    ] {
        assert_eq!(told[name], value, "{told}");
    }
    assert_eq!((got.header("content-type"), got.header("priority")), ("text/plain", "\"High\""));
    assert_eq!((got.header("confidence"), got.header("lane")), ("0.97", "\"seven\""));
    assert_eq!(got.header("user-agent"), "");
    assert_eq!(bench.head("/q").status, StatusCode::NO_CONTENT);
    assert_eq!(bench.ask("DELETE", got.location(), "").status, StatusCode::OK);
    assert_eq!(bench.counts(), Counts::default());
    assert_eq!(bench.ask("DELETE", got.location(), "").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_message_is_settled_by_its_id_as_well() {
    let bench = Bench::with_queue("");
    // Ids that look like numbers, and like paths.
    for id in ["7", "lane/1", "messages"] {
        let broker = json!({ "MessageId": id }).to_string();
        bench.ask_with("POST", "/q/messages", &[("brokerproperties", &broker)], id);
    }
    for id in ["7", "lane%2F1", "messages"] {
        let got = bench.head("/q");
        let token = got.broker()["LockToken"].as_str().expect("a token").to_owned();
        assert_eq!(bench.ask("DELETE", &format!("/q/messages/other/{token}"), "").status, StatusCode::NOT_FOUND);
        assert_eq!(bench.ask("POST", &format!("/q/messages/{id}/{token}"), "").status, StatusCode::OK, "{id}");
        assert_eq!(bench.ask("DELETE", &format!("/q/messages/{id}/{token}"), "").status, StatusCode::OK, "{id}");
    }
    assert_eq!(bench.counts(), Counts::default());
}

#[test]
fn a_lock_ends_is_renewed_and_given_back() {
    let bench = Bench::with_queue("");
    bench.send("a");
    let first = bench.head("/q");
    bench.pass(29_000);
    assert_eq!(bench.ask("POST", first.location(), "").status, StatusCode::OK);
    bench.pass(29_000);
    assert_eq!(bench.head("/q").status, StatusCode::NO_CONTENT);
    bench.pass(2_000);
    let second = bench.head("/q");
    assert_eq!(second.broker()["DeliveryCount"], 2);
    // The first receiver's lock has ended; that changes nothing for the second.
    for method in ["DELETE", "PUT", "POST"] {
        let lost = bench.ask(method, first.location(), "");
        assert_eq!(lost.status, StatusCode::NOT_FOUND, "{method}");
        assert!(lost.body.starts_with("<Error><Code>404</Code><Detail>"), "{}", lost.body);
    }
    assert_eq!(bench.ask("PUT", second.location(), "").status, StatusCode::OK);
    assert_eq!(bench.head("/q").broker()["DeliveryCount"], 3);
}

#[test]
fn what_is_given_back_too_often_is_a_dead_letter() {
    let bench = Bench::with_queue("{\"max_deliveries\": 2}");
    bench.send("poison");
    for _ in 0..2 {
        assert_eq!(bench.ask("PUT", bench.head("/q").location(), "").status, StatusCode::OK);
    }
    assert_eq!(bench.head("/q").status, StatusCode::NO_CONTENT);
    let dead = bench.head("/q/$DeadLetterQueue");
    assert_eq!((dead.status, dead.body.as_str()), (StatusCode::CREATED, "poison"));
    assert_eq!(dead.header("deadletterreason"), "\"MaxDeliveryCountExceeded\"");
    assert_eq!(bench.ask("DELETE", dead.location(), "").status, StatusCode::OK);
    assert_eq!(bench.counts(), Counts::default());
}

#[test]
fn a_batch_is_sent_at_once_and_received_one_by_one() {
    let bench = Bench::with_queue("");
    let batch = json!([
        { "Body": "one", "BrokerProperties": { "MessageId": "1" }, "UserProperties": { "n": 1, "content-length": "0" } },
        { "Body": "two", "BrokerProperties": { "TimeToLive": 10 } },
        { "Body": "later", "BrokerProperties": { "ScheduledEnqueueTimeUtc": "Fri, 15 Jan 2027 08:01:00 GMT" } },
    ]);
    let kind = [("content-type", "application/vnd.microsoft.servicebus.json; charset=utf-8")];
    assert_eq!(bench.ask_with("POST", "/q/messages", &kind, &batch.to_string()).status, StatusCode::CREATED);
    let one = bench.ask("DELETE", "/q/messages/head?timeout=0", "");
    assert_eq!((one.status, one.body.as_str(), one.header("n")), (StatusCode::OK, "one", "1"));
    // A property that would make another answer of this one is not given out as a header.
    assert_eq!((one.header("content-length"), one.header("location")), ("3", ""));
    bench.pass(11_000);
    assert_eq!(bench.head("/q").status, StatusCode::NO_CONTENT);
    bench.pass(50_000);
    assert_eq!(bench.head("/q").body, "later");
}

#[test]
fn a_duplicate_is_accepted_and_dropped() {
    let bench = Bench::with_queue("{\"duplicate_window_ms\": 20000}");
    let broker = [("brokerproperties", "{\"MessageId\": \"same\"}")];
    for _ in 0..2 {
        assert_eq!(bench.ask_with("POST", "/q/messages", &broker, "x").status, StatusCode::CREATED);
    }
    assert_eq!(bench.counts().ready, 1);
    bench.pass(20_001);
    bench.ask_with("POST", "/q/messages", &broker, "x");
    assert_eq!(bench.counts().ready, 2);
}
