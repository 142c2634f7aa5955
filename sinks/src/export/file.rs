//! The file of an export.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::csv::{HEADER, push_field};
use crate::depot::{Depot, Draft};
use crate::error::Result;
use crate::store::{Export, ExportRow};

/// An export is called after when it was begun, in UTC; the second one of the same second has a `-2`.
pub(super) fn name(time: DateTime<Utc>, number: u32) -> String {
    let time = time.format("%Y-%m-%dT%H-%M-%SZ");
    if number < 2 { format!("{time}.csv") } else { format!("{time}-{number}.csv") }
}

/// Writes the rows of an export.
pub(super) fn draft(depot: &Depot, export: &Export) -> Result<Draft> {
    let mut draft = depot.draft()?;
    draft.put(HEADER.as_bytes())?;
    let mut line = String::new();
    for row in &export.rows {
        line.clear();
        push_row(&mut line, row);
        draft.put(line.as_bytes())?;
    }
    Ok(draft)
}

/// What is exported was found: by the reader, or by a person.
fn push_row(line: &mut String, row: &ExportRow) {
    push_field(line, &row.file_name);
    line.push(',');
    push_field(line, &row.license_plate_text);
    line.push(',');
    line.push_str(&row.time_stamp.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    line.push_str(",true\r\n");
}
