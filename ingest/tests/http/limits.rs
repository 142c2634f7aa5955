//! Bounds.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::http::HttpConfig;
use tollgate_ingest::log::{BatchBuilder, NewRecord, StoreOptions, ValidBatch};

use crate::common::{NOON_MS, PATIENCE, Reply, Server, curl, head};

fn with(config: HttpConfig) -> Server {
    Server::with(config, &AccessConfig::default(), StoreOptions::default())
}

#[test]
fn bodies_are_bounded_announced_or_not() {
    let server = Server::start();
    let (megabyte, photo) = (vec![b'x'; 1 << 20], [b"\xff\xd8\xff".as_slice(), &vec![0; 16 << 20]].concat());
    let largest = &megabyte[..(1 << 20) - 200];
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], largest).status, 201);
    let beyond = [megabyte.as_slice(), b"x"].concat();
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], &beyond).refusal(), (413, "too-large".into()));
    // Within the endpoint's bound, and with what a record takes beyond the hub's.
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], &megabyte).refusal(), (413, "too-large".into()));
    assert_eq!(server.ask("POST", "/lanes/7/images", &[], &photo).refusal(), (413, "too-large".into()));
    assert_eq!(server.ask("POST", "/lanes/7/images", &[], &photo[..16 << 20]).status, 201);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("photo");
    std::fs::write(&file, &photo).unwrap();
    let (body, url) = (format!("@{}", file.display()), server.url("/lanes/7/images"));
    let part = format!("photo=@{}", file.display());
    let chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", &body, &url];
    for arguments in [&chunked[..], &["-F", &part, &url], &["-H", "Expect:", "--data-binary", &body, &url]] {
        let Some(reply) = curl(arguments) else { return };
        assert_eq!(reply.refusal(), (413, "too-large".into()));
    }
    assert_eq!((server.all_records("telemetry").len(), server.all_records("images").len()), (1, 1));
}

#[test]
fn requests_a_second_are_bounded() {
    let server = with(HttpConfig { max_requests_per_s: 5, ..HttpConfig::default() });
    let send = || server.ask("POST", "/telemetry/messages", &[], b"x");
    let statuses: Vec<u16> = (0..7).map(|_| send().status).collect();
    assert_eq!(statuses, [201, 201, 201, 201, 201, 429, 429]);
    let refused = send();
    assert_eq!((refused.header("retry-after"), refused.refusal()), (Some("1"), (429, "too-many-requests".into())));
    assert_eq!(server.get("/healthz").status, 200);
    server.now_ms.store(NOON_MS + 400, Ordering::SeqCst);
    assert_eq!([send().status, send().status, send().status], [201, 201, 429]);
}

#[test]
fn a_slow_disk_makes_senders_wait_no_longer_than_they_may() {
    let config = HttpConfig { append_wait_ms: 0, ..HttpConfig::default() };
    let server = Server::with(
        config,
        &AccessConfig::default(),
        StoreOptions { max_unsynced_bytes: 0, ..StoreOptions::default() },
    );
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Keeps the disk busy: whoever comes meanwhile finds more unsynced bytes than there may be.
        scope.spawn(|| {
            let partition = server.store.hub("images").unwrap().partition(0).unwrap();
            let value = vec![7; 4 << 20];
            let mut builder = BatchBuilder::new(16 << 20);
            while !done.load(Ordering::SeqCst) {
                builder.clear(None);
                builder.push(&NewRecord { value: Some(&value), ..NewRecord::default() }).unwrap();
                let mut batch = ValidBatch::check(builder.finish().unwrap()).unwrap();
                let appended = partition.append(&mut batch, NOON_MS).unwrap();
                drop(appended.ack);
            }
        });
        let begun = Instant::now();
        let refused = loop {
            let reply = server.ask("POST", "/telemetry/messages", &[], b"x");
            if reply.status != 201 {
                break reply;
            }
            assert!(begun.elapsed() < PATIENCE, "the disk is never busy");
        };
        done.store(true, Ordering::SeqCst);
        assert_eq!((refused.header("retry-after"), refused.refusal()), (Some("1"), (503, "disk-slow".into())));
    });
    // It is over when the disk has caught up.
    let begun = Instant::now();
    while server.ask("POST", "/telemetry/messages", &[], b"x").status != 201 {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn bodies_under_way_are_bounded_together() {
    let mebi = 1 << 20;
    let config = HttpConfig {
        max_inflight_bytes: 2 * mebi,
        max_image_bytes: 2 * mebi,
        append_wait_ms: 20,
        ..HttpConfig::default()
    };
    let server = with(config);
    let slow = |length: usize| {
        let mut stream = server.connect();
        let length = length.to_string();
        let begun = head("POST", "/lanes/7/images", &[("content-length", &length), ("expect", "100-continue")]);
        stream.write_all((begun + "connection: close\r\n\r\n").as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    };
    let mut first = slow(2 * mebi);
    let refused = server.ask("POST", "/telemetry/messages", &[], b"x");
    assert_eq!((refused.header("retry-after"), refused.refusal()), (Some("1"), (503, "busy".into())));
    first.write_all(&[b"\xff\xd8\xff".as_slice(), &vec![0; 2 * mebi - 3]].concat()).unwrap();
    assert_eq!(Reply::read(&mut first).status, 201);
    assert_eq!(server.ask("POST", "/telemetry/messages", &[], b"x").status, 201);
}
