//! Topics, subscriptions with filters, and entities over REST.

use super::*;
use serde_json::json;

fn subscribe(bench: &Bench, name: &str, filters: &Value) {
    let body = json!({ "settings": { "filters": filters } }).to_string();
    let made = bench.ask("PUT", &format!("/plates/subscriptions/{name}"), &body);
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

#[test]
fn subscriptions_get_what_their_filters_accept() {
    let bench = Bench::new();
    assert_eq!(bench.ask("PUT", "/plates", "{\"kind\": \"topic\"}").status, StatusCode::CREATED);
    subscribe(&bench, "all", &json!([]));
    subscribe(&bench, "sure", &json!([{ "sql": "sys.Label = 'read' AND confidence >= 0.9" }]));
    subscribe(&bench, "lane7", &json!([{ "correlation": { "properties": { "Lane": "7" } } }]));
    for (label, confidence, lane) in [("read", "0.95", "\"7\""), ("read", "0.5", "\"8\""), ("manual", "0.95", "\"7\"")]
    {
        let broker = json!({ "Label": label }).to_string();
        let headers = [("brokerproperties", broker.as_str()), ("confidence", confidence), ("lane", lane)];
        let sent = bench.ask_with("POST", "/plates/messages", &headers, &format!("{label} {confidence}"));
        assert_eq!(sent.status, StatusCode::CREATED);
    }
    let all = |name: &str| -> Vec<String> {
        let path = format!("/plates/subscriptions/{name}/messages/head?timeout=0");
        let answers = std::iter::repeat_with(|| bench.ask("DELETE", &path, ""));
        answers.take_while(|answer| answer.status == StatusCode::OK).map(|answer| answer.body).collect()
    };
    assert_eq!(all("all"), ["read 0.95", "read 0.5", "manual 0.95"]);
    assert_eq!(all("sure"), ["read 0.95"]);
    assert_eq!(all("lane7"), ["read 0.95", "manual 0.95"]);
}

#[test]
fn entities_are_made_shown_changed_and_deleted() {
    let bench = Bench::with_queue("{\"lock_ms\": 60000}");
    assert_eq!(bench.ask("PUT", "/q", "{\"settings\": {\"lock_ms\": 60000}}").status, StatusCode::OK);
    assert_eq!(bench.ask("PUT", "/q", "").status, StatusCode::CONFLICT);
    let changed = bench.ask_with("PUT", "/q", &[("if-match", "*")], "{\"settings\": {\"max_deliveries\": 3}}");
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    bench.send("a");
    let shown: Value = serde_json::from_str(&bench.ask("GET", "/q", "").body).unwrap();
    assert_eq!((&shown["kind"], &shown["settings"]["max_deliveries"]), (&json!("queue"), &json!(3)));
    assert_eq!(shown["messages"], json!({ "ready": 1, "scheduled": 0, "locked": 0, "deferred": 0, "dead": 0 }));
    let sessions = bench.ask_with("PUT", "/q", &[("if-match", "*")], "{\"settings\": {\"sessions\": true}}");
    assert_eq!(sessions.status, StatusCode::BAD_REQUEST, "{}", sessions.body);
    assert_eq!(bench.ask("DELETE", "/q", "").status, StatusCode::OK);
    for method in ["GET", "DELETE"] {
        assert_eq!(bench.ask(method, "/q", "").status, StatusCode::NOT_FOUND, "{method}");
    }
}
