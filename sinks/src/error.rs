//! What can go wrong where results go.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of a journal, a sink, the manual-check queue or the report. The cause, where there is one, is the `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation (disk full, no permission, a vanished folder).
    #[error("cannot {action} {}; check free space and permissions there", path.display())]
    Io {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Another process holds the work folder's lock.
    #[error("{} is in use by another tollgate process; wait for it to end or give another folder", dir.display())]
    InUse {
        /// The work folder.
        dir: PathBuf,
    },
    /// The file is no journal of ours, or its header is damaged.
    #[error("{} cannot be used as a run journal: {why}; start the run again without --resume", path.display())]
    BadHeader {
        /// The journal file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A frame is damaged although whole frames follow it: the disk or another program changed what was durable.
    #[error(
        "{} is corrupt at byte {offset} although later frames are whole; restore the file or start the run again \
         without --resume", path.display()
    )]
    Corrupt {
        /// The journal file.
        path: PathBuf,
        /// Byte offset of the damaged frame in the file.
        offset: u64,
    },
    /// A frame passed its checksum, but what it holds cannot be understood (written by a program with a fault).
    #[error("{} holds a malformed frame at byte {offset}: {why}", path.display())]
    Malformed {
        /// The journal file.
        path: PathBuf,
        /// Byte offset of the frame in the file.
        offset: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Frames must be appended in the order of the source.
    #[error("a frame ends at record {got}, but the journal already reaches record {reached}")]
    OutOfOrder {
        /// `end` of the journal's last frame.
        reached: u64,
        /// `end` of the frame that was refused.
        got: u64,
    },
    /// The journal can no longer promise that what it holds is durable, because an earlier write or sync failed.
    #[error("{} had a failed write or sync and takes nothing more; mend the disk, then --resume", path.display())]
    Broken {
        /// The journal file.
        path: PathBuf,
    },
    /// Something is larger than its limit.
    #[error("{what} has {bytes} bytes, over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The largest size allowed.
        limit: usize,
    },
    /// Something could not be turned into JSON, or read from it.
    #[error("cannot {action} as JSON")]
    Json {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// Why it failed.
        #[source]
        source: serde_json::Error,
    },
    /// A record of the results hub is no CloudEvents 1.0 event.
    #[error("not a CloudEvents 1.0 event: the attribute `{attribute}` is missing or malformed")]
    NoEvent {
        /// The attribute.
        attribute: &'static str,
    },
    /// Arrow refused a batch or a file.
    #[error("cannot {action} {}", path.display())]
    Arrow {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The file being written.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// Parquet refused a batch or a file.
    #[error("cannot {action} {}; check free space and permissions there", path.display())]
    Parquet {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The file being written.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A place that files are to go to is none.
    #[error("{url:?} is no place to write files to: {why}; name a folder or a URL such as s3://bucket/plates")]
    BadUrl {
        /// The text.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// An object store refused, or did not answer.
    #[error("cannot {action} {place}; check the store's address and the credentials in the environment")]
    Depot {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The object.
        place: String,
        /// Why it failed (boxed: it is large).
        #[source]
        source: Box<object_store::Error>,
    },
    /// The notes of a lake cannot be read: somebody else wrote there.
    #[error("{place} holds no notes of a lake; remove it if its files need not be told from those to come")]
    Ledger {
        /// The object.
        place: String,
        /// Why it failed.
        #[source]
        source: serde_json::Error,
    },
    /// Somebody could not be told that there was nothing to export.
    #[error("cannot send the notice to {to}; check the address in [export.notice] and that it answers")]
    Notice {
        /// Whom.
        to: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file sink was written to after it had made its output visible.
    #[error("the {sink} output is already finished; make a new sink to write it again")]
    Finished {
        /// Name of the sink.
        sink: &'static str,
    },
    /// The queue's database failed or is held by another process.
    #[error("cannot {action} the manual-check queue {}", path.display())]
    Queue {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The queue's file.
        path: PathBuf,
        /// Why it failed (boxed: it is large).
        #[source]
        source: Box<redb::Error>,
    },
    /// The store's database failed or is held by another process.
    #[error("cannot {action} the store {}; check free space there, and that no other process has it open", path.display())]
    Store {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The store's file.
        path: PathBuf,
        /// Why it failed (boxed: it is large).
        #[source]
        source: Box<redb::Error>,
    },
    /// The state of a subscription cannot be read or written, or another process has it open.
    #[error("cannot {action} the state of pushed events {}", path.display())]
    PushState {
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed (boxed: it is large).
        #[source]
        source: Box<redb::Error>,
    },
    /// The store's index points at a document that is not there: a fault of the program or of the disk.
    #[error("the store has no document number {number} although its index has; restore the file from a backup")]
    NoDocument {
        /// The document's number.
        number: u64,
    },
    /// A token that this store did not give.
    #[error("{token:?} is no token of this {of}; use one that an answer gave, or start from the beginning")]
    BadToken {
        /// What it is to be a token of.
        of: &'static str,
        /// What was given.
        token: String,
    },
    /// A name that cannot be taken.
    #[error("{name:?} is no name for {what}: use 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit")]
    BadName {
        /// What it was to name.
        what: &'static str,
        /// What was given.
        name: String,
    },
    /// As many change-feed processors as there may be.
    #[error("there are already {limit} change-feed processors; delete one that is not used any more")]
    TooManyProcessors {
        /// The bound.
        limit: usize,
    },
    /// An export of that name was finished before.
    #[error("the export {name:?} was finished before; give each export a name of its own")]
    ExportDone {
        /// Its name.
        name: String,
    },
    /// There is no open export of that name.
    #[error("no export {name:?} is open; begin it first")]
    NoExport {
        /// Its name.
        name: String,
    },
    /// A review could not be made durable.
    #[error("cannot append the review to the results hub; the item stays locked: answer it again")]
    Publish {
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// So many events wait for another attempt that no more are taken.
    #[error(
        "{events} events wait for another attempt at subscription {subscription}, as many as it may keep; its receiver \
         must take some, or raise max_pending_events and max_pending_mib"
    )]
    PushFull {
        /// The subscription.
        subscription: String,
        /// Events that are kept.
        events: u64,
    },
    /// A sink's settings are not sound.
    #[error("the sink {sink} cannot be used: {why}")]
    BadSink {
        /// The sink.
        sink: String,
        /// What is wrong, and what to write instead.
        why: String,
    },
    /// A broker cannot be reached, refused an event, or did not answer.
    #[error("the sink {sink} cannot {action} {broker}; its events wait, and are sent when the broker takes them")]
    Bridge {
        /// The sink.
        sink: String,
        /// What was tried, as it reads after "cannot".
        action: &'static str,
        /// The broker's address, without credentials.
        broker: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No HTTP client can be made.
    #[error("cannot make an HTTP client for the sink {sink}; is there a certificate store, or `ca_file`?")]
    Client {
        /// The sink.
        sink: String,
        /// Why it failed.
        #[source]
        source: reqwest::Error,
    },
    /// A call on the embedded queues was refused; nothing was changed.
    #[error(transparent)]
    Refused(#[from] crate::queue::Refusal),
    /// What was durable in the embedded queues' journal is damaged.
    #[error("{} is damaged at byte {offset}: restore the folder from a copy, or move it away to start anew", path.display())]
    QueuesDamaged {
        /// The segment.
        path: PathBuf,
        /// Byte offset of the damage.
        offset: u64,
    },
    /// The disk refused a group commit of the embedded queues: what is durable is not known, and nothing is taken.
    #[error(
        "the queues' journal could not be made durable and takes nothing more; mend the disk and start again: {detail}"
    )]
    QueuesBroken {
        /// What the disk said.
        detail: String,
    },
    /// No such item waits in the queue.
    #[error("no item {id} waits in the manual-check queue; it was never put there or is already completed")]
    UnknownItem {
        /// The event id asked for.
        id: Uuid,
    },
    /// The item is not locked with this token: the lock ended, or somebody else has it now.
    #[error("item {id} is not locked with this token (the lock ended or another reviewer has it); receive it again")]
    LockLost {
        /// The event id asked for.
        id: Uuid,
    },
}

impl Error {
    /// For `map_err` on file operations: keeps the cause, names the action and the path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// For `map_err` on requests to an object store.
    pub(crate) fn depot(action: &'static str, place: &str) -> impl FnOnce(object_store::Error) -> Self {
        let place = place.to_owned();
        move |source| Self::Depot { action, place, source: Box::new(source) }
    }

    /// For `map_err` on what notices go through.
    pub(crate) fn notice(to: &str) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        let to = to.to_owned();
        move |source| Self::Notice { to, source }
    }

    /// For `map_err` on JSON.
    pub(crate) fn json(action: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Json { action, source }
    }
}
