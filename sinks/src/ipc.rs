//! `plates.arrow`: the plate table ([`crate::schema`]) as an Arrow IPC file, uncompressed so that it can be mapped.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;

use crate::atomic::AtomicFile;
use crate::columns::{BATCH_ROWS, Columns};
use crate::error::{Error, Result};
use crate::sink::{Entry, Sink};

/// The file's name.
pub const FILE: &str = "plates.arrow";

/// Writes `plates.arrow`.
pub struct IpcFile {
    out: Option<FileWriter<AtomicFile>>,
    columns: Columns,
    path: PathBuf,
}

impl IpcFile {
    /// Starts the file; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to, [`Error::Arrow`].
    pub fn create(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let columns = Columns::new();
        let file = AtomicFile::create(&path)?;
        let out = FileWriter::try_new(file, columns.schema()).map_err(refused("start", &path))?;
        Ok(Self { out: Some(out), columns, path })
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.columns.take(&self.path)?;
        let Some(out) = &mut self.out else { return Err(Error::Finished { sink: "ipc" }) };
        out.write(&batch).map_err(refused("write", &self.path))
    }
}

fn refused(action: &'static str, path: &Path) -> impl FnOnce(ArrowError) -> Error {
    move |source| Error::Arrow { action, path: path.to_path_buf(), source }
}

impl Sink<Entry> for IpcFile {
    fn name(&self) -> &'static str {
        "ipc"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        for item in items {
            self.columns.append(&item.event);
            if self.columns.rows() == BATCH_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        if self.columns.rows() > 0 {
            self.flush()?;
        }
        let Some(out) = self.out.take() else { return Err(Error::Finished { sink: "ipc" }) };
        // Writes the footer as well.
        let file = out.into_inner().map_err(refused("finish", &self.path))?;
        file.commit().map(drop)
    }
}
