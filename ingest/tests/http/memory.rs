//! What connections cost.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::common::{Server, head};

const IDLE: usize = 1000;

/// The memory of this process, in bytes (proc(5), `statm`, in pages of 4 KiB).
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}

/// How many files a process may have open.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(0)
}

/// A connection that has had an answer, and waits for its next request.
fn idle(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all((head("GET", "/telemetry/partitions/0/messages", &[]) + "\r\n").as_bytes()).expect("it serves on");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut some = [0; 512];
        let count = stream.read(&mut some).expect("it serves on");
        assert!(count > 0);
        answer.extend_from_slice(&some[..count]);
    }
    stream
}

#[test]
#[ignore = "run by a_thousand_idle_connections_cost_little, in a process of its own"]
fn alone() {
    let server = Server::start();
    let mut all: Vec<TcpStream> = (0..10).map(|_| idle(&server)).collect();
    let before = resident().unwrap();
    all.extend((0..IDLE).map(|_| idle(&server)));
    server.wait_for_metric(&format!("tollgate_connections{{listener=\"http\"}} {}", IDLE + 10));
    let cost = resident().unwrap().saturating_sub(before);
    println!("{IDLE} idle connections: {} KiB", cost >> 10);
    assert!(cost < 64 << 20, "{cost}");
}

#[test]
fn a_thousand_idle_connections_cost_little() {
    if resident().is_none() || open_files() < 3 * IDLE {
        eprintln!("SKIPPED: it takes Linux and {} open files (ulimit -n)", 3 * IDLE);
        return;
    }
    let mut test = Command::new(std::env::current_exe().unwrap());
    let output = test.args(["--exact", "memory::alone", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    print!("{said}");
}
