//! What stops a source. Photos that cannot be read are not here: they are records.

use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A broken machine, or a command line that cannot be meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No PATH at all.
    #[error("nothing to replay: name at least one folder, image, .tar or Parquet file")]
    NoPaths,
    /// A PATH of the command line cannot be found or looked at.
    #[error("cannot use {}: {source}; check the path's spelling and permissions", path.display())]
    Path {
        /// The path as it was named.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A PATH is neither a folder nor a regular file.
    #[error("cannot use {}: it is neither a folder nor a file; name a folder, an image, a .tar or a Parquet file", path.display())]
    NotAFile {
        /// The path as it was named.
        path: PathBuf,
    },
    /// A compressed archive.
    #[error("cannot use {}: compressed archives are not read; unpack it to a plain .tar first (gunzip, zstd -d, xz -d)", path.display())]
    CompressedArchive {
        /// The path as it was named.
        path: PathBuf,
    },
    /// A Parquet file whose metadata cannot be read.
    #[error("cannot use {}: it is not a readable Parquet file: {source}; write it again or name another", path.display())]
    Parquet {
        /// The path as it was named.
        path: PathBuf,
        /// The Parquet reader's answer.
        source: parquet::errors::ParquetError,
    },
    /// A Parquet file in which no column can be taken for the image.
    #[error("cannot use {}: no image column among [{columns}]; name it image, bytes, jpeg or photo, of type binary or struct{{bytes, path}}", path.display())]
    NoImageColumn {
        /// The path as it was named.
        path: PathBuf,
        /// The columns that are there.
        columns: String,
    },
    /// A limit that leaves no room for a single record.
    #[error("the limit {name} is 0; give it a value of at least 1")]
    ZeroLimit {
        /// The limit's name in [`crate::Limits`].
        name: &'static str,
    },
    /// A resumed run does not find the records that the interrupted one had.
    #[error(
        "cannot resume: the first {records} records are not those of the interrupted run \
         (digest {found:016x}, expected {expected:016x}); files were added, removed or renamed, or other paths were \
         named: start again without --resume into a new folder"
    )]
    DifferentRecords {
        /// How many records the interrupted run had finished.
        records: u64,
        /// The digest it had noted.
        expected: u64,
        /// The digest of the same number of records now.
        found: u64,
    },
    /// A resumed run finds fewer records than the interrupted one had finished.
    #[error(
        "cannot resume: the interrupted run had finished {expected} records and only {found} are there now; bring the \
         missing files back, or start again without --resume into a new folder"
    )]
    FewerRecords {
        /// How many records the interrupted run had finished.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A commit that cannot be meant.
    #[error(
        "cannot commit offset {end}: it lies outside {committed}..={handed_out}, what was handed out and not committed yet"
    )]
    CommitOutOfRange {
        /// The offset that was to be committed.
        end: u64,
        /// The last committed offset.
        committed: u64,
        /// The number of records handed out.
        handed_out: u64,
    },
}
