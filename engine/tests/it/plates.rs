//! The store and the manual checks of a real `tollgate serve`, over HTTP: events come in as a Kafka client or a camera's
//! gateway would append them; processes are really killed.

use crate::serve::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tollgate_sinks::event::{Event, EventKind};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server without a flow.
pub(crate) fn start(data: &Path, more: &str) -> Server {
    let config = data.with_extension("toml");
    std::fs::write(&config, format!("[source]\nkind = \"none\"\n{more}")).expect("a config");
    Server::start(data, &["--config", &config.to_string_lossy()])
}

/// An event about plate `n`.
pub(crate) fn event(n: usize, kind: EventKind, plate: &str) -> Event {
    let (source, second) = (format!("hub:images/0/{n}"), n % 60);
    let (id, kind) = (Event::id_for(&source, 0), kind.as_str());
    let event = json!({
        "specversion": "1.0", "id": id, "source": source, "type": kind, "subject": format!("7/{n}.jpg"),
        "time": format!("2026-03-14T08:15:{second:02}Z"), "datacontenttype": "application/json",
        "data": {
            "fileName": format!("{n}.jpg"), "lane": "7", "timeStamp": format!("2026-03-14T08:15:{second:02}Z"),
            "timeSource": "exif", "licensePlateFound": kind == "LicensePlate.Processed", "licensePlateText": plate,
            "rawText": plate, "confidence": 0.5, "meanConfidence": 0.6, "charConfidences": [],
            "candidates": [{"text": format!("{plate}1"), "confidence": 0.4}, {"text": format!("{plate}I"), "confidence": 0.2}],
            "region": null, "plateIndex": 0, "platesInImage": 1, "detection": null, "image": null,
            "reason": {"code": "unsure-text", "detail": "the least sure character has a confidence of 0.50"},
            "models": [], "timings": {"decodeMs": 1.0, "detectMs": 1.0, "readMs": 1.0, "judgeMs": 1.0},
            "weakSightings": [],
        },
    });
    Event::from_json(event.to_string().as_bytes()).expect("an event")
}

/// Appends events to the results hub over HTTP, a batch each, with a picture where one is given.
pub(crate) fn append(server: &Server, events: &[Event], crop: Option<&str>) {
    let batch: Vec<Value> = events
        .iter()
        .map(|event| {
            let properties = crop.map_or(json!({}), |crop| json!({ "crop": crop }));
            json!({ "Body": event, "UserProperties": properties })
        })
        .collect();
    let answer = ureq::post(format!("{}/results/messages?partition=0", server.http))
        .header("content-type", "application/vnd.microsoft.servicebus.json")
        .send(json!(batch).to_string());
    assert_eq!(answer.expect("taken").status(), 201);
}

pub(crate) fn get(server: &Server, path: &str) -> (u16, Value) {
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let mut answer = agent.get(format!("{}{path}", server.http)).call().expect("an answer");
    (answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("JSON"))
}

pub(crate) fn call(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let url = format!("{}{path}", server.http);
    let request = if method == "PUT" { agent.put(url) } else { agent.post(url) };
    let mut answer = request.content_type("application/json").send(body.to_string()).expect("an answer");
    let said = answer.body_mut().read_to_string().expect("text");
    (answer.status().as_u16(), serde_json::from_str(&said).unwrap_or(Value::Null))
}

/// Everything the feed has, once it has that many changes.
pub(crate) fn feed(server: &Server, least: usize) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    let (mut all, mut since) = (Vec::new(), "beginning".to_owned());
    while all.len() < least {
        let (status, page) = get(server, &format!("/feed?since={since}&limit=1000&wait_ms=500"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["changes"].as_array().expect("changes").clone());
        since = page["token"].as_str().expect("a token").to_owned();
        assert!(Instant::now() < deadline, "{} of {least} changes", all.len());
    }
    all
}

fn plates(found: &Value) -> Vec<&str> {
    let plates = found["plates"].as_array().expect("plates");
    plates.iter().filter_map(|plate| plate["licensePlateText"].as_str()).collect()
}

#[test]
fn plates_are_found_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir.path().join("data"), "");
    let (read, check) = (event(1, EventKind::Processed, "ABC123"), event(2, EventKind::ManualCheck, "ABX12"));
    append(&server, std::slice::from_ref(&read), None);
    append(&server, std::slice::from_ref(&check), Some("picture"));
    feed(&server, 2);
    assert_eq!(plates(&get(&server, "/plates?plate=abc-123").1), ["ABC123"]);
    assert_eq!(plates(&get(&server, "/plates?near=ABCI23&fold=true&lane=7&since=2026-03-14T08:00:00Z").1), ["ABC123"]);
    assert_eq!(plates(&get(&server, "/plates?band=manual").1), ["ABX12"]);
    let first = get(&server, "/plates?limit=1").1;
    let token = first["token"].as_str().expect("a token");
    assert_eq!(plates(&get(&server, &format!("/plates?limit=1&token={token}")).1), ["ABX12"]);
    let (status, document) = get(&server, &format!("/plates/{}", check.id));
    assert_eq!((status, &document["type"], &document["resolved"]), (200, &json!("NeedsManualReview"), &json!(false)));
    let mut crop = ureq::get(format!("{}/plates/{}/crop", server.http, check.id)).call().unwrap();
    assert_eq!(crop.headers()["content-type"], "image/jpeg");
    assert_eq!(crop.body_mut().read_to_vec().unwrap(), b"picture");
    for (path, status, code) in [
        ("/plates?plate=A&near=B", 400, "bad-query"),
        ("/plates?plat=A", 400, "bad-query"),
        ("/plates?plate=..", 400, "bad-plate"),
        ("/plates?since=today", 400, "bad-time"),
        ("/plates?token=x", 400, "bad-token"),
        ("/plates?band=green", 400, "bad-query"),
        ("/plates/nonsense", 400, "bad-path"),
        ("/plates/00000000-0000-0000-0000-000000000000", 404, "no-plate"),
        (&format!("/plates/{}/crop", read.id), 404, "no-crop"),
        ("/feed?since=v99", 400, "bad-token"),
    ] {
        let (got, body) = get(&server, path);
        assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{path}: {body}");
    }
    server.stop();
}

#[test]
fn the_feed_waits_and_a_processor_goes_on_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = start(&data, "");
    append(&server, &[event(1, EventKind::Processed, "AAA111")], None);
    let token = feed(&server, 1)[0]["token"].clone();
    assert_eq!(call(&server, "PUT", "/feed/processors/billing", &json!({ "token": token })).0, 204);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| get(&server, "/feed?processor=billing&wait_ms=30000"));
        append(&server, &[event(2, EventKind::Processed, "BBB222")], None);
        let (_, page) = waiting.join().unwrap();
        assert_eq!(page["changes"][0]["document"]["licensePlateText"], "BBB222");
    });
    server.kill();
    let server = start(&data, "");
    // Not saved, and so shown again: at least once.
    let (_, page) = get(&server, "/feed?processor=billing&wait_ms=30000");
    assert_eq!(page["changes"][0]["document"]["licensePlateText"], "BBB222");
    assert_eq!(get(&server, "/feed/processors").1["processors"][0]["behind"], 1);
    server.stop();
}

/// Lines of a stream up to the nth event's data; then the stream, still open.
fn stream(server: &Server, head: &str) -> BufReader<std::net::TcpStream> {
    let address = server.http.strip_prefix("http://").expect("an address");
    let mut socket = std::net::TcpStream::connect(address).expect("connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(socket, "GET /feed HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n{head}\r\n").expect("sent");
    BufReader::new(socket)
}

fn fields(stream: &mut impl BufRead, name: &str, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).expect("a line") > 0, "the stream ended: {found:?}");
        found.extend(line.trim_end().strip_prefix(&format!("{name}: ")).map(str::to_owned));
    }
    found
}

#[test]
fn server_sent_events_go_on_from_the_last_id_are_bounded_and_end_with_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir.path().join("data"), "[store]\nmax_streams = 2\n");
    append(&server, &[event(1, EventKind::Processed, "AAA111"), event(2, EventKind::Processed, "BBB222")], None);
    let ids = fields(&mut stream(&server, ""), "id", 2);
    let mut second = stream(&server, &format!("last-event-id: {}\r\n", ids[0]));
    assert!(fields(&mut second, "data", 1)[0].contains("BBB222"));
    append(&server, &[event(3, EventKind::Processed, "CCC333")], None);
    assert!(fields(&mut second, "data", 1)[0].contains("CCC333"));
    // The first stream's end is noticed when something is written to it; until then it counts.
    let mut third = stream(&server, "last-event-id: v0\r\n");
    let mut status = String::new();
    third.read_line(&mut status).unwrap();
    let mut fourth = stream(&server, "");
    let mut refused = String::new();
    fourth.read_line(&mut refused).unwrap();
    assert!([&status, &refused].iter().any(|line| line.contains("503")), "{status}{refused}");
    server.stop();
    let mut rest = String::new();
    second.read_to_string(&mut rest).expect("the stream ends well");
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let events: Vec<Event> = (0..600).map(|n| event(n, EventKind::Processed, &format!("AB{n:04}"))).collect();
    for (round, part) in events.chunks(200).enumerate() {
        let server = start(&data, "");
        for some in part.chunks(20) {
            append(&server, some, None);
        }
        // Killed while the store catches up: wherever it is by then.
        if round == 1 {
            feed(&server, 250);
        }
        server.kill();
    }
    let server = start(&data, "");
    let changes = feed(&server, events.len());
    let ids: BTreeSet<_> = changes.iter().filter_map(|change| change["document"]["eventId"].as_str()).collect();
    assert_eq!((changes.len(), ids.len()), (events.len(), events.len()), "each once");
    server.stop();
}

/// Locks the next item, once there is one.
pub(crate) fn next(server: &Server) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (status, got) = call(server, "POST", "/review/next", &json!({}));
        assert_eq!(status, 200, "{got}");
        if got["item"].is_object() {
            return got;
        }
        assert!(Instant::now() < deadline, "nothing waits");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn answer(server: &Server, item: &Value, what: &Value) -> (u16, Value) {
    let id = item["id"].as_str().expect("an id");
    let mut body = json!({ "token": item["token"], "reviewer": "Ann" });
    body.as_object_mut().expect("an object").extend(what.as_object().expect("an object").clone());
    call(server, "POST", &format!("/review/{id}/answer"), &body)
}

#[test]
fn an_answer_becomes_an_event_and_a_plate_to_export() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir.path().join("data"), "");
    let check = event(1, EventKind::ManualCheck, "ABX12");
    append(&server, std::slice::from_ref(&check), Some("picture"));
    let item = &next(&server)["item"];
    assert_eq!((&item["partialText"], &item["confidence"]), (&json!("ABX12"), &json!(0.5)));
    for (what, code) in [
        (json!({ "text": "A!" }), "bad-text"),
        (json!({ "text": "NEW YORK CITY" }), "bad-text"),
        (json!({}), "bad-body"),
        (json!({ "text": "ABC123", "unreadable": true }), "bad-body"),
        (json!({ "text": "ABC123", "reviewer": "x".repeat(65) }), "bad-reviewer"),
    ] {
        let (status, said) = answer(&server, item, &what);
        assert_eq!((status, said["error"]["code"].as_str()), (400, Some(code)), "{what}");
    }
    let (status, said) = answer(&server, item, &json!({ "text": "abx-123" }));
    assert_eq!((status, &said["eventId"]), (200, &json!(Event::review_id(check.id))));
    assert_eq!(answer(&server, item, &json!({ "text": "ABX124" })).0, 404, "answered once");
    let events = server.results();
    assert_eq!(events.len(), 2);
    let review = &events[1];
    assert_eq!((&review["type"], &review["time"]), (&json!("LicensePlate.Reviewed"), &events[0]["time"]));
    let data = &review["data"];
    assert_eq!((&data["licensePlateText"], &data["licensePlateFound"]), (&json!("ABX123"), &json!(true)));
    let by = &data["review"];
    assert_eq!(
        (&by["eventId"], &by["reviewer"], &by["partialText"]),
        (&json!(check.id), &json!("Ann"), &json!("ABX12"))
    );
    feed(&server, 2);
    let (_, plate) = get(&server, &format!("/plates/{}", Event::review_id(check.id)));
    assert_eq!(
        (&plate["type"], &plate["exported"], &plate["timeStamp"]),
        (&json!("Processed"), &json!(false), &events[0]["time"])
    );
    server.stop();
}

#[test]
fn a_kill_between_the_event_and_its_item_asks_nobody_twice() {
    for step in ["review.answered", "review.published"] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = start(&data, "");
        append(&server, &[event(1, EventKind::ManualCheck, "ABX12")], None);
        next(&server);
        server.kill();
        let config = data.with_extension("toml").to_string_lossy().into_owned();
        std::fs::write(&config, "[source]\nkind = \"none\"\n[review]\nlock_ms = 1\n").unwrap();
        let server = Server::start_with(&data, &["--config", &config], &[("TOLLGATE_FAILPOINT", step)]);
        // The lock of before outlives the kill; it is taken over with the number of the delivery.
        let id = event(1, EventKind::ManualCheck, "").id;
        let token = uuid::Uuid::new_v5(&id, &1_u32.to_le_bytes());
        let url = format!("{}/review/{id}/answer", server.http);
        let body = json!({ "token": token, "text": "ABX123" }).to_string();
        assert!(ureq::post(url).content_type("application/json").send(body).is_err(), "it dies at {step}");
        drop(server);
        let server = start(&data, "");
        let durable = step == "review.published";
        let reviewed = server.results().iter().filter(|event| event["type"] == "LicensePlate.Reviewed").count();
        assert_eq!(reviewed, usize::from(durable), "{step}");
        if durable {
            feed(&server, 2);
            let deadline = Instant::now() + PATIENCE;
            while call(&server, "POST", "/review/next", &json!({})).1["remaining"] != 0 {
                assert!(Instant::now() < deadline, "the item is not settled");
            }
        } else {
            let (status, said) =
                call(&server, "POST", &format!("/review/{id}/answer"), &json!({ "token": token, "text": "ABX123" }));
            assert_eq!(status, 200, "still locked by who had it: {said}");
        }
        feed(&server, 2);
        let reviewed = server.results().iter().filter(|event| event["type"] == "LicensePlate.Reviewed").count();
        assert_eq!(reviewed, 1, "{step}");
        server.stop();
    }
}

#[test]
fn with_keys_a_browser_gets_in_by_a_cookie_and_other_sites_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let keys =
        "[[access.keys]]\nname = \"reviewers\"\nkey = \"sixteen-bytes-at-least\"\nrights = [\"send\", \"listen\"]\n";
    let server = start(&dir.path().join("data"), keys);
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let post = |path: &str, cookie: &str, site: &str, body: &str| {
        let request = agent.post(format!("{}{path}", server.http)).content_type("application/json");
        request.header("cookie", cookie).header("sec-fetch-site", site).send(body).expect("an answer")
    };
    assert_eq!(agent.get(format!("{}/review", server.http)).call().unwrap().status(), 200, "the page is for all");
    assert_eq!(post("/review/next", "", "same-origin", "{}").status(), 401);
    let shown = |key: &str| {
        json!({ "key": format!("Endpoint=sb://x/;SharedAccessKeyName=reviewers;SharedAccessKey={key}") }).to_string()
    };
    assert_eq!(post("/login", "", "same-origin", &shown("another-key-of-the-length")).status(), 401);
    assert_eq!(post("/login", "", "cross-site", &shown("sixteen-bytes-at-least")).status(), 403);
    let entered = post("/login", "", "same-origin", &shown("sixteen-bytes-at-least"));
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains("sixteen-bytes"), "the key itself is not in it");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(post("/review/next", pair, "same-origin", "{}").status(), 200);
    assert_eq!(post("/review/next", pair, "cross-site", "{}").status(), 403);
    assert_eq!(post("/review/next", &format!("{pair}x"), "same-origin", "{}").status(), 401);
    server.stop();
}

#[test]
fn a_form_of_another_site_changes_nothing_without_keys_either() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir.path().join("data"), "");
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let post = |kind: &str, name: &str, value: &str| {
        let request = agent.post(format!("{}/review/next", server.http)).content_type(kind).header(name, value);
        request.send("{}").expect("an answer").status().as_u16()
    };
    assert_eq!(post("application/json", "origin", "http://evil.example"), 403);
    assert_eq!(post("application/json", "origin", &server.http), 200);
    server.stop();
}
