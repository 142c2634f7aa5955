//! One member of a `.tar`, by its header.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use chrono::{DateTime, Utc};

use super::SkipReason;
use super::kind::{self, Kind};
use crate::{Refusal, RefusalCode};

/// What the headers of one member may take (long names and extended attributes lie in blocks of their own): a bound
/// on what a damaged length field can make the parser read.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// What a member's headers say.
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) entry_type: tar::EntryType,
    pub(crate) modified: DateTime<Utc>,
    /// Bytes of content; more than `raw_size` for a sparse member.
    pub(crate) size: u64,
    /// Bytes of the archive that the body takes, without padding.
    pub(crate) raw_size: u64,
    /// Where they begin.
    pub(crate) data: u64,
}

/// Parses the member at an offset; `None` at the archive's end marker.
pub(crate) fn parse(mut file: &File, header: u64, length: u64) -> Result<Option<Member>, Refusal> {
    let parsed = file.seek(SeekFrom::Start(header)).and_then(|_| {
        let mut archive = tar::Archive::new(file.take(MAX_HEADER_BYTES));
        let Some(entry) = archive.entries()?.next() else { return Ok(None) };
        let entry = entry?;
        let (entry_type, size) = (entry.header().entry_type(), entry.size());
        let raw_size = if entry_type.is_gnu_sparse() { entry.header().entry_size()? } else { size };
        let seconds = i64::try_from(entry.header().mtime()?).unwrap_or_default();
        let modified = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let name = entry.path_bytes().into_owned();
        Ok(Some(Member { name, entry_type, modified, size, raw_size, data: 0 }))
    });
    // The parser stops reading where the body begins.
    let stopped = file.stream_position();
    match (parsed, stopped) {
        (Ok(Some(member)), Ok(data)) => Ok(Some(Member { data, ..member })),
        (Ok(None), _) if header < length => Ok(None),
        (Ok(None), _) => Err(truncated("the archive ends without its end marker")),
        (Err(error), Ok(stopped)) if stopped >= length => Err(truncated(&error.to_string())),
        (Err(error), _) | (_, Err(error)) => Err(damaged(&error)),
    }
}

fn truncated(detail: &str) -> Refusal {
    let detail = format!("{detail}; copy the archive again, what came before was read");
    Refusal { code: RefusalCode::TruncatedArchive, detail }
}

fn damaged(error: &io::Error) -> Refusal {
    let detail = format!("{error}; the archive is damaged from here on, what came before was read");
    Refusal { code: RefusalCode::CorruptArchive, detail }
}

impl Member {
    /// What the member is by its name; `None` for folders and for what describes the archive itself.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let folder = self.entry_type.is_dir() || self.name.ends_with(b"/");
        if folder || self.entry_type.is_pax_global_extensions() {
            return None;
        }
        let text = self.file();
        let mut parts = text.split('/').filter(|part| !matches!(*part, "." | ".."));
        if parts.any(|part| kind::is_hidden(OsStr::new(part))) {
            return Some(Kind::Skip(SkipReason::Hidden));
        }
        Some(kind::of(OsStr::new(text.rsplit('/').next().unwrap_or_default())))
    }

    pub(crate) fn is_file(&self) -> bool {
        self.entry_type.is_file() || self.entry_type.is_contiguous() || self.is_sparse()
    }

    pub(crate) fn is_sparse(&self) -> bool {
        self.entry_type.is_gnu_sparse()
    }

    /// The name to show.
    pub(crate) fn file(&self) -> String {
        let name = self.name.strip_prefix(b"./").unwrap_or(&self.name);
        String::from_utf8_lossy(name).into_owned()
    }

    /// The folder that holds the member.
    pub(crate) fn lane(&self) -> Option<String> {
        lane_of(&self.file())
    }
}

/// The name of the folder in a path with slashes.
pub(crate) fn lane_of(file: &str) -> Option<String> {
    let lane = file.rsplit('/').nth(1).filter(|part| !matches!(*part, "" | "." | ".."));
    lane.map(String::from)
}
