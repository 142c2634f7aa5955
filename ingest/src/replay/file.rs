//! One regular file, opened once and read straight into a buffer of its size.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Payload, Refusal, RefusalCode};

/// An open file with its length and time at that moment.
#[derive(Debug)]
pub(crate) struct OpenFile {
    file: File,
    length: u64,
    modified: DateTime<Utc>,
}

impl OpenFile {
    /// Opens a path that is known to be a regular file or a link to one.
    pub(crate) fn open(path: &Path) -> Result<Self, Refusal> {
        let file = File::open(path).map_err(|error| refusal(path, &error))?;
        let (length, modified) = facts(&file).map_err(|error| refusal(path, &error))?;
        Ok(Self { file, length, modified })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn modified(&self) -> DateTime<Utc> {
        self.modified
    }

    /// The whole content, unless it is empty, larger than `max_bytes`, or changes under the reader.
    pub(crate) fn read(mut self, max_bytes: u64) -> Payload {
        if let Some(refusal) = refuse_size(self.length, max_bytes) {
            return Payload::Refused(refusal);
        }
        let read = read_exactly(&mut self.file, self.length).and_then(|bytes| Ok((bytes, facts(&self.file)?)));
        match read {
            Ok((bytes, now)) if now == (self.length, self.modified) => Payload::Bytes(bytes),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Payload::refused(RefusalCode::UnreadableFile, error.to_string())
            }
            _ => Payload::refused(
                RefusalCode::ChangedWhileRead,
                "the file's length or modification time changed while it was read; replay it again when it is complete",
            ),
        }
    }
}

/// Reads `size` bytes into a buffer of that size. A reader that has fewer or more is an `UnexpectedEof`; to see that
/// there are more, one byte more is asked for, so that a growing file cannot fill the memory.
pub(crate) fn read_exactly(reader: impl Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(size).map_err(io::Error::other)?).map_err(io::Error::other)?;
    let count = reader.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
    if count as u64 != size {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{count} bytes instead of {size}")));
    }
    Ok(bytes)
}

/// Refuses what is empty or too large, before a byte is read.
pub(crate) fn refuse_size(length: u64, max_bytes: u64) -> Option<Refusal> {
    if length == 0 {
        return Some(Refusal { code: RefusalCode::EmptyFile, detail: "the file has no bytes".into() });
    }
    (length > max_bytes).then(|| Refusal {
        code: RefusalCode::TooLarge,
        detail: format!("{length} bytes; at most {max_bytes} are read (max_record_bytes)"),
    })
}

/// Says why a path that was named or listed cannot be opened or looked at.
pub(crate) fn refusal(path: &Path, error: &io::Error) -> Refusal {
    let code = if is_link_loop(error) {
        RefusalCode::LinkLoop
    } else if error.kind() != io::ErrorKind::NotFound {
        RefusalCode::UnreadableFile
    } else if fs::symlink_metadata(path).is_ok() {
        RefusalCode::BrokenLink
    } else {
        RefusalCode::Vanished
    };
    Refusal { code, detail: error.to_string() }
}

#[cfg(unix)]
fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link_loop(_: &io::Error) -> bool {
    false
}

fn facts(file: &File) -> io::Result<(u64, DateTime<Utc>)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), utc(metadata.modified()?)))
}

/// A file time as UTC; the epoch for times beyond the calendar (file systems hold more years than chrono does).
pub(crate) fn utc(time: SystemTime) -> DateTime<Utc> {
    let since = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => TimeDelta::from_std(after).ok(),
        Err(before) => TimeDelta::from_std(before.duration()).ok().map(|delta| -delta),
    };
    since.and_then(|delta| DateTime::UNIX_EPOCH.checked_add_signed(delta)).unwrap_or(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn file_times_before_and_beyond_the_calendar_are_taken() {
        assert_eq!(utc(UNIX_EPOCH + Duration::from_millis(1500)).timestamp_millis(), 1500);
        assert_eq!(utc(UNIX_EPOCH - Duration::from_secs(5)).timestamp(), -5);
        assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(1 << 60)), DateTime::UNIX_EPOCH);
    }
}
