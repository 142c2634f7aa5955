//! Which documents an export has taken: claimed before its file appears, marked after it.
//!
//! [`Store::export_batch`] writes down, in one transaction, the export's name and the rows that go into it, and takes
//! them from what waits. After a crash the same call gives the same export with the same rows, so that the same file is
//! made again and never a second one. [`Store::mark_exported`] closes it, in one transaction with the documents.

use chrono::{DateTime, Utc};
use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::document::Document;
use super::tables::{self, EXPORTS, OPEN, Tables, UNEXPORTED, View};
use super::{Store, check_name};
use crate::database::{Done, Failure, json_failure};
use crate::error::{Error, Result};

/// An export that was begun and is not marked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name, as a rule that of its file.
    pub name: String,
    /// When it was begun.
    pub begun: DateTime<Utc>,
    /// What goes into it, as it was then.
    pub rows: Vec<ExportRow>,
}

/// A plate in an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportRow {
    /// Id of its document.
    pub event_id: Uuid,
    /// File name of the photo.
    pub file_name: String,
    /// The plate.
    pub license_plate_text: String,
    /// When the photo was taken.
    pub time_stamp: DateTime<Utc>,
}

/// An export in the table.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Record {
    Open(Export),
    Done { rows: u64, begun: DateTime<Utc>, marked: DateTime<Utc> },
}

impl From<Document> for ExportRow {
    fn from(document: Document) -> Self {
        let Document { event_id, file_name, license_plate_text, time_stamp, .. } = document;
        Self { event_id, file_name, license_plate_text, time_stamp }
    }
}

impl Store {
    /// The first `limit` documents that no export has taken, the oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn unexported(&self, limit: usize) -> Result<Vec<Document>> {
        self.look("list what is unexported in", |transaction| {
            let (waiting, view) = (transaction.open_table(UNEXPORTED)?, View::open(transaction)?);
            let numbers = waiting.iter()?.take(limit);
            numbers.map(|entry| tables::document(&view.documents, entry?.0.value())).collect()
        })
    }

    /// How many documents no export has taken.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn unexported_count(&self) -> Result<u64> {
        self.look("count what is unexported in", |transaction| Ok(transaction.open_table(UNEXPORTED)?.len()?))
    }

    /// The export that is open, if one is.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn open_export(&self) -> Result<Option<Export>> {
        self.look("look for an open export in", |transaction| {
            open_in(&transaction.open_table(OPEN)?, &transaction.open_table(EXPORTS)?)
        })
    }

    /// Begins an export of at most `limit` documents. Where one is open, that one is given, whatever its name: it comes
    /// first. `None` where nothing waits.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::ExportDone`] for a name that was used before, [`Error::Store`].
    pub fn export_batch(&self, name: &str, limit: usize, now: DateTime<Utc>) -> Result<Option<Export>> {
        check_name("an export", name)?;
        self.change("begin an export in", |tables| {
            if let Some(open) = open_in(&tables.open, &tables.exports)? {
                return Ok(Some(open));
            }
            if tables.exports.get(name)?.is_some() {
                return Err(Failure::Ours(Error::ExportDone { name: name.into() }));
            }
            claim(tables, name, limit, now)
        })
    }

    /// Closes an export: its documents are exported from now on. Doing it again changes nothing. Returns how many
    /// documents it took.
    ///
    /// # Errors
    /// [`Error::NoExport`], [`Error::Store`].
    pub fn mark_exported(&self, name: &str, now: DateTime<Utc>) -> Result<u64> {
        self.change("mark an export in", |tables| {
            let export = match record(&tables.exports, name)? {
                None => return Err(Failure::Ours(Error::NoExport { name: name.into() })),
                Some(Record::Done { rows, .. }) => return Ok(rows),
                Some(Record::Open(export)) => export,
            };
            for row in &export.rows {
                if let Some((number, old)) = tables.find(row.event_id.as_u128())? {
                    let new = Document { exported: Some(true), exported_in: Some(name.into()), ..old.clone() };
                    tables.replace(number, &old, &new, now.timestamp_millis())?;
                }
            }
            let rows = export.rows.len() as u64;
            put(tables, name, &Record::Done { rows, begun: export.begun, marked: now })?;
            Ok(rows)
        })
    }
}

fn claim(tables: &mut Tables<'_>, name: &str, limit: usize, now: DateTime<Utc>) -> Done<Option<Export>> {
    let mut export = Export { name: name.into(), begun: now, rows: Vec::new() };
    while export.rows.len() < limit
        && let Some(number) = tables.unexported.pop_first()?.map(|(number, _)| number.value())
    {
        export.rows.push(tables::document(&tables.documents, number)?.into());
    }
    if export.rows.is_empty() {
        return Ok(None);
    }
    put(tables, name, &Record::Open(export.clone()))?;
    Ok(Some(export))
}

fn put(tables: &mut Tables<'_>, name: &str, record: &Record) -> Done<()> {
    let json = serde_json::to_vec(record).map_err(json_failure("write an export of the store"))?;
    tables.exports.insert(name, json.as_slice())?;
    if matches!(record, Record::Open(_)) {
        tables.open.insert((), name)?;
    } else {
        tables.open.remove(())?;
    }
    Ok(())
}

fn record(exports: &impl ReadableTable<&'static str, &'static [u8]>, name: &str) -> Done<Option<Record>> {
    let Some(json) = exports.get(name)? else { return Ok(None) };
    serde_json::from_slice(json.value()).map(Some).map_err(json_failure("read an export of the store"))
}

/// The export that is open: at most one is.
fn open_in(
    open: &impl ReadableTable<(), &'static str>,
    exports: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Done<Option<Export>> {
    let Some(name) = open.get(())? else { return Ok(None) };
    Ok(match record(exports, name.value())? {
        Some(Record::Open(export)) => Some(export),
        _ => None,
    })
}
