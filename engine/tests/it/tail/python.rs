//! Python as a reader: the interpreter that `TOLLGATE_TEST_PYTHON` names.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A script beside this file, if the modules that it needs are there; else says so loudly, or fails where `REQUIRE_PY=1`.
pub(super) fn script(name: &str, modules: &str) -> Option<Command> {
    let python = std::env::var_os("TOLLGATE_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        let required = std::env::var("REQUIRE_PY").is_ok_and(|value| value == "1");
        assert!(!required, "REQUIRE_PY=1, but Python lacks one of {modules}");
        eprintln!("SKIPPED: Python lacks one of {modules}");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tail").join(name));
    Some(command)
}

/// What a script prints, as JSON; it must succeed.
#[track_caller]
pub(super) fn answer(command: &mut Command) -> Value {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", crate::common::text(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
