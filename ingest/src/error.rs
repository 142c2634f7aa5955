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
    /// A call of the log to the system failed.
    #[error("cannot {what} {}: {source}; check the disk's space, health and permissions", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The disk refused to make writes durable: what is on it is not known any more.
    #[error(
        "the disk failed to make writes durable: {detail}; nothing more is written: check the disk and start again"
    )]
    CommitFailed {
        /// The operating system's answer to the first failure.
        detail: String,
    },
    /// Another process has the data folder.
    #[error("{} is in use by another process; stop it, or name another data folder", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
    },
    /// Damaged records that are not the torn end of a partition.
    #[error(
        "{}: damaged at offset {offset} (byte {position}): {detail}; restore the segment from a copy, or move it and \
         all later ones of its partition away to go on without them", segment.display()
    )]
    CorruptLog {
        /// The file.
        segment: PathBuf,
        /// The first offset that cannot be read.
        offset: u64,
        /// Where it lies in the file.
        position: u64,
        /// What was found.
        detail: String,
    },
    /// A file of settings or checkpoints that cannot be understood.
    #[error("cannot understand {}: {source}; correct the file or restore it from a copy", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The parser's answer.
        source: Box<toml::de::Error>,
    },
    /// A batch beyond the hub's limit.
    #[error("a batch of {bytes} bytes is larger than the hub takes ({max}, max_batch_bytes); send smaller batches")]
    BatchTooLarge {
        /// Its size.
        bytes: usize,
        /// The hub's limit.
        max: usize,
    },
    /// An old incarnation of a producer.
    #[error("producer {producer} has been replaced by a later one (epoch {epoch}, now {current}); stop this one")]
    Fenced {
        /// The producer's id.
        producer: i64,
        /// The epoch that came.
        epoch: i16,
        /// The epoch that is known.
        current: i16,
    },
    /// A producer's batches do not follow one another.
    #[error(
        "producer {producer} sent sequence {found} instead of {expected}: a batch before it is missing; send that first"
    )]
    OutOfSequence {
        /// The producer's id.
        producer: i64,
        /// The sequence number of the next batch.
        expected: i32,
        /// The sequence number that came.
        found: i32,
    },
    /// An offset that retention removed, or that does not exist yet.
    #[error("offset {offset} is not there: the partition holds {start} to {end}; read from one of these")]
    OffsetOutOfRange {
        /// The offset that was asked for.
        offset: u64,
        /// The first offset that is there.
        start: u64,
        /// The offset behind the last record.
        end: u64,
    },
    /// No such hub.
    #[error("there is no hub {hub:?}; create it first")]
    NoHub {
        /// The name.
        hub: String,
    },
    /// The name is taken.
    #[error("there is a hub {hub:?} already; choose another name, or delete it first")]
    HubExists {
        /// The name.
        hub: String,
    },
    /// No such partition.
    #[error("hub {hub:?} has no partition {partition}; it has {count}, counted from 0")]
    NoPartition {
        /// The hub's name.
        hub: String,
        /// The number that was asked for.
        partition: u32,
        /// How many there are.
        count: u32,
    },
    /// A hub that cannot be.
    #[error("cannot make the hub so: {detail}")]
    BadHub {
        /// What is wrong, and what would be right.
        detail: String,
    },
    /// A checkpoint that cannot be kept.
    #[error("cannot keep the checkpoint: {detail}")]
    BadGroup {
        /// What is wrong, and what would be right.
        detail: String,
    },
    /// Keys that cannot be used.
    #[error("cannot use the keys of [access]: {detail}")]
    BadAccess {
        /// What is wrong, and what would be right.
        detail: String,
    },
    /// A listener that everybody in the network could write to.
    #[error(
        "cannot listen on {address}: it is open to other machines and there are no keys; add [[access.keys]], listen \
         on 127.0.0.1, or set access.allow_open = true"
    )]
    OpenListener {
        /// The address.
        address: std::net::SocketAddr,
    },
    /// An address that cannot be listened at.
    #[error("cannot listen at {address}: {source}; stop what uses it, or choose another address")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A certificate or its key that cannot be used.
    #[error("cannot use {} for TLS: {source}; name a PEM file with the certificate chain, and one with its key", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
