//! What a replay reads: files, or the history of a stream.

use std::path::{Path, PathBuf};

use super::request::{From, History, Request};
use crate::{Error, Result};
use tollgate_ingest::log::{Store, StoreOptions};
use tollgate_ingest::stream::{HubSource, KafkaGroup, KafkaSource};
use tollgate_ingest::{Batch, Record, ReplayOptions, ReplaySource, Source};

/// The source of a replay.
pub(super) enum Records {
    /// Folders, images, archives, Parquet files.
    Files(ReplaySource),
    /// A hub of a data folder, which is ours as long as we read.
    Hub(HubSource),
    /// A hub or topic over the Kafka protocol.
    Kafka(KafkaSource),
}

impl Records {
    pub(super) fn open(request: &Request) -> Result<Self> {
        let limits = request.config.limits(request.backend.is_gpu());
        match &request.from {
            From::Paths(paths) => {
                let options = ReplayOptions { limits, source: request.source_name.clone() };
                Ok(Self::Files(ReplaySource::open(paths, &options)?))
            }
            From::Data { data, history } => Ok(Self::Hub(open_hub(data, history, request)?)),
            From::Kafka { bootstrap, history } => {
                let group = KafkaGroup {
                    bootstrap: bootstrap.clone(),
                    topic: history.hub.clone(),
                    // Named because the client library wants one; history is read without a place in it.
                    group: "tollgate-replay".into(),
                    properties: request.config.source.properties.clone(),
                    limits,
                    floors: Default::default(),
                };
                Ok(Self::Kafka(KafkaSource::history(group, history.since_ms)?))
            }
        }
    }

    /// What is replayed, for people and for a resumed run to compare.
    pub(super) fn describe(&self, request: &Request) -> String {
        let named = request.source_name.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        match (self, &request.from) {
            (Self::Files(files), _) => {
                let roots: Vec<_> = files.roots().map(|path| path.display().to_string()).collect();
                format!("{}{named}", roots.join(", "))
            }
            (_, From::Data { history, .. } | From::Kafka { history, .. }) => history.to_string(),
            (_, From::Paths(_)) => String::new(),
        }
    }

    /// How many records lie ahead, where that can be known cheaply.
    pub(super) fn total_hint(&self) -> Option<u64> {
        match self {
            Self::Files(files) => files.total_hint(),
            Self::Hub(hub) => hub.total_hint(),
            Self::Kafka(_) => None,
        }
    }

    /// Passes over what an interrupted run has done.
    pub(super) fn skip(&mut self, records: u64, digest: u64) -> Result<()> {
        match self {
            Self::Files(files) => Ok(files.skip(records, digest)?),
            // What is there has changed since: the order among partitions would not be the same.
            Self::Hub(_) | Self::Kafka(_) => Err(Error::CannotResumeHistory),
        }
    }

    /// The file behind a position.
    pub(super) fn path_of(&self, position: &str) -> Option<PathBuf> {
        match self {
            Self::Files(files) => files.path_of(position),
            Self::Hub(_) | Self::Kafka(_) => None,
        }
    }
}

fn open_hub(data: &Path, history: &History, request: &Request) -> Result<HubSource> {
    if !data.join("hubs").is_dir() {
        return Err(Error::NoData { dir: data.into() });
    }
    let (store, _torn) = Store::open(data, StoreOptions::default())?;
    // Hubs and partitions keep the folder claimed.
    Ok(HubSource::history(store.hub(&history.hub)?, request.config.limits(request.backend.is_gpu()), history.since_ms)?)
}

impl Source for Records {
    type Item = Record;

    fn next(&mut self) -> tollgate_ingest::Result<Option<Batch<Record>>> {
        match self {
            Self::Files(files) => files.next(),
            Self::Hub(hub) => hub.next(),
            Self::Kafka(kafka) => kafka.next(),
        }
    }

    fn commit(&mut self, end: u64) -> tollgate_ingest::Result<()> {
        match self {
            Self::Files(files) => files.commit(end),
            Self::Hub(hub) => hub.commit(end),
            Self::Kafka(kafka) => kafka.commit(end),
        }
    }
}
