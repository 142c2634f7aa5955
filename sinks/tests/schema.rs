//! The table's schema against the committed golden file. A difference is a change others will notice: add columns at the
//! end only, run with UPDATE_GOLDEN=1, and say so in the changelog.

use std::fs;
use std::path::Path;

use arrow::datatypes::FieldRef;
use serde_json::{Value, json};
use tollgate_sinks::schema::{VERSION, VERSION_KEY, schema};

fn described() -> Value {
    let describe =
        |f: &FieldRef| json!({"name": f.name(), "type": f.data_type().to_string(), "nullable": f.is_nullable()});
    let fields: Vec<Value> = schema().fields().iter().map(describe).collect();
    json!({"table": "plates", "metadata": {VERSION_KEY: VERSION}, "fields": fields})
}

#[test]
fn the_schema_is_the_golden_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/plates.schema.json");
    let ours = format!("{:#}\n", described());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &ours).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(ours, golden, "the schema has changed; see the head of this file");
}

#[test]
fn every_column_stands_in_the_documentation() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema.rs")).unwrap();
    for field in schema().fields() {
        let mention = format!("`{}`", field.name());
        let documented = text.lines().any(|line| line.starts_with("//! |") && line.contains(&mention));
        assert!(documented, "{} is not in the table of columns", field.name());
    }
}
