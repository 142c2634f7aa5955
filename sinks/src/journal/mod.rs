//! The run journal: the durable event log of a replay, and the only truth from which its outputs are made.
//!
//! A folder holds `journal` and `lock`. The file, all integers little-endian:
//!
//! | part | bytes |
//! |---|---|
//! | header | magic `TOLLJRNL`, version `u32`, length `u32`, CRC32C `u32` of the description, the description as JSON |
//! | frame, repeated | marker 4 bytes, body length `u32`, CRC32C `u32`, body |
//! | body | records consumed so far `u64`, digest of the source up to there 32 bytes, entries `u32`, the entries |
//! | entry | JSON length `u32`, crop length `u32`, the event as JSON, the crop as JPEG |
//!
//! A frame's checksum covers its own offset in the file, its length and its body, so that a frame counts only where it
//! was written. A torn tail (a kill, a lost power supply) is found by it and cut; a damaged frame with whole frames
//! after it is an error, because what was once durable has changed.

mod frame;
mod header;
mod reader;
mod recover;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub use frame::{Frame, MAX_CROP_BYTES, MAX_EVENT_BYTES, MAX_FRAME_BYTES};
pub use header::RunInfo;
pub use reader::Reader;

use crate::atomic::AtomicFile;
use crate::error::{Error, Result};

const FILE: &str = "journal";
const LOCK: &str = "lock";

/// What [`Journal::open_resume`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// Records of the source that are done: the replay goes on with this one (counting from 0).
    pub end: u64,
    /// Digest of the source up to `end` as the last frame gave it; zeros when there is no frame yet.
    pub digest: [u8; 32],
    /// How the interrupted run was started.
    pub run_info: RunInfo,
    /// Entries in the journal.
    pub entries: u64,
    /// Bytes of a torn tail that were cut off.
    pub truncated_bytes: u64,
}

/// The journal of one run, open for appending. It locks its folder until it is dropped.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// End of the last whole frame in the file.
    len: u64,
    /// Records consumed as of the last frame.
    end: u64,
    /// Set when a write or sync failed in a way that leaves the file's state unknown.
    broken: bool,
    _lock: File,
}

impl Journal {
    /// Whether `dir` holds a journal that [`Journal::open_resume`] could try.
    pub fn exists(dir: &Path) -> bool {
        dir.join(FILE).is_file()
    }

    /// Starts a journal in `dir` (made if absent). A journal already there is replaced, in one step.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has the folder, [`Error::TooLarge`] for a huge description, [`Error::Io`].
    pub fn create(dir: &Path, info: &RunInfo) -> Result<Self> {
        fs::create_dir_all(dir).map_err(Error::io("create the folder", dir))?;
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        let header = header::encode(info)?;
        let mut file = AtomicFile::create(&path)?;
        file.put(&header)?;
        let file = file.commit()?;
        Ok(Self { file, path, len: header.len() as u64, end: 0, broken: false, _lock: lock })
    }

    /// Opens the journal in `dir` to go on with it, cutting a torn tail.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::BadHeader`] for what is no journal of this version, [`Error::Corrupt`] and
    /// [`Error::Malformed`] for damage before the tail, [`Error::Io`].
    pub fn open_resume(dir: &Path) -> Result<(Self, Resumed)> {
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        let mut file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(Error::io("open the journal", &path))?;
        let found = recover::scan(&mut file, &path)?;
        if found.resumed.truncated_bytes > 0 {
            file.set_len(found.len).map_err(Error::io("cut the torn tail of", &path))?;
            file.sync_all().map_err(Error::io("sync", &path))?;
            tracing::warn!(path = %path.display(), bytes = found.resumed.truncated_bytes, "cut a torn tail");
        }
        file.seek(SeekFrom::Start(found.len)).map_err(Error::io("seek in", &path))?;
        let journal = Self { file, path, len: found.len, end: found.resumed.end, broken: false, _lock: lock };
        Ok((journal, found.resumed))
    }

    /// Appends a frame. It is durable after the next [`Journal::sync`]. When this fails, the journal is as before.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when the frame ends before the journal does, [`Error::Io`], [`Error::Broken`].
    pub fn append(&mut self, frame: &Frame) -> Result<()> {
        self.check_usable()?;
        if frame.end() < self.end {
            return Err(Error::OutOfOrder { reached: self.end, got: frame.end() });
        }
        let head = frame.head_at(self.len);
        let written = self.file.write_all(&head).and_then(|()| self.file.write_all(frame.body()));
        if let Err(source) = written {
            self.undo();
            return Err(Error::io("append to", &self.path)(source));
        }
        self.len += (head.len() + frame.body().len()) as u64;
        self.end = frame.end();
        Ok(())
    }

    /// Makes all appended frames durable (`fdatasync`).
    ///
    /// # Errors
    /// [`Error::Io`]; the journal then takes nothing more, since the system may have dropped what it could not write.
    pub fn sync(&mut self) -> Result<()> {
        self.check_usable()?;
        self.file.sync_data().map_err(|source| {
            self.broken = true;
            Error::io("sync", &self.path)(source)
        })
    }

    /// Records of the source consumed as of the last frame.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Streams all entries appended so far, in order, holding one frame in memory at a time.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::BadHeader`] when the file is gone or damaged.
    pub fn reader(&self) -> Result<Reader> {
        Reader::open(&self.path, self.len)
    }

    fn check_usable(&self) -> Result<()> {
        if self.broken { Err(Error::Broken { path: self.path.clone() }) } else { Ok(()) }
    }

    /// After a failed write: takes the torn frame off again, so that no later frame stands behind it.
    fn undo(&mut self) {
        let undone = self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::Start(self.len)));
        if let Err(error) = undone {
            tracing::warn!(path = %self.path.display(), %error, "a torn frame could not be taken off");
            self.broken = true;
        }
    }
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io("open the lock file", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", &path)(source)),
    }
}
