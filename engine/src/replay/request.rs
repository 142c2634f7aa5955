//! What a replay is asked to do.

use crate::Result;
use crate::config::Config;
use crate::setup::Backend;
use chrono::DateTime;
use std::fmt;
use std::path::PathBuf;
use tollgate_datasets::LabelStore;

/// What a replay reads.
#[derive(Clone, Debug)]
pub enum From {
    /// Folders, images, tar archives and Parquet files, in this order.
    Paths(Vec<PathBuf>),
    /// A hub of a data folder that no process has open.
    Data {
        /// The data folder.
        data: PathBuf,
        /// What of it.
        history: History,
    },
    /// A hub of a running server, or a topic of an Apache Kafka cluster.
    Kafka {
        /// The brokers, `host:port,…`.
        bootstrap: String,
        /// What of it.
        history: History,
    },
}

/// A part of a hub's history.
#[derive(Clone, Debug)]
pub struct History {
    /// The hub.
    pub hub: String,
    /// Records appended from then on, in milliseconds since the epoch; all there is where it is missing.
    pub since_ms: Option<i64>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hub {}", self.hub)?;
        match self.since_ms.and_then(DateTime::from_timestamp_millis) {
            Some(since) => write!(f, " since {}", since.to_rfc3339()),
            None => Ok(()),
        }
    }
}

/// A replay.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is read.
    pub from: From,
    /// The output folder.
    pub out: PathBuf,
    /// Labels; none means those found beside the photos.
    pub labels: Option<PathBuf>,
    /// A logical base for positions, so that ids stay when data is moved.
    pub source_name: Option<String>,
    /// Where the pixels are worked on.
    pub backend: Backend,
    /// Go on with the run in `out`.
    pub resume: bool,
    /// Replace the run in `out`.
    pub overwrite: bool,
    /// Everything else.
    pub config: Config,
}

impl Request {
    pub(super) fn open_labels(&self) -> Result<LabelStore> {
        match &self.labels {
            Some(csv) => Ok(LabelStore::from_csv(csv)?),
            None => Ok(LabelStore::beside_photos()),
        }
    }
}
