//! Scripts as users would write them: messages with `requests`, since no official client sends them over HTTP; entities
//! with the official administration client.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::common::text;

const CONFIG: &str = "[queues.queue.jobs]\nlock_ms = 5000\nmax_deliveries = 2\n\
    [queues.topic.plates.subscription.sure]\nfilters = [{ sql = \"sys.Label = 'read' AND confidence > 0.9\" }]\n\
    [queues.topic.plates.subscription.rest]\nforward_to = \"jobs\"\nfilters = [{ sql = \"confidence <= 0.9\" }]\n";
const KEYS: &str = "[[access.keys]]\nname = \"root\"\nkey = \"root-key-of-the-test\"\nrights = [\"manage\"]\n\
    [[access.keys]]\nname = \"camera\"\nkey = \"camera-key-of-the-test\"\nrights = [\"send\"]\nhubs = [\"jobs\"]\n";

/// What the script prints, as JSON; `None` where Python or the module is absent, which is said loudly.
fn script(name: &str, module: &str, server: &Server) -> Option<Value> {
    let python = std::env::var_os("TOLLGATE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("REQUIRE_PY").is_none(), "{module} (Python) is absent; .ci/test installs it");
        eprintln!("SKIPPED: {module} (Python) is absent; .ci/test installs it");
        return None;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/bus").join(name);
    let output = Command::new(python).arg(path).arg(server.bus()).output().expect("it runs");
    assert!(output.status.success(), "{}", text(&output));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn a_users_script_sends_receives_and_settles() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), CONFIG, &[]);
    let Some(said) = script("user.py", "requests", &server) else { return };
    let expected = json!({
        "first": ["ABC 123", "m1", 1, "\"High\"", "text/plain"],
        "completed": [200, 404],
        "renewed": 200,
        "came back": ["two", 2],
        "dead": ["two", "\"MaxDeliveryCountExceeded\""],
        "lock ended": ["three", 2, 404],
        "batch": ["a", "b", "later"],
        "sure": ["read 0.95"],
        "forwarded": ["read 0.5"],
        "empty": 204,
        "unknown": [404, "<Error><Code>404</Code>"],
        "too large": 413,
    });
    assert_eq!(said, expected);
    server.stop();
}

#[test]
fn keys_are_asked_for_where_there_are_any() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &format!("{CONFIG}{KEYS}"), &[]);
    let Some(said) = script("keys.py", "requests", &server) else { return };
    let expected = json!({
        "nothing shown": 401, "wrong key": 401, "expired": 401, "other queue": 401, "may not receive": 401,
        "may not create": 401, "narrowed elsewhere": 401, "narrowed": 201, "camera": 201, "root": 201, "created": 201,
        "body": "<Error><Code>401</Code>",
    });
    assert_eq!(said, expected);
    server.stop();
}

#[test]
fn the_official_administration_client_manages_entities() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), CONFIG, &[]);
    let Some(said) = script("admin.py", "azure.servicebus, requests", &server) else { return };
    let expected = json!({
        "queue": ["orders", 60.0, 3, 300.0, 600.0, true, false, "jobs"],
        "updated": 7,
        "queues": ["jobs", "orders"],
        "exists": 409,
        "count": 1,
        "deleted": 404,
        "topics": ["news", "plates"],
        "subscriptions": ["all", "some"],
        "lock": 120.0,
        "default rule": ["$Default"],
        "rules": ["sure", "lane"],
        "filter": "confidence > 0.9",
        "correlation": ["read", { "lane": 7, "open": true }],
        "no rules": [],
        "counts": { "all": 1, "some": 0 },
        "gone": 404,
    });
    assert_eq!(said, expected);
    server.stop();
}
