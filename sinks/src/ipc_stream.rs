//! The plate table ([`crate::schema`]) as an Arrow IPC stream, in pieces: what a notebook reads over HTTP.

use std::fmt;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;

use crate::columns::{BATCH_ROWS, Columns};
use crate::error::{Error, Result};
use crate::event::Event;

/// The media type of an Arrow IPC stream.
pub const MEDIA_TYPE: &str = "application/vnd.apache.arrow.stream";

/// Makes the stream. What it holds is at most one batch of rows, and the bytes that were not taken yet.
pub struct IpcStream {
    out: StreamWriter<Vec<u8>>,
    columns: Columns,
    /// For messages.
    name: PathBuf,
}

impl fmt::Debug for IpcStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpcStream").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl IpcStream {
    /// Begins a stream; the schema is its first bytes.
    ///
    /// # Errors
    /// [`Error::Arrow`].
    pub fn start() -> Result<Self> {
        let (columns, name) = (Columns::new(), PathBuf::from("the stream"));
        let out = StreamWriter::try_new(Vec::new(), columns.schema()).map_err(refused("start", &name))?;
        Ok(Self { out, columns, name })
    }

    /// Adds a row; says whether bytes are there to be taken.
    ///
    /// # Errors
    /// [`Error::Arrow`].
    pub fn push(&mut self, event: &Event) -> Result<bool> {
        self.columns.append(event);
        let full = self.columns.rows() == BATCH_ROWS;
        if full {
            self.flush()?;
        }
        Ok(full)
    }

    /// Makes a batch of the rows so far, however few: for a reader who waits.
    ///
    /// # Errors
    /// [`Error::Arrow`].
    pub fn flush(&mut self) -> Result<()> {
        if self.columns.rows() == 0 {
            return Ok(());
        }
        let batch = self.columns.take(&self.name)?;
        self.out.write(&batch).map_err(refused("write", &self.name))
    }

    /// Takes the bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.out.get_mut())
    }

    /// The last bytes.
    ///
    /// # Errors
    /// [`Error::Arrow`].
    pub fn finish(mut self) -> Result<Vec<u8>> {
        self.flush()?;
        self.out.finish().map_err(refused("finish", &self.name))?;
        Ok(self.take())
    }
}

fn refused(action: &'static str, path: &Path) -> impl FnOnce(ArrowError) -> Error {
    move |source| Error::Arrow { action, path: path.to_path_buf(), source }
}
