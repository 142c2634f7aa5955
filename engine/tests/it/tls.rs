//! Kafka clients of ours with TLS: one server reads photos from another by `SASL_SSL`, as the original's clients log in,
//! and hands its results back the same way.

use crate::common::{free_port, sample};
use crate::serve::{Server, sources};
use std::path::Path;

const KEY: &str = "a key of the test, long enough";

/// A server that is heard with TLS alone, for those with a key.
fn booth(dir: &Path, port: u16) -> Server {
    let config = dir.join("booth.toml");
    let text = format!(
        "[source]\nkind = \"none\"\n[kafka]\ntls = \"127.0.0.1:{port}\"\nplaintext_login = false\n\
         [[access.keys]]\nname = \"all\"\nkey = \"{KEY}\"\nrights = [\"send\", \"listen\", \"manage\"]\n"
    );
    std::fs::write(&config, text).expect("a config");
    Server::start(&dir.join("booth"), &["--config", &config.to_string_lossy()])
}

/// A server that follows the first one's photos, with this key.
fn centre(dir: &Path, port: u16, key: &str) -> Server {
    let config = dir.join("centre.toml");
    let login = format!("Endpoint=sb://127.0.0.1/;SharedAccessKeyName=all;SharedAccessKey={key}");
    let certificate = dir.join("booth/tls-certificate.pem");
    let properties = format!(
        "properties = {{ \"security.protocol\" = \"SASL_SSL\", \"sasl.mechanism\" = \"PLAIN\", \
         \"sasl.username\" = \"$ConnectionString\", \"sasl.password\" = \"{login}\", \
         \"ssl.ca.location\" = \"{}\" }}\n",
        certificate.display()
    );
    let bootstrap = format!("bootstrap = \"127.0.0.1:{port}\"\n");
    let text = format!(
        "[source]\nkind = \"kafka\"\nhub = \"images\"\n{bootstrap}{properties}\
         [sinks.kafka.back]\ntopic = \"results\"\n{bootstrap}{properties}[[routes]]\nto = [\"back\"]\n"
    );
    std::fs::write(&config, text).expect("a config");
    Server::start(&dir.join("centre"), &["--config", &config.to_string_lossy()])
}

#[test]
fn a_server_reads_from_another_by_tls_and_answers_the_same_way() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let booth = booth(dir.path(), port);
    let photos = sample().join("lane-1");
    let output = booth.log(&["produce", "--hub", "images"]).arg(&photos).output().unwrap();
    assert!(output.status.success(), "{}", crate::common::text(&output));
    let sent = String::from_utf8(output.stdout).unwrap().lines().count();
    let centre = centre(dir.path(), port, KEY);
    let read = centre.results_of(sent);
    let back = booth.results_of(sent);
    assert_eq!((sources(&read).len(), sources(&back)), (sent, sources(&read)));
    centre.stop();
    booth.stop();
}
