//! A stop: what is under way is answered.

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::http::HttpConfig;
use tollgate_ingest::log::StoreOptions;

use crate::common::{PATIENCE, Reply, Server, head};

#[test]
fn a_stop_answers_what_is_under_way() {
    let mut server = Server::start();
    let mut idle = server.connect();
    let mut polling = server.connect();
    let poll = head("GET", "/telemetry/partitions/0/messages?wait_ms=30000", &[]) + "\r\n";
    polling.write_all(poll.as_bytes()).unwrap();
    let mut sending = server.connect();
    let request = head("POST", "/telemetry/messages", &[("content-length", "10")]) + "\r\n01234";
    sending.write_all(request.as_bytes()).unwrap();
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 3");
    // Only a request that has begun is under way: the bodies' room shows that it has.
    let begun = Instant::now();
    server.begin_stop();
    assert_eq!(Reply::read(&mut polling).status, 200);
    while TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it listens on");
    }
    sending.write_all(b"56789").unwrap();
    let reply = Reply::read(&mut sending);
    assert_eq!((reply.status, reply.header("connection")), (201, Some("close")));
    let mut nothing = Vec::new();
    std::io::Read::read_to_end(&mut idle, &mut nothing).unwrap();
    assert!(nothing.is_empty());
    server.join();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(server.all_records("telemetry")[0].value, b"0123456789");
}

#[test]
fn a_stop_has_an_end() {
    let config = HttpConfig { drain_ms: 100, ..HttpConfig::default() };
    let mut server = Server::with(config, &AccessConfig::default(), StoreOptions::default());
    let mut stuck = server.connect();
    stuck.write_all((head("POST", "/telemetry/messages", &[("content-length", "10")]) + "\r\n0").as_bytes()).unwrap();
    server.wait_for_metric("tollgate_connections{listener=\"http\"} 1");
    let begun = Instant::now();
    server.begin_stop();
    server.join();
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(server.all_records("telemetry"), []);
}
