//! Files under construction.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 256 << 10;
const PREFIX: &str = "draft-";

/// The folder that drafts of one owner are made in.
#[derive(Debug)]
pub(super) struct Drafts {
    dir: PathBuf,
    next: AtomicU64,
}

impl Drafts {
    /// Makes the folder; removes what killed runs left in it.
    pub(super) fn open(dir: PathBuf) -> Result<Self> {
        fs::create_dir_all(&dir).map_err(Error::io("create the folder", &dir))?;
        for found in fs::read_dir(&dir).map_err(Error::io("list", &dir))? {
            let found = found.map_err(Error::io("list", &dir))?;
            if found.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
                crate::atomic::remove_any(&found.path())?;
            }
        }
        Ok(Self { dir, next: AtomicU64::new(0) })
    }

    pub(super) fn begin(&self) -> Result<Draft> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!("{PREFIX}{number}"));
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        Ok(Draft { out: Some(BufWriter::with_capacity(BUFFER_BYTES, file)), path })
    }
}

/// A file under construction. Dropped unpublished, it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    out: Option<BufWriter<File>>,
    path: PathBuf,
}

impl Draft {
    /// `write_all` with this crate's error.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    /// Where it lies until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what was written durable where it lies; nothing more can be written then.
    pub(super) fn close(&mut self) -> Result<()> {
        let Some(out) = self.out.take() else { return Ok(()) };
        let file = out.into_inner().map_err(|e| Error::io("write", &self.path)(e.into_error()))?;
        file.sync_all().map_err(Error::io("sync", &self.path))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(out) = self.out.take() {
            // Without a flush: what is buffered is not wanted any more.
            drop(out.into_parts());
        }
        match fs::remove_file(&self.path) {
            // It was published.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::debug!(path = %self.path.display(), %error, "a draft could not be removed"),
            Ok(()) => {}
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().ok_or_else(closed)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().ok_or_else(closed)?.flush()
    }
}

fn closed() -> io::Error {
    io::Error::other("the file is already closed")
}
