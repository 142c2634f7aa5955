//! Files that appear whole or not at all: written beside their place as `NAME.tmp-PID`, synced, then renamed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 256 << 10;

/// A file under construction. Dropped without [`AtomicFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    out: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl AtomicFile {
    /// Starts a file that will appear at `path`; removes what killed runs left of it.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        remove_stale(path)?;
        let temporary = temporary_for(path);
        let file = File::create(&temporary).map_err(Error::io("create", &temporary))?;
        Ok(Self { out: Some(BufWriter::with_capacity(BUFFER_BYTES, file)), temporary, path: path.to_path_buf() })
    }

    /// `write_all` with this crate's error.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(Error::io("write", &self.temporary))
    }

    /// Makes the file durable and visible under its name, replacing an older one. Returns the open file.
    pub(crate) fn commit(mut self) -> Result<File> {
        let Some(out) = self.out.take() else { return Err(Error::io("write", &self.temporary)(closed())) };
        let finished = self.finish(out);
        if finished.is_err() {
            self.discard();
        }
        finished
    }

    fn finish(&self, out: BufWriter<File>) -> Result<File> {
        let file = out.into_inner().map_err(|e| Error::io("write", &self.temporary)(e.into_error()))?;
        file.sync_all().map_err(Error::io("sync", &self.temporary))?;
        fs::rename(&self.temporary, &self.path).map_err(Error::io("rename a finished file to", &self.path))?;
        sync_parent(&self.path)?;
        Ok(file)
    }

    fn discard(&self) {
        if let Err(error) = fs::remove_file(&self.temporary) {
            tracing::debug!(path = %self.temporary.display(), %error, "an unfinished file could not be removed");
        }
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(out) = self.out.take() {
            // Without a flush: what is buffered is not wanted any more.
            drop(out.into_parts());
            self.discard();
        }
    }
}

impl Write for AtomicFile {
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

/// The temporary name beside `path`.
pub(crate) fn temporary_for(path: &Path) -> PathBuf {
    let mut name = temporary_prefix(path.file_name().unwrap_or_default());
    name.push(std::process::id().to_string());
    path.with_file_name(name)
}

fn temporary_prefix(name: &OsStr) -> OsString {
    let mut prefix = name.to_os_string();
    prefix.push(".tmp-");
    prefix
}

/// Removes files and folders that earlier, killed runs left beside `path`. One process owns an output folder, so
/// whatever bears a temporary name is nobody's.
pub(crate) fn remove_stale(path: &Path) -> Result<()> {
    let parent = parent(path);
    let prefix = temporary_prefix(path.file_name().unwrap_or_default());
    for found in fs::read_dir(parent).map_err(Error::io("list", parent))? {
        let found = found.map_err(Error::io("list", parent))?;
        if found.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            remove_any(&found.path())?;
        }
    }
    Ok(())
}

/// Removes a file, or a folder with all in it; a link is removed itself.
pub(crate) fn remove_any(path: &Path) -> Result<()> {
    let kind = fs::symlink_metadata(path).map_err(Error::io("inspect", path))?.file_type();
    let removed = if kind.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(Error::io("remove", path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a rename in the folder of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> Result<()> {
    sync_dir(parent(path))
}

/// Makes the names in a folder durable. Only Unix lets a folder be synced.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(dir).and_then(|d| d.sync_all()).map_err(Error::io("sync the folder", dir))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_before_the_commit_and_stale_files_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        fs::write(dir.path().join("a.txt.tmp-1"), "left by a killed run").unwrap();
        fs::write(dir.path().join("a.txt.tmpfile"), "not ours").unwrap();
        fs::write(&path, "old").unwrap();

        let mut file = AtomicFile::create(&path).unwrap();
        file.put(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(!dir.path().join("a.txt.tmp-1").exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.txt", "a.txt.tmpfile"]);
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&dir.path().join("a.txt")).unwrap();
        file.put(&vec![7; 2 * BUFFER_BYTES]).unwrap();
        drop(file);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
