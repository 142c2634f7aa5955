//! The task queues: the official clients at the vendor's emulator and at `tollgate serve`, and `tollgate listen` with
//! real processes and real kills.

mod listen;
mod peers;
mod server;

use peers::{Emulator, javascript, python};
use server::Server;

/// A script must say the same of both servers, and something at all.
#[track_caller]
fn compare(script: fn(u16) -> Option<String>) {
    let Some(emulator) = Emulator::start() else { return };
    let Some(theirs) = script(emulator.port) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(dir.path());
    let ours = script(server.port).expect("it ran a moment ago");
    let differ = |(ours, theirs): &(&str, &str)| ours != theirs;
    let pairs = ours.lines().zip(theirs.lines());
    let different: Vec<_> =
        pairs.filter(differ).map(|(ours, theirs)| format!("ours:   {ours}\ntheirs: {theirs}")).collect();
    assert!(different.is_empty() && ours.lines().count() == theirs.lines().count(), "{}", different.join("\n"));
    assert!(theirs.contains("AuthenticationFailed") && theirs.contains("PopReceiptMismatch"), "{theirs}");
}

#[test]
fn the_python_client_sees_what_it_sees_at_the_emulator() {
    compare(python);
}

#[test]
fn the_javascript_client_sees_what_it_sees_at_the_emulator() {
    compare(javascript);
}
