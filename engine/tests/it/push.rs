//! Pushed events of the real program: killed between every two steps of a delivery, redelivered, given up and wanted back.

use crate::common::{text, tollgate};
use crate::serve::Server;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(60);

/// What the receiver remembers: how often each id was taken.
#[derive(Default)]
struct Ledger {
    taken: BTreeMap<String, usize>,
    /// Statuses for the next requests; then 200.
    next: Vec<u16>,
}

/// A receiver that remembers ids.
struct Receiver {
    url: String,
    ledger: Arc<Mutex<Ledger>>,
    _runtime: Runtime,
}

async fn take(State(ledger): State<Arc<Mutex<Ledger>>>, body: Bytes) -> StatusCode {
    let mut ledger = ledger.lock().expect("the ledger");
    let status = ledger.next.pop().unwrap_or(200);
    if status == 200 {
        let events: Vec<Value> = serde_json::from_slice(&body).expect("a batch");
        for event in events {
            *ledger.taken.entry(event["id"].as_str().expect("an id").to_owned()).or_default() += 1;
        }
    }
    StatusCode::from_u16(status).expect("a status")
}

impl Receiver {
    fn start(next: &[u16]) -> Self {
        let runtime = Runtime::new().expect("threads");
        let ledger = Arc::new(Mutex::new(Ledger { next: next.to_vec(), ..Ledger::default() }));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(take).with_state(Arc::clone(&ledger));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, ledger, _runtime: runtime }
    }

    fn taken(&self) -> BTreeMap<String, usize> {
        self.ledger.lock().expect("the ledger").taken.clone()
    }

    /// Waits until it remembers what is wanted.
    fn wait(&self, what: &str, wanted: impl Fn(&BTreeMap<String, usize>) -> bool) -> BTreeMap<String, usize> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let taken = self.taken();
            if wanted(&taken) {
                return taken;
            }
            assert!(Instant::now() < deadline, "{what}: {taken:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A data folder and its configs.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    fn new(receiver: &Receiver) -> Self {
        let site = Self { dir: tempfile::tempdir().expect("a folder") };
        let log = "[source]\nkind = \"none\"\n[hubs.results]\npartitions = 1\n";
        let sink = format!(
            "[sinks.webhook.billing]\nurl = \"{}\"\nallow_private = true\nhandshake = false\nretry_s = [1]\n\
             batch = {{ max_events = 2 }}\n[[routes]]\nto = [\"billing\"]\n[[routes.filters]]\nkey = \"data.confidence\"\n\
             operator = \"NumberGreaterThan\"\nvalue = 0.5\n",
            receiver.url
        );
        std::fs::write(site.path("log.toml"), log).expect("a config");
        std::fs::write(site.path("push.toml"), format!("{log}{sink}")).expect("a config");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn serve(&self, config: &str) -> Server {
        Server::start(&self.path("data"), &["--config", &self.path(config).to_string_lossy()])
    }

    /// Serves until it dies at a step.
    fn die_at(&self, step: &str) {
        let mut command = tollgate();
        command.args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tasks", "127.0.0.1:0"]);
        command.args(["--bus", "127.0.0.1:0", "--config"]);
        command.arg(self.path("push.toml")).arg("--data").arg(self.path("data"));
        let child = command.env("TOLLGATE_FAILPOINT", step).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the program starts");
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match child.try_wait().expect("a child") {
                Some(status) => break status,
                None if Instant::now() > deadline => {
                    child.kill().expect("SIGKILL");
                    panic!("it never came to {step}");
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        assert_eq!(status.code(), None, "{step}: it did not die of a signal: {status}");
    }

    fn deadletters(&self, more: &[&str]) -> Vec<String> {
        let mut command = tollgate();
        command
            .args(["events", "deadletters", "--subscription", "billing", "--data"])
            .arg(self.path("data"))
            .args(more);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }
}

/// Appends events to the results; one that takes no route is among them.
fn publish(server: &Server, ids: std::ops::Range<u32>) {
    let line = |id: u32, confidence: f64| {
        let data = json!({ "licensePlateText": format!("BKW{id}"), "confidence": confidence });
        let event = json!({ "specversion": "1.0", "id": format!("id-{id}"), "source": format!("hub:images/0/{id}"),
            "type": "LicensePlate.Processed", "time": "2026-11-22T06:00:00Z", "data": data });
        format!("{event}\n")
    };
    let mut child = server.log(&["produce", "--hub", "results"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("stdin");
    ids.for_each(|id| stdin.write_all(line(id, 0.9).as_bytes()).expect("a line"));
    stdin.write_all(line(9999, 0.1).as_bytes()).expect("a line");
    drop(stdin);
    assert!(child.wait().expect("a child").success());
}

/// Dies at a step of delivering six events to a receiver that answers the first requests with `next`, then serves
/// again. How often the receiver has taken each.
fn killed_at(step: &str, next: &[u16]) -> Vec<usize> {
    let receiver = Receiver::start(next);
    let site = Site::new(&receiver);
    let server = site.serve("log.toml");
    publish(&server, 0..6);
    server.stop();
    site.die_at(step);
    let server = site.serve("push.toml");
    receiver.wait(step, |taken| {
        let dead = if next.contains(&400) { site.deadletters(&[]).len() } else { 0 };
        taken.len() + dead >= 6
    });
    server.stop();
    // What was given up and what was delivered is all there is, and no event is both.
    let dead = site.deadletters(&[]);
    let taken = receiver.taken();
    let dead: Vec<Value> = dead.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for letter in &dead {
        assert!(!taken.contains_key(letter["id"].as_str().expect("an id")), "{step}: both: {letter}");
    }
    assert_eq!(taken.len() + dead.len(), 6, "{step}: {taken:?} and {} dead", dead.len());
    taken.into_values().collect()
}

#[test]
fn killed_between_every_two_steps_each_event_comes_and_is_billed_once() {
    // Nothing was sent yet, or all was noted: each is taken once.
    for step in ["webhook.taken", "webhook.sending", "webhook.settled"] {
        assert_eq!(killed_at(step, &[]), [1; 6], "{step}");
    }
    // The receiver had some, and nobody can know: they come again, with the ids that it remembers.
    for step in ["webhook.answered", "webhook.settling"] {
        let taken = killed_at(step, &[]);
        assert!(taken.iter().all(|&times| times <= 2) && taken.contains(&2), "{step}: {taken:?}");
    }
}

#[test]
fn killed_while_it_tries_again_nothing_is_lost() {
    assert_eq!(killed_at("webhook.settled", &[500, 500, 500]), [1; 6]);
    let taken = killed_at("webhook.resettled", &[500, 500]);
    assert_eq!(taken, [1; 6], "what was noted is not sent again");
}

#[test]
fn killed_while_it_gives_up_an_event_is_either_dead_or_delivered() {
    for step in ["webhook.burying", "webhook.buried"] {
        assert_eq!(killed_at(step, &[400]), [1; 4], "{step}");
    }
}

#[test]
fn a_redelivery_sends_again_what_was_delivered() {
    let receiver = Receiver::start(&[]);
    let site = Site::new(&receiver);
    let server = site.serve("push.toml");
    publish(&server, 0..4);
    receiver.wait("delivered", |taken| taken.len() == 4);
    let redeliver = |name: &str, since: &str| {
        let mut command = tollgate();
        command.args(["events", "redeliver", "--subscription", name, "--since", since, "--kafka", server.kafka()]);
        command.output().expect("it runs")
    };
    let unknown = redeliver("biling", "2026-01-01T00:00:00Z");
    assert!(!unknown.status.success() && text(&unknown).contains("no sink biling"), "{}", text(&unknown));
    let later = redeliver("billing", "2100-01-01T00:00:00Z");
    assert!(later.status.success() && text(&later).contains("0 results"), "{}", text(&later));
    let again = redeliver("billing", "2020-01-01T00:00:00Z");
    assert!(again.status.success(), "{}", text(&again));
    let taken = receiver.wait("redelivered", |taken| taken.values().all(|&times| times == 2));
    assert_eq!(taken.len(), 4, "the same ids");
    let metrics = ureq::get(format!("{}/metrics", server.http())).call().unwrap().body_mut().read_to_string().unwrap();
    let delivered = "push_events_total{subscription=\"billing\",outcome=\"delivered\"} 8";
    assert!(metrics.contains(delivered), "{metrics}");
    assert!(metrics.contains("push_breaker_state{subscription=\"billing\"} 0"), "{metrics}");
    server.stop();
}

#[test]
fn dead_letters_are_listed_and_sent_again_when_wanted() {
    let receiver = Receiver::start(&[400, 400]);
    let site = Site::new(&receiver);
    let server = site.serve("push.toml");
    publish(&server, 0..4);
    let deadline = Instant::now() + PATIENCE;
    while site.deadletters(&[]).len() + receiver.taken().len() < 4 {
        assert!(Instant::now() < deadline, "{:?}", site.deadletters(&[]));
    }
    let listed = site.deadletters(&[]);
    assert!(!listed.is_empty(), "a request was refused");
    let first: Value = serde_json::from_str(&listed[0]).expect("JSON");
    assert_eq!(first["lastDeliveryOutcome"], "BadRequest");
    assert_eq!(site.deadletters(&["--requeue-all"]).len(), listed.len());
    receiver.wait("requeued", |taken| taken.len() == 4);
    assert!(site.deadletters(&[]).is_empty());
    server.stop();
}

#[test]
fn a_config_that_cannot_work_is_refused_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |config: &str| {
        let path = dir.path().join("tollgate.toml");
        std::fs::write(&path, config).unwrap();
        let mut command = tollgate();
        let output = command.args(["serve", "--config"]).arg(&path).arg("--data").arg(Path::new("nowhere")).output();
        let output = output.expect("it runs");
        assert!(!output.status.success());
        text(&output)
    };
    let near = refused("[sinks.webhook.billing]\nurl = \"https://169.254.169.254/\"\n[[routes]]\nto = [\"billing\"]\n");
    assert!(near.contains("allow_private"), "{near}");
    let trick = refused("[sinks.webhook.\"../up\"]\nurl = \"https://example.com/\"\n[[routes]]\nto = [\"../up\"]\n");
    assert!(trick.contains("cannot name a sink"), "{trick}");
}
