//! What a source hands out: one record for each photo, whether it could be read or not.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// One photo, or the place where one should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The place in the source's order, counted from 0.
    pub offset: u64,
    /// A stable URI, equal in every replay of the same photo: `file:///photos/a/1.jpg`, `file:///x.tar#a/1.jpg`,
    /// `file:///x.parquet#row=17`, or `tollgate:NAME/a/1.jpg` under a logical base. Bytes that a URI cannot hold are
    /// percent-encoded, so that names which are not UTF-8 are exact too.
    pub position: String,
    /// The digest of all positions up to and including this one; see [`crate::ReplaySource::skip`].
    pub digest: u64,
    /// The name to show: the path relative to what the user named, with `/` between its parts. Not exact: what is not
    /// UTF-8 is replaced.
    pub file: String,
    /// Where the photo lies, for what lies beside it (labels). `None` inside an archive or a Parquet file.
    pub path: Option<PathBuf>,
    /// The booth or lane: the name of the folder that holds the photo, or the `lane` column.
    pub lane: Option<String>,
    /// When the source says the record was made: the file's or the archive member's modification time, or the time
    /// column.
    pub recorded: DateTime<Utc>,
    /// The photo, or why there is none.
    pub payload: Payload,
}

/// The body of a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The file's bytes as they lay there, undecoded.
    Bytes(Vec<u8>),
    /// The photo lies at this URL and is fetched by whoever decodes it.
    Reference(String),
    /// The photo could not be had.
    Refused(Refusal),
}

impl Payload {
    /// A refusal with its code and a sentence for people.
    pub fn refused(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal { code, detail: detail.into() })
    }

    /// The size in bytes; 0 for a reference and a refusal.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Reference(_) | Self::Refused(_) => 0,
        }
    }
}

/// Why there is no photo in a record's slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people: what was found, with the operating system's words where it has any.
    pub detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

/// The kinds of [`Refusal`]. Their kebab-case names are stable: they appear in events and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RefusalCode {
    /// A file or member of zero bytes.
    EmptyFile,
    /// The file exists and cannot be opened or read.
    UnreadableFile,
    /// A folder below the named one cannot be listed.
    UnreadableFolder,
    /// More bytes than [`crate::Limits::max_record_bytes`]; it was not read.
    TooLarge,
    /// A link that leads back to a folder above itself, or to itself.
    LinkLoop,
    /// A link whose target does not exist.
    BrokenLink,
    /// A socket, pipe or device with a photo's name.
    NotAFile,
    /// The file was there when the folder was listed and gone when it was to be read.
    Vanished,
    /// The file's length or modification time changed while it was read.
    ChangedWhileRead,
    /// A picture of a kind that is not read (by its extension).
    UnsupportedFormat,
    /// The archive ends before its end.
    TruncatedArchive,
    /// The archive or Parquet file is damaged here.
    CorruptArchive,
    /// An archive member that is a link to another member.
    ArchiveLink,
    /// A row or record without an image.
    NoImage,
    /// A record that should say where the image lies, and does not.
    BadReference,
    /// A photo sent by reference is not where the reference says, or may not be fetched from there.
    ReferenceMissing,
    /// A photo sent by reference could not be fetched, after some tries.
    ReferenceUnreachable,
    /// A batch of a stream that cannot be decompressed or taken apart.
    UndecodableBatch,
}

impl RefusalCode {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyFile => "empty-file",
            Self::UnreadableFile => "unreadable-file",
            Self::UnreadableFolder => "unreadable-folder",
            Self::TooLarge => "too-large",
            Self::LinkLoop => "link-loop",
            Self::BrokenLink => "broken-link",
            Self::NotAFile => "not-a-file",
            Self::Vanished => "vanished",
            Self::ChangedWhileRead => "changed-while-read",
            Self::UnsupportedFormat => "unsupported-format",
            Self::TruncatedArchive => "truncated-archive",
            Self::CorruptArchive => "corrupt-archive",
            Self::ArchiveLink => "archive-link",
            Self::NoImage => "no-image",
            Self::UndecodableBatch => "undecodable-batch",
            Self::ReferenceMissing => "reference-missing",
            Self::ReferenceUnreachable => "reference-unreachable",
            Self::BadReference => "bad-reference",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
