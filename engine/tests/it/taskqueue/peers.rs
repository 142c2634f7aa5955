//! The vendor's emulator and clients. `.ci/test` installs them; where they are absent it is said loudly, and is a failure
//! with `REQUIRE_PEERS=1`.

use crate::common::{repo, text};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The folder with `node_modules`.
fn npm() -> PathBuf {
    std::env::var_os("TOLLGATE_TEST_NPM").map_or_else(|| repo().join("target/test-npm"), PathBuf::from)
}

fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("REQUIRE_PEERS").is_none(), "{what} is absent; .ci/test installs it");
    eprintln!("SKIPPED: {what} is absent; .ci/test installs it");
    None
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/taskqueue").join(name)
}

/// Azurite, in memory.
pub(super) struct Emulator {
    child: Child,
    pub(super) port: u16,
}

impl Emulator {
    pub(super) fn start() -> Option<Self> {
        let main = npm().join("node_modules/azurite/dist/src/queue/main.js");
        if !main.exists() {
            return missing("Azurite (npm)");
        }
        // A port that was free a moment ago: it cannot choose one by itself.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut command = Command::new("node");
        // The clients are newer than the emulator.
        command.arg(main).args(["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]);
        command.args(["--queueHost", "127.0.0.1", "--queuePort", &port.to_string()]).current_dir(npm());
        let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
            return missing("Node.js");
        };
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines().map_while(Result::ok);
        let up = lines.any(|line| line.contains("successfully listens"));
        // Whoever writes to a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        let emulator = Self { child, port };
        assert!(up, "the emulator did not start");
        Some(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the script in Python says.
pub(super) fn python(port: u16) -> Option<String> {
    let python = std::env::var_os("TOLLGATE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", "import azure.storage.queue"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return missing("azure-storage-queue (Python)");
    }
    Some(said(Command::new(python).arg(script("client.py")).arg(port.to_string())))
}

/// What the script in JavaScript says.
pub(super) fn javascript(port: u16) -> Option<String> {
    if !npm().join("node_modules/@azure/storage-queue").exists() {
        return missing("@azure/storage-queue (npm)");
    }
    Some(said(Command::new("node").arg(script("client.mjs")).arg(port.to_string()).current_dir(npm())))
}

#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}
