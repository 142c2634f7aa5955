//! Bad input: it is refused and counted, and others are served on.

use std::io::{Read, Write};
use std::net::Shutdown;

use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::http::HttpConfig;
use tollgate_ingest::log::StoreOptions;

use crate::common::{Reply, Server, head};

fn with(config: HttpConfig) -> Server {
    Server::with(config, &AccessConfig::default(), StoreOptions::default())
}

fn refused(server: &Server, reason: &str, times: usize) {
    server.wait_for_metric(&format!("tollgate_refusals_total{{listener=\"http\",reason=\"{reason}\"}} {times}"));
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], b"others").status, 201);
}

/// What comes back for some bytes, until the connection is closed.
fn answer(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = server.connect();
    stream.write_all(bytes).ok();
    stream.shutdown(Shutdown::Write).ok();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).ok();
    all
}

#[test]
fn garbage_is_answered_with_400() {
    let server = Server::start();
    let noise: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect();
    // Noise, the hello of TLS, a frame of Kafka's, HTTP/2, a smuggler's two lengths.
    let all: [&[u8]; 6] = [
        &noise,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x00\x00\x0a\x00\x12\x00\x03\x00\x00\x00\x01\xff\xff",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /telemetry/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nabcde",
        b"POST /telemetry/messages HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    ];
    for bytes in all {
        let answer = answer(&server, bytes);
        assert!(answer.starts_with(b"HTTP/1.1 400 ") || answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    }
    refused(&server, "malformed", 6);
    assert_eq!(server.all_records("telemetry").len(), 1);
}

#[test]
fn half_requests_leave_nothing_behind() {
    let server = Server::start();
    let whole = head("POST", "/telemetry/messages", &[("content-length", "10")]) + "\r\n0123456789";
    for cut in [1, 20, whole.len() - 11, whole.len() - 1] {
        answer(&server, &whole.as_bytes()[..cut]);
    }
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 0");
    assert_eq!(server.all_records("telemetry"), []);
    let broken =
        head("POST", "/telemetry/messages", &[("transfer-encoding", "chunked")]) + "\r\nffffffffffffffffff\r\nx";
    answer(&server, broken.as_bytes());
    let broken = head("POST", "/telemetry/messages", &[("transfer-encoding", "chunked")]) + "\r\nzz\r\nx";
    answer(&server, broken.as_bytes());
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], b"others").status, 201);
    assert_eq!(server.all_records("telemetry").len(), 1);
}

#[test]
fn huge_lengths_take_no_memory() {
    let server = Server::start();
    for length in ["1048577", "99999999999", "9223372036854775807"] {
        let mut stream = server.connect();
        let request = head("POST", "/telemetry/messages", &[("content-length", length)]) + "\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(Reply::read(&mut stream).refusal(), (413, "too-large".into()));
    }
    let api = "tollgate_requests_total{protocol=\"http\",api=\"post_messages\",outcome=\"too-large\"} 3";
    server.wait_for_metric(api);
}

#[test]
fn heads_are_bounded() {
    let server = Server::start();
    let endless = "GET / HTTP/1.1\r\n".to_owned() + &"x-more: 0123456789\r\n".repeat(10_000);
    let long_line = "GET /".to_owned() + &"x".repeat(100_000);
    let long_value = "GET / HTTP/1.1\r\nx: ".to_owned() + &"x".repeat(100_000);
    for bytes in [endless, long_line, long_value] {
        let answer = answer(&server, bytes.as_bytes());
        let status = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
        assert!(matches!(status.as_str(), "HTTP/1.1 431" | "HTTP/1.1 414" | ""), "{status}");
    }
    refused(&server, "head-too-large", 3);
}

#[test]
fn who_dawdles_is_cut_off() {
    let server = with(HttpConfig { head_wait_ms: 100, body_wait_ms: 100, ..HttpConfig::default() });
    let mut idle = server.connect();
    let mut slow = server.connect();
    slow.write_all(b"GET /hubs HTTP/1.1\r\nx-slo").unwrap();
    let mut all = Vec::new();
    slow.read_to_end(&mut all).unwrap();
    idle.read_to_end(&mut all).unwrap();
    let mut body = server.connect();
    body.write_all((head("POST", "/telemetry/messages", &[("content-length", "10")]) + "\r\n01").as_bytes()).unwrap();
    assert_eq!(Reply::read(&mut body).refusal(), (408, "body-timeout".into()));
    refused(&server, "head-timeout", 2);
}

#[test]
fn who_takes_nothing_is_cut_off() {
    let server = with(HttpConfig { write_wait_ms: 300, ..HttpConfig::default() });
    let value = vec![b'x'; 1_000_000];
    assert_eq!(server.ask("POST", "/telemetry/messages?partition=0", &[], &value).status, 201);
    let mut stream = server.connect();
    let read = head("GET", "/telemetry/partitions/0/messages", &[]) + "\r\n";
    // Far more than the system's buffers take.
    stream.write_all(read.repeat(100).as_bytes()).unwrap();
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 1");
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 0");
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], b"others").status, 201);
}

#[test]
fn connections_are_bounded() {
    let server = with(HttpConfig { max_connections: 3, ..HttpConfig::default() });
    let idle: Vec<_> = (0..3).map(|_| server.connect()).collect();
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 3");
    for _ in 0..5 {
        let mut stream = server.connect();
        let reply = Reply::read(&mut stream);
        assert_eq!((reply.header("retry-after"), reply.refusal()), (Some("1"), (503, "too-many-connections".into())));
        assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()));
    }
    drop(idle);
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 0");
    refused(&server, "too-many-connections", 5);
}
