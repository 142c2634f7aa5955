//! Results become messages: each exactly once, also where the server is killed between two steps.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
const RESULTS: &str = "[hubs.results]\npartitions = 2\n";
const QUEUE: &str = "[queues.queue.billing]\n[sinks.queue.bill]\nqueue = \"billing\"\n\
    [[routes]]\ntypes = [\"LicensePlate.Processed\"]\nto = [\"bill\"]\n";
const TOPIC: &str = "[queues.topic.plates]\nduplicate_window_ms = 20000\n\
    [queues.topic.plates.subscription.sure]\nfilters = [{ sql = \"confidence > 0.9 AND type LIKE '%.Processed'\" }]\n\
    [queues.topic.plates.subscription.lane7]\nfilters = [{ correlation = { session_id = \"7\" } }]\n\
    [sinks.topic.fan]\ntopic = \"plates\"\n[[routes]]\nto = [\"fan\"]\n";

/// Event `n`; every third is none that the queue's route takes.
fn event(n: usize) -> Value {
    let kind = if n % 3 == 2 { "LicensePlate.ManualCheck" } else { "LicensePlate.Processed" };
    json!({ "specversion": "1.0", "id": format!("id-{n}"), "source": format!("hub:images/0/{n}"), "type": kind,
        "time": "2026-11-22T06:00:00Z", "data": { "lane": (n % 2 + 7).to_string(), "confidence": 0.85 + 0.01 * n as f64 } })
}

/// Puts events into a partition of the results, a batch each.
fn publish(server: &Server, events: std::ops::Range<usize>) {
    for n in events {
        let batch = json!([{ "Body": event(n) }]).to_string();
        let answer = ureq::post(format!("{}/results/messages?partition={}", server.http(), n % 2))
            .header("content-type", "application/vnd.microsoft.servicebus.json")
            .send(batch);
        assert_eq!(answer.expect("taken").status(), 201);
    }
}

/// How often each event is in a queue, once there are enough.
fn times(server: &Server, queue: &str, enough: usize) -> BTreeMap<String, usize> {
    let client = Client::new(server);
    let (mut times, deadline) = (BTreeMap::new(), Instant::now() + PATIENCE);
    let mut count = |got: Got| {
        *times.entry(got.broker["MessageId"].as_str().expect("an id").to_owned()).or_default() += 1;
        times.len()
    };
    let mut found = 0;
    while found < enough {
        assert!(Instant::now() < deadline, "{queue} has {found} of {enough}");
        found = client.receive("DELETE", queue, 5).map_or(found, &mut count);
    }
    // A sink sends what lies in a partition in its order: what came twice is in front of the partition's last event.
    client.drain(queue).into_iter().for_each(|got| _ = count(got));
    times
}

/// Serves until it dies at a step, which may be before it says that it serves.
fn die_at(dir: &Path, config: &str, step: &str) {
    let mut command = command(dir, config);
    let child = command.env("TOLLGATE_FAILPOINT", step).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() > deadline {
            child.kill().expect("SIGKILL");
            panic!("it never came to {step}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A server that is not waited for.
fn command(dir: &Path, config: &str) -> Command {
    let path = dir.join("tollgate.toml");
    std::fs::write(&path, format!("[source]\nkind = \"none\"\n{config}")).expect("a config");
    let mut command = crate::common::tollgate();
    command.args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tasks", "127.0.0.1:0"]);
    command.args(["--bus", "127.0.0.1:0", "--config"]).arg(&path).arg("--data").arg(dir.join("data"));
    command
}

fn expected(events: impl Iterator<Item = usize>) -> BTreeMap<String, usize> {
    events.map(|n| (format!("id-{n}"), 1)).collect()
}

#[test]
fn each_result_is_one_message_wherever_the_server_is_killed() {
    for step in ["queue.sending", "queue.sending:2", "queue.sent", "queue.sent:2"] {
        let dir = tempfile::tempdir().unwrap();
        let server = serve(dir.path(), RESULTS, &[]);
        publish(&server, 0..12);
        server.stop();
        die_at(dir.path(), &format!("{RESULTS}{QUEUE}"), step);
        let server = serve(dir.path(), &format!("{RESULTS}{QUEUE}"), &[]);
        publish(&server, 12..14);
        let all = times(&server, "billing", 10);
        assert_eq!(all, expected((0..14).filter(|n| n % 3 != 2)), "{step}");
        server.kill();
        let server = serve(dir.path(), &format!("{RESULTS}{QUEUE}"), &[]);
        publish(&server, 15..17);
        assert_eq!(times(&server, "billing", 2), expected(15..17), "{step}");
        server.stop();
    }
}

#[test]
fn a_message_carries_what_receivers_and_filters_look_at() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &format!("{RESULTS}{TOPIC}"), &[]);
    publish(&server, 0..10);
    let sure = |n: &usize| event(*n)["data"]["confidence"].as_f64().unwrap() > 0.9 && n % 3 != 2;
    assert_eq!(times(&server, "plates/subscriptions/sure", 3), expected((0..10).filter(sure)));
    let client = Client::new(&server);
    let first = client.receive("POST", "plates/subscriptions/lane7", 10).expect("a message");
    assert_eq!((&first.broker["SessionId"], &first.broker["Label"]), (&json!("7"), &event(0)["type"]));
    assert_eq!(serde_json::from_str::<Value>(&first.body).unwrap(), event(0));
    // What is published again is known by its id, within the topic's window.
    publish(&server, 0..10);
    publish(&server, 10..11);
    assert_eq!(times(&server, "plates/subscriptions/sure", 1), expected(10..11));
    server.stop();
}

#[test]
fn a_config_that_contradicts_what_is_there_is_told() {
    let dir = tempfile::tempdir().unwrap();
    serve(dir.path(), "[queues.queue.a]\n", &[]).stop();
    serve(dir.path(), "[queues.queue.a]\nlock_ms = 60000\n", &[]).stop();
    for (config, said) in
        [("[queues.topic.a]\n", "another name"), ("[queues.queue.a]\nsessions = true\n", "sessions is for ever")]
    {
        let output = command(dir.path(), config).output().unwrap();
        let text = crate::common::text(&output);
        assert!(!output.status.success() && text.contains(said), "{text}");
    }
}

#[test]
fn nobody_else_is_let_in_without_keys() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = crate::common::tollgate();
    command.args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tasks", "127.0.0.1:0"]);
    let output = command.args(["--bus", "0.0.0.0:0", "--data"]).arg(dir.path()).output().unwrap();
    let text = crate::common::text(&output);
    assert!(!output.status.success() && text.contains("0.0.0.0"), "{text}");
}
