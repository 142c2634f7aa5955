//! Positional reads and writes, preallocation, and names made durable: the only calls of the log to the system.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::Error;

/// Says which file a failed call was about.
pub(crate) fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { what, path, source }
}

/// Reads until the buffer is full or the file ends; returns how much came.
pub(super) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_some(file, &mut buffer[done..], position + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn read_some(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_some(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

#[cfg(windows)]
pub(super) fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        done += std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], position + done as u64)?;
    }
    Ok(())
}

/// Makes a file at least `length` bytes long, with blocks set aside where the system can do that: then a sync of the
/// data has no file length to write, and a full disk is met here and not within a batch.
pub(super) fn reserve(file: &File, from: u64, length: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(file, FallocateFlags::empty(), from, length - from) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let _ = from;
    file.set_len(length)
}

/// Writes zeros from one position to another. Blocks that are only set aside cost each sync of a write to them an entry
/// in the file system's journal, which doubles its price (ext4); blocks that were written before do not.
pub(super) fn write_zeros(file: &File, from: u64, to: u64) -> io::Result<()> {
    static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
    let mut position = from;
    while position < to {
        let count = ZEROS.len().min(usize::try_from(to - position).unwrap_or(usize::MAX));
        write_at(file, &ZEROS[..count], position)?;
        position += count as u64;
    }
    Ok(())
}

/// Lets go of the system's copy of a part of a file in memory: what is on the disk already is dropped, and what is not
/// begins its way there. Only advice: where the system does not take it, nothing is lost.
pub(super) fn let_go(file: &File, from: u64, to: u64) {
    #[cfg(target_os = "linux")]
    if let Some(length) = to.checked_sub(from).and_then(std::num::NonZeroU64::new) {
        rustix::fs::fadvise(file, from, Some(length), rustix::fs::Advice::DontNeed).ok();
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, from, to);
}

/// Makes the names in a folder durable. Windows has no such call and needs none.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Replaces a file so that a reader, and a crash at any moment, finds the old content or the new one, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let next = path.with_extension("new");
    let mut file = File::create(&next)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}
