//! `export.csv`: the lab's export (RFC 4180), for billing. A row per plate that was read or awaits a manual check.
//!
//! The text of a manual check is left empty here: billing must never see an unsure text. It is in the event and in the
//! queue. The time is the capture's, never the export's.

use std::path::Path;

use chrono::SecondsFormat;

use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::sink::{Entry, Sink};

/// The file's name.
pub const FILE: &str = "export.csv";
pub(crate) const HEADER: &str = "FileName,LicensePlateText,TimeStamp,LicensePlateFound\r\n";

/// Writes `export.csv`.
#[derive(Debug)]
pub struct CsvFile {
    out: Option<AtomicFile>,
    row: String,
}

impl CsvFile {
    /// Starts the file; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to.
    pub fn create(dir: &Path) -> Result<Self> {
        let mut out = AtomicFile::create(&dir.join(FILE))?;
        out.put(HEADER.as_bytes())?;
        Ok(Self { out: Some(out), row: String::new() })
    }
}

impl Sink<Entry> for CsvFile {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        let Some(out) = &mut self.out else { return Err(Error::Finished { sink: "csv" }) };
        for item in items {
            if item.event.kind != EventKind::Rejected {
                self.row.clear();
                push_row(&mut self.row, &item.event);
                out.put(self.row.as_bytes())?;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let Some(out) = self.out.take() else { return Err(Error::Finished { sink: "csv" }) };
        out.commit().map(drop)
    }
}

fn push_row(row: &mut String, event: &Event) {
    let found = event.data.license_plate_found;
    push_field(row, &event.data.file_name);
    row.push(',');
    if found {
        push_field(row, &event.data.license_plate_text);
    }
    row.push(',');
    row.push_str(&event.time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    row.push_str(if found { ",true\r\n" } else { ",false\r\n" });
}

/// A field is quoted where it must be; quotes in it are doubled (RFC 4180, section 2).
pub(crate) fn push_field(row: &mut String, field: &str) {
    if !field.contains([',', '"', '\r', '\n']) {
        row.push_str(field);
        return;
    }
    row.push('"');
    for (i, part) in field.split('"').enumerate() {
        row.push_str(if i > 0 { "\"\"" } else { "" });
        row.push_str(part);
    }
    row.push('"');
}
