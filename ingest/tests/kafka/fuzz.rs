//! Real requests, mutated: the endpoint may refuse them or close the connection, and nothing else.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tollgate_ingest::access::AccessConfig;
use tollgate_ingest::kafka::KafkaConfig;

use crate::peers::{kcat, output, output_of, python};
use crate::raw::{Raw, fetch, head, produce};
use crate::server::{Server, config};

/// A generator of numbers (Vigna, xorshift64*): the same in each run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// What clients sent, connection by connection.
type Captured = Arc<Mutex<Vec<Vec<u8>>>>;

/// Stands between clients and a server that is named later, and keeps what clients send.
fn tap() -> (SocketAddr, Arc<OnceLock<SocketAddr>>, Captured) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (server, captured) = (Arc::new(OnceLock::<SocketAddr>::new()), Captured::default());
    let (upstream, kept) = (Arc::clone(&server), Arc::clone(&captured));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = TcpStream::connect(upstream.wait()) else { return };
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || pass(&client, &upstream, &kept));
        }
    });
    (address, server, captured)
}

fn pass(client: &TcpStream, upstream: &TcpStream, kept: &Captured) {
    let (mut answers, mut to) = (upstream.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
    std::thread::spawn(move || std::io::copy(&mut answers, &mut to).ok());
    let (mut sent, mut buffer) = (Vec::new(), [0; 65536]);
    let (mut from, mut to) = (client, upstream);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        sent.extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
    kept.lock().expect("sound").push(sent);
}

/// The requests that stock clients send, as far as they are here, and some made by hand.
fn corpus() -> Vec<Vec<u8>> {
    let (address, upstream, captured) = tap();
    let advertised = KafkaConfig { advertised_port: Some(address.port()), ..config() };
    let server = Server::with(advertised, &AccessConfig::default());
    server.create("aio", 3);
    upstream.set(server.plaintext).expect("set once");
    let address = address.to_string();
    if let Some(mut kcat) = kcat() {
        output_of(kcat.args(["-b", &address, "-P", "-t", "codecs", "-z", "lz4"]), b"a\nb\nc\n");
    }
    if let Some(mut aio) = python("aiokafka", "aio.py") {
        output(aio.arg(&address));
    }
    drop(server);
    let mut frames: Vec<Vec<u8>> = captured.lock().expect("sound").iter().flat_map(|sent| split(sent)).collect();
    frames.push(head(3, 1, 1).i32(1).text("aio").framed());
    frames.push(fetch(2, 0, 1, "aio", 0).framed());
    frames.push(produce(3, -1, "aio", 0, &[0; 80]).framed());
    frames
}

/// The frames of a stream.
fn split(mut sent: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some(head) = sent.first_chunk::<4>() {
        let Some((frame, rest)) = sent.split_at_checked(4 + u32::from_be_bytes(*head) as usize) else { break };
        frames.push(frame.to_vec());
        sent = rest;
    }
    frames
}

/// Changes a frame in a few places, mostly without touching its length and its key.
fn mutate(frame: &mut Vec<u8>, seeded: &mut Seeded) {
    for _ in 0..1 + seeded.below(4) {
        let at = if seeded.below(20) == 0 { seeded.below(frame.len()) } else { 6 + seeded.below(frame.len() - 6) };
        match seeded.below(5) {
            0 => frame[at] = seeded.next() as u8,
            1 => frame[at] ^= 1 << seeded.below(8),
            2 => frame[at] = [0, 1, 0x7f, 0x80, 0xff][seeded.below(5)],
            3 => {
                let end = frame.len().min(at + 4);
                frame[at..end].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff][..end - at]);
            }
            _ if frame.len() > 20 => {
                frame.truncate(frame.len() - 1 - seeded.below(8));
                let length = (frame.len() - 4) as u32;
                frame[..4].copy_from_slice(&length.to_be_bytes());
            }
            _ => {}
        }
    }
}

#[test]
fn mutated_requests_do_no_harm() {
    let corpus = corpus();
    assert!(corpus.len() >= 3);
    let limits = KafkaConfig {
        max_fetch_wait_ms: 5,
        group_min_session_timeout_ms: 1,
        group_max_session_timeout_ms: 10,
        group_max_rebalance_timeout_ms: 10,
        io_timeout_ms: 2_000,
        max_topics: 20,
        ..config()
    };
    let server = Server::with(limits, &AccessConfig::default());
    server.create("aio", 3);
    let mut seeded = Seeded(0x70_11_6a_7e);
    let (begun, mut sent) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(4) && sent < 20_000 {
        let raw = Raw::connect(server.plaintext);
        let mut stream = &raw.0;
        for _ in 0..1 + seeded.below(4) {
            let mut frame = corpus[seeded.below(corpus.len())].clone();
            mutate(&mut frame, &mut seeded);
            sent += 1;
            if stream.write_all(&frame).is_err() {
                break;
            }
        }
        // What is answered is of no interest; that the connection comes to its end is.
        stream.shutdown(Shutdown::Write).ok();
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let ended = std::io::copy(&mut stream, &mut std::io::sink());
        let hangs = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!hangs, "a connection hangs after {sent} requests");
    }
    println!("{sent} mutated requests of {} captured", corpus.len());
    assert_eq!(server.refusals("panicked"), 0);
    assert!(server.refusals("malformed") > 0);
    assert!(Raw::connect(server.plaintext).is_served());
}
