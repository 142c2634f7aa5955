//! `[sinks.azure-queue.NAME]` and `[sinks.azure-blob.NAME]` at the vendor's emulator, read by its own clients.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::broker::{Broker, Mortal, is_there};
use super::reader::Reader;
use super::{events, serve, wait_for};
use crate::common::{free_port, repo};

/// How many events are handed on before the emulator is killed, and then how many in all.
const BEFORE: usize = 200;
const ALL: usize = 400;

/// Azurite with its three services.
struct Azurite {
    broker: Broker,
    blobs: u16,
    queues: u16,
}

impl Azurite {
    fn start(dir: &Path) -> Option<Self> {
        let npm = std::env::var_os("TOLLGATE_TEST_NPM").map_or_else(|| repo().join("target/test-npm"), PathBuf::from);
        let main = npm.join("node_modules/azurite/dist/src/azurite.js");
        if !is_there("node", "nodejs") || !is_there(&main.to_string_lossy(), "azurite from npm") {
            return None;
        }
        let (blobs, queues, tables, dir) = (free_port(), free_port(), free_port(), dir.to_path_buf());
        let broker = Broker::start(queues, move || {
            let mut command = Command::new("node");
            // The clients are newer than the emulator.
            command
                .arg(&main)
                .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location"])
                .arg(&dir);
            for (service, port) in [("blob", blobs), ("queue", queues), ("table", tables)] {
                command.args([format!("--{service}Host"), "127.0.0.1".into()]);
                command.args([format!("--{service}Port"), port.to_string()]);
            }
            command
        });
        Some(Self { broker, blobs, queues })
    }
}

#[test]
fn the_emulator_is_killed_and_queue_and_container_have_every_event() {
    let Some(reader) = Reader::find("storage.py", "azure.storage.queue, azure.storage.blob") else { return };
    let dir = tempfile::tempdir().unwrap();
    let Some(mut azurite) = Azurite::start(&dir.path().join("azurite")) else { return };
    let (blobs, queues) = (azurite.blobs, azurite.queues);
    let server = serve(
        dir.path(),
        &format!(
            "[sinks.azure-queue.work]\nurl = \"http://127.0.0.1:{queues}/devstoreaccount1\"\nqueue = \"plates\"\n\
             [sinks.azure-blob.archive]\nurl = \"http://127.0.0.1:{blobs}/devstoreaccount1\"\ncontainer = \"plates\"\n\
             [[routes]]\nto = [\"work\", \"archive\"]\n"
        ),
    );
    events::produce(&server, 0..BEFORE);
    // There is no container yet: the blobs wait for it, the queue does not.
    wait_for(&server, "archive", "failed", 1);
    let mut messages = reader.read(queues, "queue", BEFORE);
    let mut archived = reader.read(blobs, "container", BEFORE);
    events::all_are_there(&messages, 0..BEFORE);
    azurite.broker.kill();
    events::produce(&server, BEFORE..ALL);
    wait_for(&server, "work", "failed", 1);
    azurite.broker.start_again();
    // What the emulator had in memory alone when it was killed was read before.
    messages.extend(reader.read(queues, "queue", ALL - BEFORE));
    archived.extend(reader.read(blobs, "container", ALL - BEFORE));
    events::all_are_there(&messages, 0..ALL);
    events::all_are_there(&archived, 0..ALL);
    let (event, with) = (&archived[7].event, &archived[7].with);
    let lane = event["data"]["lane"].as_str().unwrap();
    assert_eq!(with["name"], format!("2026-11-22/{lane}/{}.json", event["id"].as_str().unwrap()));
    assert_eq!(with["content_type"], "application/cloudevents+json; charset=UTF-8");
    server.stop();
}
