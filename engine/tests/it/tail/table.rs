//! `GET /plates.arrow`.

use serde_json::{Value, json};

use super::{config, events, python, serve};
use crate::serve::Server;

#[test]
fn notebooks_read_the_plates_as_a_stream() {
    let dir = tempfile::tempdir().unwrap();
    config(dir.path(), "");
    let server = serve(dir.path(), &[]);
    // More than a batch of the stream.
    for from in (0..9000).step_by(1000) {
        events::post_range(&server, from..from + 1000);
    }
    let Some(mut script) = python::script("table.py", "pyarrow, pandas, polars") else { return };
    let mut ask = |query: &str| python::answer(script.arg(format!("{}/plates.arrow{query}", server.http())));
    let all = ask("");
    for count in ["rows", "pandas", "polars", "ids"] {
        assert_eq!(all[count], 9000, "{count}: {all}");
    }
    assert_eq!((&all["type"], &all["version"]), (&json!("application/vnd.apache.arrow.stream"), &json!("1")));
    let Some(mut script) = python::script("table.py", "pyarrow, pandas, polars") else { return };
    // Photos 100 to 199, of which every fifth is of lane 2.
    let (since, until) = (events::capture_time(100), events::capture_time(200));
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let url = format!("{}/plates.arrow?since={}&until={}&lane=2", server.http(), time(since), time(until));
    let some = python::answer(script.arg(url));
    assert_eq!((&some["rows"], &some["lanes"]), (&json!(20), &json!(["2"])), "{some}");
    assert_eq!(some["first"], events::capture_time(102).to_rfc3339());
    server.stop();
}

/// The status and the code of a refusal.
fn refusal(server: &Server, query: &str) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("{}/plates.arrow?{query}", server.http())).call().expect("an answer");
    let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON");
    (answer.status().as_u16(), body["error"]["code"].clone())
}

#[test]
fn what_cannot_be_meant_is_refused_and_an_empty_hub_is_an_empty_table() {
    let dir = tempfile::tempdir().unwrap();
    config(dir.path(), "");
    let server = serve(dir.path(), &[]);
    for query in ["since=yesterday", "until=12", "plate=ABC0001", "since=2026-13-01T00:00:00Z"] {
        assert_eq!(refusal(&server, query), (400, json!("bad-query")), "{query}");
    }
    let mut answer = ureq::get(format!("{}/plates.arrow", server.http())).call().expect("a table");
    let bytes = answer.body_mut().read_to_vec().unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(bytes.as_slice(), None).expect("a stream");
    assert_eq!(reader.schema().fields().len(), 37);
    assert_eq!(reader.count(), 0);
    server.stop();
}
