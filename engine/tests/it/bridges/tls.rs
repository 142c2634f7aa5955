//! Brokers that are heard with TLS alone, by a certificate of an authority that nobody else knows.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::{events, mqtt, nats, rabbitmq, serve, wait_for, wait_for_commit};

/// What a broker is started with, as PEM files.
pub(super) struct Tls {
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Tls {
    fn make(dir: &Path) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let root = authority.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().expect("a key");
        let broker = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let broker = broker.signed_by(&key, &issuer).expect("a certificate").pem();
        let write = |name: &str, pem: String| {
            let path = dir.join(name);
            std::fs::write(&path, pem).expect("a file");
            path
        };
        Self {
            authority: write("authority.pem", root),
            certificate: write("broker.pem", broker),
            key: write("broker.key", key.serialize_pem()),
        }
    }
}

/// A folder with what a broker is started with.
fn site() -> (tempfile::TempDir, Tls) {
    let dir = tempfile::tempdir().expect("a folder");
    let tls = Tls::make(dir.path());
    (dir, tls)
}

/// With the authority's certificate the sink hands everything on; without it, nothing to a broker that it cannot know.
#[track_caller]
fn trusts_the_authority_alone(dir: &Path, tls: &Tls, sink: &str) {
    let route = "[[routes]]\nto = [\"safe\"]\n";
    let folder = |name: &str| {
        let folder = dir.join(name);
        std::fs::create_dir(&folder).expect("a folder");
        folder
    };
    let server =
        serve(&folder("trusting"), &format!("{sink}ca_file = {:?}\n{route}", tls.authority.display().to_string()));
    events::produce(&server, 0..200);
    wait_for(&server, "safe", "written", 200);
    wait_for_commit(&server, "safe");
    server.stop();
    let server = serve(&folder("doubting"), &format!("{sink}{route}"));
    events::produce(&server, 0..4);
    wait_for(&server, "safe", "failed", 1);
    assert_eq!(server.metric("sink_events_total{sink=\"safe\",outcome=\"written\"}").unwrap_or(0.0), 0.0);
    server.stop();
}

#[test]
fn nats_by_tls() {
    if !nats::is_here() {
        return;
    }
    let (dir, tls) = site();
    let broker = nats::start(&dir.path().join("nats"), nats::MAX_PAYLOAD, Some(&tls));
    trusts_the_authority_alone(dir.path(), &tls, &nats::sink("safe", "tls", broker.port()));
}

#[test]
fn mosquitto_by_tls() {
    if !mqtt::is_here() {
        return;
    }
    let (dir, tls) = site();
    let broker = mqtt::start(&dir.path().join("mosquitto"), Some(&tls));
    trusts_the_authority_alone(dir.path(), &tls, &mqtt::sink("safe", "mqtts", broker.port()));
}

#[test]
fn rabbitmq_by_tls() {
    if !rabbitmq::is_here() {
        return;
    }
    let (dir, tls) = site();
    let broker = rabbitmq::RabbitMq::start(&dir.path().join("rabbitmq"), Some(&tls));
    trusts_the_authority_alone(dir.path(), &tls, &rabbitmq::sink("safe", "amqps", broker.port()));
}
