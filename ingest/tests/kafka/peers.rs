//! The stock clients: kcat, Python's and Java's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A peer that is not there: skipped loudly, or a failure where peers are required.
fn missing(peer: &str) {
    assert!(std::env::var_os("REQUIRE_PEERS").is_none_or(|value| value != "1"), "{peer} is required and not there");
    eprintln!("SKIPPED: {peer} is not there");
}

/// The command `kcat`, if it is installed.
pub(crate) fn kcat() -> Option<Command> {
    let there = Command::new("kcat").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some(Command::new("kcat"));
    }
    missing("kcat");
    None
}

/// A script beside this file, run by a Python that has a module.
pub(crate) fn python(module: &str, script: &str) -> Option<Command> {
    let python = std::env::var_os("TOLLGATE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        missing(&format!("Python's {module}"));
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka").join(script));
    Some(command)
}

/// The script that knows Apache Kafka's class path, if Java and Maven are there.
pub(crate) fn java() -> Option<Command> {
    let there = |program: &str| {
        let found = Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    if there("java") && there("mvn") {
        let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers/kafka.sh");
        let mut command = Command::new(script);
        command.arg("run");
        return Some(command);
    }
    missing("Java or Maven");
    None
}

/// What a command prints; it must succeed.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().expect("a command that can be run");
    text(&output, &format!("{command:?}"))
}

/// What a command prints that is given some input; it must succeed.
#[track_caller]
pub(crate) fn output_of(command: &mut Command, input: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
    let mut stdin = child.stdin.take().expect("its input");
    std::io::Write::write_all(&mut stdin, input).expect("a child that reads");
    drop(stdin);
    text(&child.wait_with_output().expect("its output"), &format!("{command:?}"))
}

#[track_caller]
fn text(output: &Output, what: &str) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{what}: {}\n{errors}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout.clone()).expect("text")
}
