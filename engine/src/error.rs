//! The one error type of this crate: what breaks a run. Bad input is never among it.

use std::path::PathBuf;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model or ONNX Runtime.
    #[error(transparent)]
    Models(#[from] tollgate_models::Error),
    /// A source of records.
    #[error(transparent)]
    Ingest(#[from] tollgate_ingest::Error),
    /// A place results go to.
    #[error(transparent)]
    Sinks(#[from] tollgate_sinks::Error),
    /// Labels or the sample set.
    #[error(transparent)]
    Datasets(#[from] tollgate_datasets::Error),
    /// An image kernel.
    #[error(transparent)]
    Kernels(#[from] tollgate_kernels::Error),
    /// The config file.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// A file or folder could not be used.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// The output folder holds the results of another run.
    #[error(
        "{} already holds a run: --resume goes on with it, --overwrite starts anew, or name another folder with --out",
        dir.display()
    )]
    OutNotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// The output folder holds files of these names that no run of ours is known to have made.
    #[error("{} holds a {name} of unknown origin; --overwrite replaces it, or name another folder with --out", dir.display())]
    ForeignOutput {
        /// The folder.
        dir: PathBuf,
        /// The file.
        name: &'static str,
    },
    /// A folder that no replay has written to.
    #[error("{} holds no manual-check queue; name the --out folder of a finished replay", dir.display())]
    NoQueue {
        /// The folder.
        dir: PathBuf,
    },
    /// There is nothing to resume.
    #[error("{} holds no run to resume; leave --resume away to start one", dir.display())]
    NothingToResume {
        /// The folder.
        dir: PathBuf,
    },
    /// The history of a stream was to be resumed.
    #[error("a replay of a hub's history cannot be resumed, since the hub has changed; --overwrite starts anew")]
    CannotResumeHistory,
    /// A resumed run would not be the run that was started.
    #[error("cannot resume in {}: {what} differs (then: {then}; now: {now}); --overwrite starts anew", dir.display())]
    ResumeDiffers {
        /// The folder.
        dir: PathBuf,
        /// Which part of the run.
        what: &'static str,
        /// As it was when the run was started.
        then: String,
        /// As it is now.
        now: String,
    },
    /// A picture could not be written.
    #[error("cannot encode a crop of {file}")]
    Crop {
        /// The photo.
        file: String,
        /// The encoder's word.
        source: Box<jpeg_encoder::EncodingError>,
    },
    /// A single photo that was asked for cannot be used.
    #[error("the photo cannot be used ({code}): {detail}")]
    Refused {
        /// A stable, kebab-case code.
        code: &'static str,
        /// A sentence for people.
        detail: String,
    },
    /// The events of one photo are more than a batch of the results hub takes.
    #[error("the events of one photo do not fit a batch of hub {hub} ({limit} bytes): raise its max_batch_bytes")]
    ResultsTooLarge {
        /// The results hub.
        hub: String,
        /// Its limit in bytes.
        limit: usize,
    },
    /// A batch of the results hub cannot be made or understood.
    #[error("a batch of the results hub cannot be used: {fault}; `tollgate log verify` says where it is damaged")]
    ResultBatch {
        /// What is wrong with it.
        fault: tollgate_ingest::log::BatchFault,
    },
    /// A batch of a hub that is captured cannot be understood.
    #[error("a batch of a captured hub cannot be used: {fault}; `tollgate log verify` says where it is damaged")]
    CapturedBatch {
        /// What is wrong with it.
        fault: tollgate_ingest::log::BatchFault,
    },
    /// A Kafka address does not do what it is asked.
    #[error("cannot {what} {brokers}: {source}; is `tollgate serve` running there?")]
    Broker {
        /// What was tried.
        what: &'static str,
        /// The address.
        brokers: String,
        /// The client library's answer.
        source: Box<rdkafka::error::KafkaError>,
    },
    /// A server was asked over HTTP and did not do it.
    #[error("cannot have {url} done; is `tollgate serve` running there, with [export] in its config?")]
    Server {
        /// What was asked.
        url: String,
        /// What came back.
        source: Box<ureq::Error>,
    },
    /// A sink that has never committed how far it came.
    #[error("no sink {sink} has a cursor at {brokers}; `tollgate log groups` shows those that have, as sink.NAME")]
    NoCursor {
        /// The sink.
        sink: String,
        /// The address.
        brokers: String,
    },
    /// Dead letters of a sink that would only give them up again.
    #[error(
        "{sink} hands on to a broker, and what is among its dead letters that broker can never take: it is not tried \
         again; after a change of the sink `tollgate events redeliver` sends the results since a time once more"
    )]
    NotRequeued {
        /// The sink.
        sink: String,
    },
    /// An account of the task queues cannot be used.
    #[error(transparent)]
    Account(#[from] tollgate_sinks::queue::azure::BadAccount),
    /// An entity of the config cannot be made or changed.
    #[error("cannot make or change {name:?} of [queues] as the config has it")]
    Entity {
        /// Its name.
        name: String,
        /// Why not.
        source: tollgate_sinks::Error,
    },
    /// An entity of the config is there as something else.
    #[error(
        "{name:?} of [queues] is there already as a {there:?}; give it another name, or delete the one that is there"
    )]
    OtherKind {
        /// Its name.
        name: String,
        /// What is there.
        there: tollgate_sinks::queue::Kind,
    },
    /// A task queue cannot be spoken to.
    #[error(transparent)]
    TaskQueue(#[from] tollgate_sinks::queue::azure::client::BadClient),
    /// A task queue does not answer.
    #[error("cannot {what} queue {queue}; is `tollgate serve` running, and is --url right?")]
    QueueAway {
        /// What was tried.
        what: &'static str,
        /// The queue.
        queue: String,
        /// Why it failed.
        source: Box<ureq::Error>,
    },
    /// A task queue refuses.
    #[error("cannot {what} queue {queue}: the server answered {status} {code}; are --url, --key and the clock right?")]
    QueueRefused {
        /// What was tried.
        what: &'static str,
        /// The queue.
        queue: String,
        /// The HTTP status.
        status: u16,
        /// The server's code for it.
        code: String,
    },
    /// The program of a listener.
    #[error("cannot {what} `{command}`; the message goes to somebody else when its lease ends")]
    Exec {
        /// What was tried.
        what: &'static str,
        /// The command.
        command: String,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// A folder that is no data folder.
    #[error("{} is no data folder of `tollgate serve`; name one with --data", dir.display())]
    NoData {
        /// The folder.
        dir: PathBuf,
    },
    /// A batch came out of the flow that its source does not know of.
    #[error("the flow is out of step with its source at {end}; this is a fault of the program, please report it")]
    OutOfStep {
        /// The batch's end.
        end: u64,
    },
    /// A photo to measure with could not be made.
    #[error("cannot encode a photo of {width}×{height}: name another --resolution")]
    Generated {
        /// Its width in pixels.
        width: u16,
        /// Its height in pixels.
        height: u16,
        /// The encoder's word.
        source: Box<jpeg_encoder::EncodingError>,
    },
    /// The chosen backend is not to be had.
    #[error("backend {backend} cannot be used: {reason}")]
    Backend {
        /// Its name.
        backend: &'static str,
        /// Why not, and what to do.
        reason: String,
    },
}

impl Error {
    /// Whether the GPU is at fault, or one of its limits: the CPU can do the same work then.
    pub(crate) fn is_of_gpu(&self) -> bool {
        match self {
            Self::Kernels(error) | Self::Models(tollgate_models::Error::Kernel(error)) => error.is_of_gpu(),
            _ => false,
        }
    }

    pub(crate) fn result_batch(fault: tollgate_ingest::log::BatchFault) -> Self {
        Self::ResultBatch { fault }
    }

    pub(crate) fn captured_batch(fault: tollgate_ingest::log::BatchFault) -> Self {
        Self::CapturedBatch { fault }
    }
}

/// This crate's result.
pub type Result<T> = std::result::Result<T, Error>;
