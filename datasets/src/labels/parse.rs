//! From CSV bytes to [`Labels`].

use super::{Label, Labels, MAX_BYTES};
use crate::{Error, Result};
use csv::{ByteRecord, ReaderBuilder, Trim};
use std::fs::File;
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 6] = ["file", "x", "y", "w", "h", "plate"];

/// A header cell further from the wanted name than this is no typing error.
const MAX_TYPOS: usize = 2;

pub(super) fn read(path: &Path) -> Result<Labels> {
    let file = open(path)?;
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
    let at_line = |source: csv::Error| {
        let line = source.position().map_or(1, csv::Position::line);
        Error::Row { path: path.to_owned(), line, source }
    };
    let columns = Columns::find(path, reader.byte_headers().map_err(at_line)?)?;
    let (mut labels, mut record) = (Labels::default(), ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(at_line)? {
        let line = record.position().map_or(1, csv::Position::line);
        let row = Row { path, line, columns: &columns, record: &record };
        labels.push(&row.file()?, Label { rect: row.rect()?, plate: row.plate()? });
    }
    Ok(labels)
}

fn open(path: &Path) -> Result<File> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > MAX_BYTES {
        return Err(Error::TooLarge { path: path.to_owned(), bytes, limit: MAX_BYTES });
    }
    Ok(file)
}

/// Where each of [`COLUMNS`] stands in the header.
struct Columns([usize; 6]);

impl Columns {
    fn find(path: &Path, header: &ByteRecord) -> Result<Self> {
        let names: Vec<String> = header.iter().map(|cell| String::from_utf8_lossy(cell).to_lowercase()).collect();
        let mut at = [0; 6];
        for (slot, column) in at.iter_mut().zip(COLUMNS) {
            *slot = names.iter().position(|name| name == column).ok_or_else(|| Error::MissingColumn {
                path: path.to_owned(),
                column,
                nearest: nearest(column, &names),
            })?;
        }
        Ok(Self(at))
    }
}

/// The name that looks most like `column`, unless it is a column of its own.
fn nearest(column: &str, names: &[String]) -> Option<String> {
    let unknown = names.iter().filter(|name| !name.is_empty() && !COLUMNS.contains(&name.as_str()));
    let likeness = |name: &str| {
        if name.starts_with(column) || column.starts_with(name) { 0 } else { strsim::damerau_levenshtein(column, name) }
    };
    unknown
        .map(|name| (likeness(name), name))
        .filter(|(typos, _)| *typos <= MAX_TYPOS)
        .min()
        .map(|(_, name)| name.clone())
}

struct Row<'a> {
    path: &'a Path,
    line: u64,
    columns: &'a Columns,
    record: &'a ByteRecord,
}

impl Row<'_> {
    fn cell(&self, column: usize) -> &[u8] {
        self.record.get(self.columns.0[column]).unwrap_or_default()
    }

    fn error(&self, column: usize, wanted: &'static str) -> Error {
        Error::Cell {
            path: self.path.to_owned(),
            line: self.line,
            column: COLUMNS[column],
            number: self.columns.0[column] + 1,
            value: String::from_utf8_lossy(self.cell(column)).into_owned(),
            wanted,
        }
    }

    fn file(&self) -> Result<PathBuf> {
        let name = file_name(self.cell(0)).filter(|name| super::plain(name).file_name().is_some());
        name.ok_or_else(|| self.error(0, "a file name"))
    }

    fn rect(&self) -> Result<[f32; 4]> {
        let (edge, size) = ("a number of pixels", "a number of pixels above 0");
        Ok([
            self.number(1, f32::MIN, edge)?,
            self.number(2, f32::MIN, edge)?,
            self.number(3, 0.0, size)?,
            self.number(4, 0.0, size)?,
        ])
    }

    fn number(&self, column: usize, above: f32, wanted: &'static str) -> Result<f32> {
        let parsed = std::str::from_utf8(self.cell(column)).ok().and_then(|text| text.parse::<f32>().ok());
        parsed.filter(|v| v.is_finite() && *v > above).ok_or_else(|| self.error(column, wanted))
    }

    fn plate(&self) -> Result<String> {
        let text = std::str::from_utf8(self.cell(5)).ok().map(str::to_owned);
        text.ok_or_else(|| self.error(5, "text in UTF-8"))
    }
}

/// On Unix a file's name is any bytes; elsewhere it has to be UTF-8.
#[cfg(unix)]
fn file_name(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn file_name(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}
