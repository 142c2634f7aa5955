//! What can go wrong with label files and with writing the sample set.

use std::path::PathBuf;

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure, with the file it happened in and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A label file is there but could not be read.
    #[error("cannot read the label file {}: check that it is readable, or name another with --labels", path.display())]
    Read {
        /// The label file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },

    /// A label file is larger than [`crate::labels::MAX_BYTES`].
    #[error("the label file {} has {bytes} bytes, more than the limit of {limit}: split it per folder", path.display())]
    TooLarge {
        /// The label file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },

    /// The file is no CSV: a row with too few or too many cells, or a read error in the middle.
    #[error("{}, line {line}: not a CSV row of the header's length: each row needs as many cells as the header, with commas inside a cell quoted", path.display())]
    Row {
        /// The label file.
        path: PathBuf,
        /// Line of the row, from 1.
        line: u64,
        /// The parser's reason.
        #[source]
        source: csv::Error,
    },

    /// A column that the format needs is not in the header.
    #[error("{}, line 1: no column `{column}` in the header{}: the header must have file,x,y,w,h,plate", path.display(), nearest_hint(nearest))]
    MissingColumn {
        /// The label file.
        path: PathBuf,
        /// The missing column.
        column: &'static str,
        /// The header cell that looks most like it, if any does.
        nearest: Option<String>,
    },

    /// A cell holds what its column cannot.
    #[error("{}, line {line}, column {number} ({column}): `{value}` is not {wanted}", path.display())]
    Cell {
        /// The label file.
        path: PathBuf,
        /// Line of the row, from 1.
        line: u64,
        /// Column name.
        column: &'static str,
        /// Column number, from 1.
        number: usize,
        /// What stands there, shown as far as it is UTF-8.
        value: String,
        /// What should stand there.
        wanted: &'static str,
    },

    /// A file or folder of the sample set could not be written.
    #[error("cannot write {}: check that the folder can be written and the disk has room", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },

    /// A rendered photo could not be encoded.
    #[error("cannot encode the rendered photo {}", path.display())]
    Encode {
        /// The photo.
        path: PathBuf,
        /// The encoder's reason.
        #[source]
        source: image::ImageError,
    },
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}
