//! The Kafka source against a real Apache Kafka: two processes share the work of one.

use crate::common::{free_port, repo, sample};
use crate::serve::{Server, ids, sources};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A single-node Apache Kafka; stopped when it is dropped.
struct Cluster {
    data: PathBuf,
    address: String,
}

impl Cluster {
    /// `None`, said loudly, where there is no Java or Maven (with REQUIRE_PEERS=1 that is a failure).
    fn start(data: &Path) -> Option<Self> {
        let there = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !(there("java") && there("mvn")) {
            assert_ne!(std::env::var("REQUIRE_PEERS").as_deref(), Ok("1"), "Java and Maven are needed");
            eprintln!("SKIPPED: no Java and Maven to run Apache Kafka with");
            return None;
        }
        let (port, controller) = (free_port(), free_port());
        std::fs::create_dir_all(data).expect("a folder");
        let status = Command::new(script())
            .args(["start".as_ref(), data.as_os_str(), port.to_string().as_ref(), controller.to_string().as_ref()])
            .args(["num.partitions=4", "group.initial.rebalance.delay.ms=0"])
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("the script runs").success(), "Apache Kafka does not start");
        Some(Self { data: data.into(), address: format!("127.0.0.1:{port}") })
    }

    /// Sends the sample, each lane's photos under a key of this round's.
    fn produce(&self, round: usize) -> usize {
        let mut sent = 0;
        for lane in std::fs::read_dir(sample()).expect("the sample").map(|entry| entry.expect("a lane").path()) {
            if !lane.is_dir() {
                continue;
            }
            let key = format!("{}-{round}", lane.file_name().expect("a name").to_string_lossy());
            let output = crate::common::tollgate()
                .args(["log", "produce", "--hub", "photos", "--kafka", &self.address, "--key", &key])
                .arg(lane)
                .output()
                .expect("it runs");
            assert!(output.status.success(), "{}", crate::common::text(&output));
            sent += String::from_utf8_lossy(&output.stdout).lines().count();
        }
        sent
    }

    /// A config that follows the topic as a member of `group`.
    fn config(&self, file: &Path, group: &str) -> String {
        let address = &self.address;
        let text = format!(
            "[source]\nkind = \"kafka\"\nhub = \"photos\"\nbootstrap = \"{address}\"\ngroup = \"{group}\"\n\
             properties = {{ \"session.timeout.ms\" = \"6000\", \"topic.metadata.refresh.interval.ms\" = \"1000\" }}\n"
        );
        std::fs::write(file, text).expect("a config");
        file.to_string_lossy().into_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = Command::new(script()).arg("stop").arg(&self.data).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("Apache Kafka did not stop");
        }
    }
}

fn script() -> PathBuf {
    repo().join("benches/peers/kafka.sh")
}

/// Waits until two processes together have results of that many photos.
fn together(of: usize, results: impl Fn() -> Vec<Value>) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let all = results();
        if sources(&all).len() >= of {
            return all;
        }
        assert!(Instant::now() < deadline, "results of {} of {of} photos", sources(&all).len());
    }
}

#[test]
fn two_processes_share_a_topic_and_one_takes_over_from_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let Some(cluster) = Cluster::start(&at("kafka")) else { return };
    let mut sent = cluster.produce(0);
    let config = cluster.config(&at("group.toml"), "booth");
    let (a, b) = (Server::start(&at("a"), &["--config", &config]), Server::start(&at("b"), &["--config", &config]));
    together(sent, || [a.results(), b.results()].concat());
    // Both are members now, so both have partitions with some of these.
    let done = sources(&a.results()).len();
    sent += std::thread::scope(|scope| {
        let more = scope.spawn(|| (1..4).map(|round| cluster.produce(round)).sum::<usize>());
        // Killed as soon as it has begun with these.
        a.results_of(done + 1);
        a.kill();
        more.join().expect("everything is sent")
    });
    std::fs::write(at("none.toml"), "[source]\nkind = \"none\"\n").unwrap();
    let none = at("none.toml").to_string_lossy().into_owned();
    let a = Server::start(&at("a"), &["--config", &none]);
    let left = a.results();
    let union = together(sent, || [left.clone(), b.results()].concat());
    assert!(!b.results().is_empty() && !left.is_empty());
    let config = cluster.config(&at("single.toml"), "alone");
    let single = Server::start(&at("single"), &["--config", &config]).into_results_of(sent);
    let set = |events: &[Value]| ids(events).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(set(&union), set(&single));
    assert_eq!(ids(&single).len(), set(&single).len(), "one process alone does nothing twice");
    for server in [a, b] {
        server.stop();
    }
}
