//! The original's demo, and what keys may do, over SASL_SSL.

use tollgate_ingest::access::{AccessConfig, KeyConfig, Right};
use tollgate_ingest::kafka::KafkaConfig;

use crate::peers::{output, python};
use crate::server::{Server, config, loopback};

const KEY: &str = "bm90IGEgc2VjcmV0LCBqdXN0IGEgdGVzdA==";

fn connection_string(name: &str, key: &str) -> String {
    format!("Endpoint=sb://localhost/;SharedAccessKeyName={name};SharedAccessKey={key}")
}

fn key(name: &str, rights: &[Right], hubs: Option<&[&str]>) -> KeyConfig {
    let hubs = hubs.map(|hubs| hubs.iter().map(ToString::to_string).collect());
    KeyConfig { name: name.to_owned(), key: KEY.into(), rights: rights.to_vec(), hubs }
}

fn guarded(keys: Vec<KeyConfig>) -> Server {
    let config = KafkaConfig { tls: Some(loopback()), ..config() };
    Server::with(config, &AccessConfig { keys, ..AccessConfig::default() })
}

#[test]
fn the_original_demo() {
    let Some(mut script) = python("confluent_kafka", "demo.py") else { return };
    let server = guarded(vec![key("demo", &[Right::Send, Right::Listen], None)]);
    server.create("integrate", 4);
    let address = server.tls.expect("a TLS listener").to_string();
    let told = output(script.arg(address).arg(server.certificate()).arg(connection_string("demo", KEY)));
    let those = |word: &str| {
        let mut those: Vec<String> =
            told.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect();
        those.sort();
        those
    };
    let (sent, read) = (those("sent "), those("read "));
    assert_eq!(sent.len(), 100, "{told}");
    assert_eq!(sent, read);
    assert!(sent.iter().all(|line| line.contains("Hi, welcome at Integrate - msg # ")), "{told}");
}

#[test]
fn keys_have_their_rights_and_no_more() {
    let Some(mut script) = python("confluent_kafka", "rights.py") else { return };
    let server = guarded(vec![key("sender", &[Right::Send], Some(&["open"])), key("all", &[Right::Manage], None)]);
    server.create("open", 1);
    server.create("closed", 1);
    let address = server.tls.expect("a TLS listener").to_string();
    let wrong = connection_string("sender", "bm90IHRoZSBrZXkgdGhhdCB3YXMgZ2l2ZW4=");
    let told = output(script.arg(address).arg(server.certificate()).arg(connection_string("sender", KEY)).arg(wrong));
    assert_eq!(told.lines().last(), Some("all as expected"), "{told}");
    assert!(server.refusals("wrong-key") > 0);
}

#[test]
#[cfg(unix)]
fn the_key_of_the_certificate_is_private_and_kept() {
    use std::os::unix::fs::PermissionsExt;
    let server = guarded(vec![key("demo", &[Right::Manage], None)]);
    let file = std::fs::metadata(server.path("kafka/tls-key.pem")).expect("a key");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}
