//! `tollgate serve`: the real program, real clients (librdkafka, an HTTP client), real kills.

use crate::common::{events, replay, sample, text, tollgate};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Server {
    child: Child,
    kafka: String,
    pub(crate) http: String,
    bus: String,
}

impl Server {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_with(data, more, &[])
    }

    /// [`Server::start`], with this in the environment.
    pub(crate) fn start_with(data: &Path, more: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = tollgate();
        command.envs(environment.iter().copied());
        command
            .args([
                "serve",
                "--kafka",
                "127.0.0.1:0",
                "--http",
                "127.0.0.1:0",
                "--tasks",
                "127.0.0.1:0",
                "--bus",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(data)
            .args(more);
        let mut child = command.stderr(Stdio::piped()).stdin(Stdio::null()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines().map_while(Result::ok);
        let (mut kafka, mut http, mut bus, mut said) = (None, None, None, Vec::new());
        for line in lines.by_ref() {
            said.push(line.clone());
            let second = line.split_whitespace().nth(1).map(str::to_owned);
            match line.split_whitespace().next() {
                Some("kafka") => kafka = kafka.or(second),
                Some("http") => http = second,
                Some("bus") => bus = second,
                Some("ready:" | "ready;") => break,
                _ => {}
            }
        }
        // Whoever writes to a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        let (Some(kafka), Some(http), Some(bus)) = (kafka, http, bus) else {
            panic!("it did not serve:\n{}", said.join("\n"))
        };
        Self { child, kafka, http, bus }
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where Kafka clients are heard.
    pub(crate) fn kafka(&self) -> &str {
        &self.kafka
    }

    /// The URL of its HTTP endpoint.
    pub(crate) fn http(&self) -> &str {
        &self.http
    }

    /// The URL of its enterprise queues.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    /// The value of a line of its metrics, if it is there and not 0.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let text = ureq::get(format!("{}/metrics", self.http)).call().expect("metrics").body_mut().read_to_string();
        let text = text.expect("text");
        let name = format!("tollgate_{name}");
        let value = text.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok());
        value.filter(|&value| value != 0.0)
    }

    /// Waits until it has died by itself, at a failpoint.
    #[track_caller]
    pub(crate) fn died(mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it did not die");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn log(&self, args: &[&str]) -> Command {
        let mut command = tollgate();
        command.arg("log").args(args).args(["--kafka", &self.kafka]);
        command
    }

    /// Sends photos; their positions, in the order in which they were acknowledged.
    fn produce(&self, photos: &Path) -> Vec<String> {
        let output = self.log(&["produce", "--hub", "images"]).arg(photos).output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        let position = |line: &str| format!("hub:{}", line.replace(' ', "/"));
        lines.lines().map(position).collect()
    }

    /// The events in the results hub.
    pub(crate) fn results(&self) -> Vec<Value> {
        let output = self.log(&["tail", "--hub", "results"]).output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        let event = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["value"].take();
        lines.lines().map(event).collect()
    }

    /// The events once there are results of that many photos.
    pub(crate) fn results_of(&self, photos: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let results = self.results();
            if sources(&results).len() >= photos {
                return results;
            }
            assert!(Instant::now() < deadline, "results of {} photos", sources(&results).len());
        }
    }

    /// [`Server::results_of`], and then stops.
    pub(crate) fn into_results_of(self, photos: usize) -> Vec<Value> {
        let results = self.results_of(photos);
        self.stop();
        results
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("a child");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let deadline = Instant::now() + Duration::from_secs(15);
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "it did not stop in the stated time"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    /// Also where a test fails: nothing is left running.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn sources(events: &[Value]) -> BTreeSet<&str> {
    events.iter().filter_map(|event| event["source"].as_str()).collect()
}

fn sorted(events: &[Value], what: impl Fn(&Value) -> String) -> Vec<String> {
    let mut all: Vec<_> = events.iter().map(what).collect();
    all.sort();
    all
}

pub(crate) fn ids(events: &[Value]) -> Vec<String> {
    sorted(events, |event| event["id"].to_string())
}

/// What was read, without where it came from.
fn texts(events: &[Value]) -> Vec<String> {
    sorted(events, |event| format!("{} {}", event["type"], event["data"]["licensePlateText"]))
}

fn some_photo() -> PathBuf {
    let lane = std::fs::read_dir(sample().join("lane-1")).expect("the sample");
    let mut photos: Vec<_> = lane.filter_map(|entry| Some(entry.ok()?.path())).collect();
    photos.sort();
    photos.into_iter().find(|path| path.extension().is_some_and(|ext| ext == "jpg")).expect("a photo")
}

#[test]
fn a_photo_goes_in_over_http_and_its_plate_comes_out_over_kafka() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let photo = std::fs::read(some_photo()).unwrap();
    let mut answer = ureq::post(format!("{}/lanes/7/images?captured=2018-09-12T14:33:01Z", server.http))
        .header("content-type", "image/jpeg")
        .send(&photo)
        .expect("taken");
    assert_eq!(answer.status(), 201);
    let said: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let events = server.results_of(1);
    let position = format!("hub:images/{}/{}", said["partition"], said["offset"]);
    assert_eq!(events[0]["source"], position.as_str());
    assert_eq!(
        (events[0]["data"]["lane"].as_str(), events[0]["time"].as_str()),
        (Some("7"), Some("2018-09-12T14:33:01Z"))
    );
    let metrics = ureq::get(format!("{}/metrics", server.http)).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("tollgate_flow_photos_total{band="), "{metrics}");
    assert!(metrics.contains("tollgate_commit_seconds_count"), "{metrics}");
    let mut second = tollgate();
    second
        .args([
            "serve",
            "--kafka",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--tasks",
            "127.0.0.1:0",
            "--bus",
            "127.0.0.1:0",
            "--data",
        ])
        .arg(dir.path());
    let refused = second.output().unwrap();
    assert!(!refused.status.success() && text(&refused).contains("in use by another process"), "{}", text(&refused));
    server.stop();
}

#[test]
fn killed_again_and_again_it_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    let server = Server::start(&data, &["--workers", "1"]);
    // Four times the sample: long enough to be killed in the middle.
    let sent: Vec<String> = (0..4).flat_map(|_| server.produce(&sample())).collect();
    assert_eq!(sent.len(), 4 * 35);
    let (mut server, mut midway) = (Some(server), 0);
    for enough in [1, 20, 50, 51, 90] {
        let running = server.take().unwrap_or_else(|| Server::start(&data, &["--workers", "1"]));
        let results = running.results_of(enough);
        midway += usize::from(sources(&results).len() < sent.len());
        running.kill();
    }
    assert!(midway >= 3, "it had read everything before it could be killed");
    let server = Server::start(&data, &["--workers", "1"]);
    let events = server.results_of(sent.len());
    assert_eq!(sources(&events), sent.iter().map(String::as_str).collect());
    let ids = ids(&events);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an event came twice");
    replay(&sample(), &out, &[]);
    let once = crate::common::events(&out);
    assert_eq!(texts(&events), texts(&[&once[..]; 4].concat()));
    server.stop();
}

#[test]
fn history_is_replayed_over_kafka_and_from_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (data, over, at_rest) = (dir.path().join("data"), dir.path().join("over"), dir.path().join("at-rest"));
    let server = Server::start(&data, &[]);
    let sent = server.produce(&sample().join("lane-1"));
    let live = server.results_of(sent.len());
    let run = |out: &Path, more: &[&str]| {
        let output = tollgate().args(["replay", "--from-hub", "images", "--out"]).arg(out).args(more).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        ids(&events(out))
    };
    assert_eq!(run(&over, &["--kafka", &server.kafka]), ids(&live));
    let later = run(&dir.path().join("later"), &["--kafka", &server.kafka, "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(later, Vec::<String>::new());
    server.stop();
    assert_eq!(run(&at_rest, &["--data", &data.to_string_lossy(), "--since", "2018-01-01T00:00:00Z"]), ids(&live));
    let verified = tollgate().args(["log", "verify", "--data"]).arg(&data).output().unwrap();
    assert!(verified.status.success() && text(&verified).contains("results/3: offsets 0 to"), "{}", text(&verified));
}

#[test]
fn photos_by_reference_are_fetched_from_allowed_places_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (config, photo) = (dir.path().join("tollgate.toml"), some_photo());
    let allowed = photo.parent().expect("a folder").canonicalize().unwrap();
    std::fs::write(&config, format!("[source]\nreferences = [\"file://{}/\"]\n", allowed.display())).unwrap();
    let server = Server::start(&dir.path().join("data"), &["--config", &config.to_string_lossy()]);
    let send = |path: &Path| {
        let body = serde_json::json!({ "url": format!("file://{}", path.display()) }).to_string();
        let answer = ureq::post(format!("{}/lanes/7/images", server.http))
            .header("content-type", "application/vnd.tollgate.reference+json")
            .send(body);
        assert_eq!(answer.expect("taken").status(), 201);
    };
    let photo = photo.canonicalize().unwrap();
    send(&photo);
    send(&config);
    send(&allowed.join("none.jpg"));
    let events = server.results_of(3);
    let outcomes: Vec<_> =
        events.iter().map(|event| event["data"]["reason"]["code"].as_str().unwrap_or("read")).collect();
    assert_eq!(outcomes, ["read", "reference-missing", "reference-missing"]);
    server.stop();
}
