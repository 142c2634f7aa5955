//! `[export]`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{config, events, keys, python, serve, wait_for};
use crate::common::tollgate;
use crate::serve::Server;

fn export_config(dir: &Path, more: &str) {
    let to = dir.join("exports").display().to_string();
    config(dir, &format!("[export]\nto = {to:?}\n{more}"));
}

/// Asks for an export; its status and what it says.
fn ask(server: &Server) -> Option<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(format!("{}/export", server.http())).send_empty().ok()?;
    let body = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&body).unwrap_or(Value::Null)))
}

/// Waits until the store has that many events more than when the server began.
fn stored(server: &Server, events: u32) {
    let written = "sink_events_total{sink=\"store\",outcome=\"written\"}";
    wait_for("the store", || server.metric(written).filter(|&written| written >= f64::from(events)));
    // Committed, and so durable.
    let lag = |partition| format!("group_lag{{group=\"sink.store\",hub=\"results\",partition=\"{partition}\"}}");
    wait_for("its commit", || (0..2).all(|partition| server.metric(&lag(partition)).is_none()).then_some(()));
}

/// Rows of all exports: plate to time and file.
fn rows(dir: &Path) -> Vec<Vec<String>> {
    let exports = dir.join("exports");
    let mut rows = Vec::new();
    for key in keys(&exports) {
        let text = std::fs::read_to_string(exports.join(&key)).expect("a file");
        let mut lines = text.split_terminator("\r\n");
        assert_eq!(lines.next(), Some("FileName,LicensePlateText,TimeStamp,LicensePlateFound"));
        rows.extend(lines.map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>()));
    }
    rows
}

#[test]
fn exported_timestamp_is_the_captures_and_not_last_modified() {
    let dir = tempfile::tempdir().unwrap();
    export_config(dir.path(), "");
    let server = serve(dir.path(), &[]);
    events::post_range(&server, 0..10);
    stored(&server, 10);
    let (status, said) = ask(&server).expect("an answer");
    assert_eq!((status, &said["count"]), (200, &json!(10)), "{said}");
    let name = said["file"].as_str().expect("a file").to_owned();
    assert!(chrono::NaiveDateTime::parse_from_str(&name, "%Y-%m-%dT%H-%M-%SZ.csv").is_ok(), "{name}");
    assert_eq!(keys(&dir.path().join("exports")), [name]);
    let rows = rows(dir.path());
    assert_eq!(rows.len(), 10);
    for row in rows {
        let n: usize = row[0].trim_end_matches(".jpg").parse().expect("a number");
        assert_eq!(
            row[1..],
            [events::plate(n), events::capture_time(n).format("%Y-%m-%dT%H:%M:%SZ").to_string(), "true".into()]
        );
    }
    assert_eq!(ask(&server), Some((204, Value::Null)), "nothing is left");
    // The command line asks the same way.
    events::post_range(&server, 10..14);
    stored(&server, 14);
    let command = || tollgate().args(["export", "--http", server.http()]).output().expect("it runs");
    let first: Value = serde_json::from_slice(&command().stdout).expect("JSON");
    assert_eq!(first["count"], 4);
    assert!(String::from_utf8_lossy(&command().stderr).contains("nothing to export"));
    server.stop();
}

#[test]
fn a_crash_between_write_csv_and_mark_exported_exports_nothing_twice() {
    let steps = ["export.claimed", "export.drafted", "depot.staged", "export.published", "export.marked"];
    for step in steps {
        let dir = tempfile::tempdir().unwrap();
        export_config(dir.path(), "");
        let server = serve(dir.path(), &[("TOLLGATE_FAILPOINT", step)]);
        events::post_range(&server, 0..10);
        stored(&server, 10);
        assert_eq!(ask(&server), None, "{step}: it dies before it answers");
        server.died();
        let server = serve(dir.path(), &[]);
        events::post_range(&server, 10..15);
        stored(&server, 5);
        while ask(&server).expect("an answer").0 == 200 {}
        server.stop();
        let mut times = BTreeMap::<String, u32>::new();
        rows(dir.path()).into_iter().for_each(|row| *times.entry(row[1].clone()).or_default() += 1);
        assert_eq!(times.len(), 15, "{step}");
        assert!(times.values().all(|&times| times == 1), "{step}: {times:?}");
        assert_eq!(keys(&dir.path().join("exports")).len(), 2, "{step}: the file that was begun, and the next");
    }
}

#[test]
fn answers_of_people_are_exported_with_the_rest_and_what_is_not_sure_never_is() {
    let dir = tempfile::tempdir().unwrap();
    export_config(dir.path(), "");
    let server = serve(dir.path(), &[]);
    let mut asked = events::event(1);
    asked["type"] = json!("LicensePlate.ManualCheck");
    asked["data"]["licensePlateFound"] = json!(false);
    asked["data"]["reason"] = json!({ "code": "low-confidence", "detail": "not sure" });
    let mut rejected = events::event(2);
    rejected["type"] = json!("Image.Rejected");
    rejected["data"]["licensePlateFound"] = json!(false);
    rejected["data"]["licensePlateText"] = json!("");
    events::post(&server, 0, &[asked.clone(), rejected]);
    stored(&server, 2);
    assert_eq!(ask(&server), Some((204, Value::Null)));
    let mut answered = events::event(1);
    answered["type"] = json!("LicensePlate.Reviewed");
    answered["id"] = json!("7f0c2b52-58d3-5d5c-9c33-2a1d6e0f0a11");
    answered["data"]["licensePlateText"] = json!("XYZ9876");
    answered["data"]["review"] = json!({
        "eventId": asked["id"], "reviewer": "ann", "reviewedAt": "2026-11-25T08:00:00Z", "unreadable": false,
        "partialText": events::plate(1), "confidence": 0.4
    });
    events::post(&server, 0, &[answered]);
    stored(&server, 3);
    let (status, said) = ask(&server).expect("an answer");
    assert_eq!((status, &said["count"]), (200, &json!(1)), "{said}");
    server.stop();
    let time = events::capture_time(1).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert_eq!(rows(dir.path()), [["1.jpg", "XYZ9876", &time, "true"].map(String::from)]);
}

/// A receiver of one request; its body.
fn receive_one() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/notices", listener.local_addr().expect("bound"));
    let receiver = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        let mut length = 0;
        for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("an answer");
        String::from_utf8(body).expect("UTF-8")
    });
    (address, receiver)
}

#[test]
fn where_nothing_is_to_be_exported_a_webhook_and_a_mail_say_so() {
    let Some(mut command) = python::script("smtp.py", "aiosmtpd") else { return };
    let mut smtp = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut mails = BufReader::new(smtp.stdout.take().expect("stdout")).lines().map_while(Result::ok);
    let port = mails.next().expect("a port");
    let (webhook, received) = receive_one();
    let dir = tempfile::tempdir().unwrap();
    let mail = format!(
        r#"{{ smtp = "smtp://127.0.0.1:{port}", from = "gate@example.org", to = ["ann@example.org", "bo@example.org"] }}"#
    );
    export_config(dir.path(), &format!("[export.notice]\nwebhook = {webhook:?}\nmail = {mail}\n"));
    let server = serve(dir.path(), &[]);
    assert_eq!(ask(&server), Some((204, Value::Null)));
    let event: Value = serde_json::from_str(&received.join().expect("received")).expect("JSON");
    assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("Export.Empty")));
    let mail: Value = serde_json::from_str(&mails.next().expect("a mail")).expect("JSON");
    assert_eq!(mail["from"], "gate@example.org");
    assert_eq!(mail["to"], json!(["ann@example.org", "bo@example.org"]));
    assert_eq!(mail["subject"], "tollgate: nothing to export");
    assert_eq!(mail["id"], format!("<{}@tollgate>", event["id"].as_str().expect("an id")));
    server.stop();
    drop(smtp.stdin.take());
    smtp.wait().expect("it ends");
}

#[test]
fn a_place_that_refuses_is_an_error_and_the_export_is_made_later() {
    let dir = tempfile::tempdir().unwrap();
    export_config(dir.path(), "");
    // A file where the folder should be.
    std::fs::write(dir.path().join("exports"), "in the way").unwrap();
    let server = serve(dir.path(), &[]);
    events::post_range(&server, 0..10);
    stored(&server, 10);
    let (status, said) = ask(&server).expect("an answer");
    assert_eq!((status, &said["error"]["code"]), (503, &json!("export-failed")));
    std::fs::remove_file(dir.path().join("exports")).unwrap();
    let (status, said) = ask(&server).expect("an answer");
    assert_eq!((status, &said["count"]), (200, &json!(10)));
    assert_eq!(rows(dir.path()).len(), 10);
    server.stop();
}
