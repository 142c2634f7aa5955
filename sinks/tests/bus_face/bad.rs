//! What is refused: the original's status code and error body, and nothing has changed.

use super::*;

/// Method, path, headers, body, and the status that it comes to.
type Bad<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a str, u16);

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let bench = Bench::with_queue("");
    bench.send("there");
    let held = bench.head("/q");
    let token = held.broker()["LockToken"].as_str().expect("a token").to_owned();
    let before = (bench.counts(), bench.queues.list("", "", 100));
    let other = "00000000-0000-4000-8000-000000000000";
    let batch = ("content-type", "application/vnd.microsoft.servicebus.json");
    let broker = |json| ("brokerproperties", json);
    let large = "x".repeat((64 << 10) + 1);
    let paths = [format!("/q/messages/1/{other}"), format!("/q/messages/2/{token}"), format!("/r/messages/1/{token}")];
    let asked: Vec<Bad<'_>> = vec![
        // Nothing of that name.
        ("POST", "/unknown/messages", vec![], "x", 404),
        ("POST", "/unknown/messages/head?timeout=60", vec![], "", 404),
        ("DELETE", "/unknown/messages/head?timeout=0", vec![], "", 404),
        ("POST", "/q/subscriptions/s/messages/head", vec![], "", 404),
        ("PUT", "/unknown/subscriptions/s", vec![], "", 404),
        // Too large, malformed.
        ("POST", "/q/messages", vec![], &large, 413),
        ("POST", "/q/messages", vec![broker("{")], "x", 400),
        ("POST", "/q/messages", vec![broker("[]")], "x", 400),
        ("POST", "/q/messages", vec![broker("{\"MessageId\": 7}")], "x", 400),
        ("POST", "/q/messages", vec![broker("{\"Label\": 7}")], "x", 400),
        ("POST", "/q/messages", vec![broker("{\"TimeToLive\": -1}")], "x", 400),
        ("POST", "/q/messages", vec![broker("{\"ScheduledEnqueueTimeUtc\": \"soon\"}")], "x", 400),
        ("POST", "/q/messages", vec![batch], "{\"Body\": \"x\"}", 400),
        ("POST", "/q/messages", vec![batch], "[{\"Body\": \"whole\"}, {\"Body\": 7}]", 400),
        ("POST", "/q/messages", vec![batch], "[{\"Body\": \"whole\"},", 400),
        // Wrong locks.
        ("DELETE", &paths[0], vec![], "", 404),
        ("PUT", &paths[0], vec![], "", 404),
        ("POST", &paths[0], vec![], "", 404),
        ("DELETE", &paths[1], vec![], "", 404),
        ("DELETE", &paths[2], vec![], "", 404),
        ("DELETE", "/q/messages/1/nonsense", vec![], "", 400),
        // Path tricks, and what is no path.
        ("POST", "/q/../q/messages", vec![], "x", 400),
        ("POST", "/%2e%2e/messages", vec![], "x", 400),
        ("PUT", "/a%2fb", vec![], "", 400),
        ("PUT", "/.hidden", vec![], "", 400),
        ("PUT", "/a%20b", vec![], "", 400),
        ("PUT", "/q/$deadletterqueue", vec![], "", 400),
        ("POST", "/q/messages/1/2/3", vec![], "", 400),
        ("POST", "/q/$deadletterqueue/messages", vec![], "x", 400),
        // Bad descriptions and filters.
        ("PUT", "/b", vec![], "{\"settings\": {\"lock_ms\": 1}}", 400),
        ("PUT", "/b", vec![], "{\"setting\": {}}", 400),
        ("PUT", "/b", vec![], "{\"settings\": {\"filters\": [{\"sql\": \"a = 1\"}]}}", 400),
        ("PUT", "/q", vec![("if-match", "*")], "{\"settings\": {\"filters\": [{\"sql\": \"a =\"}]}}", 400),
        // Bad waits, and methods that do nothing here.
        ("POST", "/q/messages/head?timeout=soon", vec![], "", 400),
        ("GET", "/q/messages", vec![], "", 405),
        ("PATCH", "/q", vec![], "", 405),
        ("GET", "/q/messages/head", vec![], "", 405),
    ];
    for (method, path, headers, body, status) in asked {
        let answer = bench.ask_with(method, path, &headers, body);
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}: {}", answer.body);
        let begin = format!("<Error><Code>{status}</Code><Detail>");
        assert!(answer.body.starts_with(&begin) && answer.body.ends_with("</Detail></Error>"), "{}", answer.body);
    }
    assert_eq!((bench.counts(), bench.queues.list("", "", 100)), before);
    assert_eq!(bench.ask("DELETE", held.location(), "").status, StatusCode::OK);
}

#[test]
fn a_topic_is_not_received_from_and_sessions_are_not_for_rest() {
    let bench = Bench::with_queue("{\"sessions\": true}");
    assert_eq!(bench.ask("PUT", "/t", "{\"kind\": \"topic\"}").status, StatusCode::CREATED);
    assert_eq!(bench.ask("POST", "/t/messages/head?timeout=0", "").status, StatusCode::BAD_REQUEST);
    assert_eq!(bench.ask("POST", "/q/messages", "no session").status, StatusCode::BAD_REQUEST);
    let broker = [("brokerproperties", "{\"SessionId\": \"7\"}")];
    assert_eq!(bench.ask_with("POST", "/q/messages", &broker, "x").status, StatusCode::CREATED);
    assert_eq!(bench.head("/q").status, StatusCode::BAD_REQUEST);
    assert_eq!(bench.counts().ready, 1);
}

#[test]
fn nobody_is_let_in_without_the_right() {
    let bench = Bench::with_queue("");
    bench.send("there");
    let before = bench.counts();
    bench.open.store(false, Ordering::Relaxed);
    for (method, path, wanted) in [
        ("POST", "/q/messages", "Send q"),
        ("POST", "/q/messages/head", "Listen q"),
        ("DELETE", "/q/$deadletterqueue/messages/head", "Listen q"),
        ("POST", "/t/Subscriptions/s/messages/head", "Listen t"),
        ("PUT", "/q/messages/1/00000000-0000-4000-8000-000000000000", "Listen q"),
        ("PUT", "/other", "Manage other"),
        ("GET", "/q", "Manage q"),
    ] {
        let answer = bench.ask(method, path, "x");
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (StatusCode::UNAUTHORIZED, "SharedAccessSignature")
        );
        assert_eq!(answer.body, format!("<Error><Code>401</Code><Detail>{wanted}</Detail></Error>"), "{method} {path}");
    }
    assert_eq!(bench.counts(), before);
}
