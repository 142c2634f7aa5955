//! What a replay wrote, read by the programs its users have: pyarrow and DuckDB.

use crate::common::{replay, repo, sample};
use std::process::Command;

#[test]
fn pyarrow_and_duckdb_read_the_outputs() {
    let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_unset| "python3".into());
    let have = Command::new(&python).args(["-c", "import pyarrow, duckdb"]).output().is_ok_and(|o| o.status.success());
    if !have {
        assert!(std::env::var_os("REQUIRE_PY").is_none(), "REQUIRE_PY is set, but {python} has no pyarrow and duckdb");
        eprintln!("SKIPPED: {python} has no pyarrow and duckdb");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    replay(&sample(), &out, &[]);
    let script = repo().join("engine/tests/it/readback.py");
    let checked = Command::new(&python).arg(script).arg(&out).output().unwrap();
    assert!(checked.status.success(), "{}", crate::common::text(&checked));
}
