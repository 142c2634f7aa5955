//! Stock clients in Python that read what a broker has. Each prints a line of JSON for an event.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// An event as a client got it.
pub(super) struct Received {
    /// The event.
    pub(super) event: Value,
    /// What came with it, as the client names it.
    pub(super) with: Value,
}

impl Received {
    pub(super) fn parse(line: &str) -> Self {
        let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { event: line["event"].take(), with: line["with"].take() }
    }
}

/// A script beside this file.
pub(super) struct Reader {
    script: &'static str,
    python: std::ffi::OsString,
}

impl Reader {
    /// `None`, said loudly, where Python lacks a module; with `REQUIRE_PY=1` that is a failure.
    pub(super) fn find(script: &'static str, module: &str) -> Option<Self> {
        let python = std::env::var_os("TOLLGATE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let probe = Command::new(&python).args(["-c", &format!("import {module}")]).output();
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(Self { script, python });
        }
        assert_ne!(std::env::var("REQUIRE_PY").as_deref(), Ok("1"), "Python lacks {module}; .ci/test installs it");
        eprintln!("SKIPPED: Python lacks {module}; .ci/test installs it");
        None
    }

    /// What it finds: at least that many events, unless it gives up before.
    #[track_caller]
    pub(super) fn read(&self, port: u16, from: &str, events: usize) -> Vec<Received> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/bridges").join(self.script);
        let mut command = Command::new(&self.python);
        let output = command.arg(script).args([&port.to_string(), from, &events.to_string()]).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", crate::common::text(&output));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        lines.lines().map(Received::parse).collect()
    }
}
