//! A segment file, and the claim on the folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Error, Result};

/// A file of frames.
#[derive(Debug)]
pub(in super::super) struct Segment {
    pub(super) number: u32,
    pub(in super::super) file: Arc<File>,
    /// Bytes that messages refer to; a record that several queues share counts for each.
    pub(super) live: u64,
    /// Bytes of its frames, once it is full.
    pub(super) end: u64,
    /// Ids of a duplicate window in it are needed until then.
    pub(super) needed_until_ms: i64,
}

/// Where a segment lies.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:010}.queue"))
}

/// The number of a segment by its file name.
pub(super) fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".queue").filter(|digits| digits.len() == 10)?.parse().ok()
}

impl Segment {
    /// Makes a new one with its blocks set aside, under a name that is durable.
    pub(super) fn create(folder: &Path, number: u32, bytes: u32) -> Result<Self> {
        let path = path(folder, number);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.map_err(Error::io("create", &path))?;
        reserve(&file, u64::from(bytes)).map_err(Error::io("set aside room for", &path))?;
        file.sync_all().map_err(Error::io("sync", &path))?;
        sync_folder(folder).map_err(Error::io("sync the folder", folder))?;
        Ok(Self::of(number, file))
    }

    /// One that is there.
    pub(super) fn of(number: u32, file: File) -> Self {
        Self { number, file: Arc::new(file), live: 0, end: 0, needed_until_ms: 0 }
    }
}

/// Sets blocks aside where the system can do that: then a sync has no file length to write, and a full disk is met
/// here and not within a frame.
fn reserve(file: &File, length: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(file, FallocateFlags::empty(), 0, length) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    file.set_len(length)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

#[cfg(unix)]
pub(in super::super) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)
}

#[cfg(windows)]
pub(super) fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        done += std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], position + done as u64)?;
    }
    Ok(())
}

#[cfg(windows)]
pub(in super::super) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match std::os::windows::fs::FileExt::seek_read(file, &mut bytes[done..], position + done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(())
}

/// Makes the folder and claims it for this process.
pub(in super::super) fn lock_folder(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let path = folder.join("lock");
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: folder.into() }),
        Err(TryLockError::Error(source)) => Err(Error::Io { action: "lock", path, source }),
    }
}
