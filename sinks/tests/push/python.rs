//! The CloudEvents SDK for Python as the receiver.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;
use tollgate_sinks::push::{BatchConfig, Secret, WebhookConfig};

use super::stage::{Stage, events, plain};

const RECEIVER: &str = include_str!("receiver.py");
const SECRET: &str = "a secret of the receiver";

fn python() -> Option<String> {
    let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_unset| "python3".into());
    let there = Command::new(&python).args(["-c", "import cloudevents.core.bindings.http"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert_ne!(std::env::var("REQUIRE_PY").as_deref(), Ok("1"), "{python} has no cloudevents 2");
    eprintln!("SKIPPED: {python} has no cloudevents 2");
    None
}

#[test]
fn the_sdk_reads_structured_and_batched_events_and_verifies_them() {
    let Some(python) = python() else { return };
    for (batch, requests) in [(None, 3), (Some(BatchConfig::default()), 1)] {
        let mut child = Command::new(&python)
            .args(["-c", RECEIVER, SECRET, &requests.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut out = BufReader::new(child.stdout.take().expect("stdout"));
        let mut url = String::new();
        out.read_line(&mut url).unwrap();
        let secret = Some(Secret::new(SECRET.into()));
        Stage::new(WebhookConfig {
            batch,
            secret,
            handshake: true,
            concurrency: std::num::NonZeroUsize::MIN,
            ..plain(url.trim())
        })
        .write(&events(0..3))
        .unwrap();
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        assert!(child.wait().expect("it ends").success());
        let read: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let ids: Vec<_> = read.iter().map(|event| event["id"].as_str().unwrap_or_default()).collect();
        assert_eq!(ids, ["id-0", "id-1", "id-2"]);
        assert!(read.iter().all(|event| event["genuine"] == true), "{said}");
        assert_eq!(read[2]["plate"], "BKW2");
    }
}
