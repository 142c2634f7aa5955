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
        let mut bytes = Vec::new();
        // `read_to_end` stops at one byte more than expected: a growing file cannot fill the memory.
        let read = usize::try_from(self.length)
            .map_err(io::Error::other)
            .and_then(|length| bytes.try_reserve_exact(length).map_err(io::Error::other))
            .and_then(|()| (&mut self.file).take(self.length + 1).read_to_end(&mut bytes))
            .and_then(|count| Ok((count as u64, facts(&self.file)?)));
        match read {
            Ok((count, now)) if count == self.length && now == (self.length, self.modified) => Payload::Bytes(bytes),
            Ok(_) => Payload::refused(
                RefusalCode::ChangedWhileRead,
                "the file's length or modification time changed while it was read; replay it again when it is complete",
            ),
            Err(error) => Payload::refused(RefusalCode::UnreadableFile, error.to_string()),
        }
    }
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
