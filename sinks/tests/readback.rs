//! pyarrow and DuckDB read our tables back. The interpreter is `TOLLGATE_TEST_PYTHON` (default `python3`); where it lacks
//! the modules the test says so and passes, unless `REQUIRE_PY=1`.

use std::path::Path;
use std::process::Command;

use crate::{common, files};

/// Exit code of the script when a module is missing.
const MODULE_MISSING: i32 = 77;

#[test]
fn pyarrow_and_duckdb_read_the_tables_back() {
    let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let required = std::env::var("REQUIRE_PY").is_ok_and(|v| v == "1");
    let out = tempfile::tempdir().unwrap();
    files::export_all(out.path(), &common::entries(9000)).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(&python)
        .arg(here.join("tests/readback.py"))
        .arg(out.path())
        .arg(here.join("schema/plates.schema.json"))
        .output();
    let skipped = match &run {
        Err(error) => Some(format!("{python} cannot be started: {error}")),
        Ok(output) if output.status.code() == Some(MODULE_MISSING) => {
            Some(String::from_utf8_lossy(&output.stderr).into_owned())
        }
        Ok(_) => None,
    };
    if let Some(why) = skipped {
        assert!(!required, "REQUIRE_PY=1, but {why}");
        eprintln!("SKIPPED: reading the tables back in Python: {why}");
        return;
    }
    let output = run.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "ok: 9000 rows by pyarrow (parquet, ipc) and duckdb (parquet, jsonl, csv)");
}
