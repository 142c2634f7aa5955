//! What idle connections cost.

use std::fs;
use std::process::Command;
use std::time::Duration;

use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::kafka::KafkaConfig;

use crate::raw::{Raw, head};
use crate::server::{Server, config};

const CONNECTIONS: usize = 1000;

/// Resident memory of this process, in bytes (proc(5), statm: the second figure, in pages).
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a figure") * 4096
}

/// Run by the test below, in a process of its own.
#[test]
#[ignore = "measures its own process"]
fn idle_connections_measured() {
    let limits = KafkaConfig { max_connections: 2 * CONNECTIONS, ..config() };
    let server = Server::with(limits, &AccessConfig::default());
    server.create("idle", 1);
    let mut warm = Raw::connect(server.plaintext);
    assert!(warm.is_served());
    let before = resident();
    let mut connections: Vec<Raw> = (0..CONNECTIONS).map(|_| Raw::connect(server.plaintext)).collect();
    for connection in &mut connections {
        // Each has done something: asked for the versions and the topics.
        assert!(connection.is_served());
        connection.send(&head(3, 1, 1).i32(-1));
        assert!(connection.answer().is_some());
    }
    let busy = resident();
    // Buffers are given back after a second: this is what is measured, and not a wait for anything.
    std::thread::sleep(Duration::from_millis(2500));
    let idle = resident();
    println!("before {before} busy {busy} idle {idle}");
    println!("cost {}", idle.max(before) - before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_idle_connections_are_cheap() {
    let this = std::env::current_exe().expect("this test");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 4096 && exec \"$0\" --ignored --exact idle::idle_connections_measured --nocapture"]);
    let told = crate::peers::output(command.arg(this));
    let cost = told.lines().find_map(|line| line.strip_prefix("cost ")).expect("a figure");
    let cost: usize = cost.parse().expect("a number");
    println!("{CONNECTIONS} idle connections: {} KiB", cost / 1024);
    assert!(cost < 64 << 20, "{cost} bytes");
}
