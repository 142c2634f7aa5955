//! kcat, confluent-kafka and aiokafka.

use tollgate_ingest::log::{BatchHeader, NewRecord};

use crate::peers::{kcat, output, output_of, python};
use crate::server::Server;

/// Several thousand lines to send.
fn lines(count: usize) -> String {
    (0..count).map(|number| format!("line {number} of {count}, with something behind it to be compressed\n")).collect()
}

#[test]
fn kcat_sends_and_reads_back() {
    let Some(mut producer) = kcat() else { return };
    let server = Server::start();
    let (address, input) = (server.address(), lines(5000));
    output_of(producer.args(["-b", &address, "-P", "-t", "made-by-asking", "-p", "1"]), input.as_bytes());
    assert_eq!(server.store.hub("made-by-asking").expect("made").config().partitions, 4);
    let mut consumer = kcat().expect("as before");
    let read = output(consumer.args(["-b", &address, "-C", "-t", "made-by-asking", "-o", "beginning", "-e", "-q"]));
    assert!(read == input, "{} bytes of {}", read.len(), input.len());
    let listed = output(kcat().expect("as before").args(["-b", &address, "-L"]));
    assert!(listed.contains("topic \"made-by-asking\" with 4 partitions"), "{listed}");
}

#[test]
fn every_codec_passes_through() {
    let server = Server::start();
    for codec in ["gzip", "snappy", "lz4", "zstd"] {
        let Some(mut producer) = kcat() else { return };
        let (address, input) = (server.address(), lines(500));
        server.create(codec, 1);
        output_of(producer.args(["-b", &address, "-P", "-t", codec, "-z", codec]), input.as_bytes());
        let mut consumer = kcat().expect("as before");
        let read = output(consumer.args(["-b", &address, "-C", "-t", codec, "-o", "beginning", "-e", "-q"]));
        assert!(read == input, "{codec}: {} bytes of {}", read.len(), input.len());
        let slice = server.store.hub(codec).and_then(|hub| hub.partition(0)).and_then(|one| one.read(0, 1 << 20));
        let mut bytes = Vec::new();
        slice.expect("batches").read_into(&mut bytes).expect("readable");
        let mut compressed = 0;
        let mut rest = bytes.as_slice();
        while let Ok(header) = BatchHeader::parse(rest) {
            compressed += usize::from(header.is_compressed());
            rest = &rest[header.length..];
        }
        assert!(compressed > 0, "{codec} is kept as it came");
    }
}

#[test]
fn what_is_appended_here_is_read_there() {
    let Some(mut consumer) = kcat() else { return };
    let server = Server::start();
    server.create("inside", 2);
    let headers: [(&str, &[u8]); 2] = [("lane", b"7"), ("camera", b"front")];
    let record = NewRecord { key: Some(b"K-7"), value: Some(b"a plate"), headers: &headers, timestamp_ms: 5 };
    let empty = NewRecord { key: None, value: None, headers: &[], timestamp_ms: 6 };
    server.append("inside", 1, &[record, empty], 1_700_000_000_123);
    let format = "%p %o %T %k %S %h %s\n";
    let address = server.address();
    let read =
        output(consumer.args(["-b", &address, "-C", "-t", "inside", "-o", "beginning", "-e", "-q", "-f", format]));
    assert_eq!(read, "1 0 1700000000123 K-7 7 lane=7,camera=front a plate\n1 1 1700000000123  -1  \n");
}

#[test]
fn offsets_are_found_by_time() {
    let Some(_) = kcat() else { return };
    let server = Server::start();
    server.create("times", 1);
    let record = NewRecord { value: Some(b"at some time"), ..NewRecord::default() };
    for time in [1_000, 2_000, 3_000] {
        server.append("times", 0, &[record, record], time);
    }
    let query = |time: &str| {
        let topic = format!("times:0:{time}");
        output(kcat().expect("as before").args(["-b", &server.address(), "-Q", "-t", &topic])).trim().to_owned()
    };
    assert_eq!(query("1000"), "times [0] offset 0");
    assert_eq!(query("1001"), "times [0] offset 2");
    assert_eq!(query("3000"), "times [0] offset 4");
    assert_eq!(query("3001"), "times [0] offset -1");
    assert_eq!(query("-2"), "times [0] offset 0");
    assert_eq!(query("-1"), "times [0] offset 6");
}

#[test]
fn confluent_kafka_administers() {
    let Some(mut script) = python("confluent_kafka", "admin.py") else { return };
    let server = Server::start();
    let told = output(script.arg(server.address()));
    assert_eq!(told.lines().last(), Some("all as expected"), "{told}");
    assert!(server.store.hubs().is_empty());
}

#[test]
fn aiokafka_shares_in_a_group() {
    let Some(mut script) = python("aiokafka", "aio.py") else { return };
    let server = Server::start();
    server.create("aio", 3);
    let told = output(script.arg(server.address()));
    assert_eq!(told.lines().last(), Some("all as expected"), "{told}");
    let kept: u64 = server.store.checkpoints("aio-group").iter().map(|one| one.offset).sum();
    assert_eq!(kept, 300);
}

#[test]
fn static_members_come_back_to_their_place() {
    let Some(mut script) = python("confluent_kafka", "static.py") else { return };
    let server = Server::start();
    server.create("static", 4);
    let told = output(script.arg(server.address()));
    assert_eq!(told.lines().last(), Some("all as expected"), "{told}");
}
