//! Hubs, made and removed over HTTP.

use crate::common::{Server, curl};

#[test]
fn hubs_come_and_go() {
    let server = Server::start();
    let config = r#"{"partitions": 2, "durability": "os"}"#;
    let Some(made) = curl(&["-X", "PUT", "--data-binary", config, &server.url("/events")]) else { return };
    assert_eq!(made.status, 201);
    let json = made.json();
    assert_eq!((&json["name"], &json["config"]["partitions"]), (&"events".into(), &2.into()));
    assert_eq!(json["config"]["durability"], "os");
    assert_eq!(json["partitions"][1], serde_json::json!({"id": 1, "start_offset": 0, "end_offset": 0}));
    assert_eq!(server.ask("PUT", "/events", &[], config.as_bytes()).status, 200);
    assert_eq!(server.ask("PUT", "/events", &[], b"").refusal(), (409, "hub-exists".into()));
    assert_eq!(server.ask("POST", "/events/messages?partition=1", &[], b"x").status, 201);
    assert_eq!(server.get("/events").json()["partitions"][1]["end_offset"], 1);
    let names = |reply: crate::common::Reply| -> Vec<String> {
        let hubs = reply.json();
        let hubs = hubs["hubs"].as_array().unwrap().iter();
        hubs.map(|hub| hub["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(server.get("/hubs")), ["events", "images", "telemetry"]);
    assert_eq!(server.ask("DELETE", "/events", &[], b"").status, 204);
    assert_eq!(server.ask("DELETE", "/events", &[], b"").refusal(), (404, "no-hub".into()));
    assert_eq!(server.get("/events").refusal(), (404, "no-hub".into()));
    assert_eq!(names(server.get("/hubs")), ["images", "telemetry"]);
}

#[test]
fn hubs_that_cannot_be_are_refused() {
    let server = Server::start();
    let refused = |path: &str, body: &str| server.ask("PUT", path, &[], body.as_bytes()).refusal();
    for (path, body) in [
        ("/lanes", ""),
        ("/a%2Fb", ""),
        ("/.x", ""),
        ("/x", "{"),
        ("/x", "{\"partitions\": 33}"),
        ("/x", "{\"partition\": 3}"),
    ] {
        assert_eq!(refused(path, body), (400, "bad-hub".into()), "{path} {body}");
    }
    assert_eq!(refused("/x", &" ".repeat(20_000)), (413, "too-large".into()));
}
