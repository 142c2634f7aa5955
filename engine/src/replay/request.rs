//! What a replay is asked to do.

use crate::Result;
use crate::config::Config;
use crate::setup::Backend;
use std::path::PathBuf;
use tollgate_datasets::LabelStore;
use tollgate_ingest::{ReplayOptions, ReplaySource};

/// A replay.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folders, images, tar archives and Parquet files, in this order.
    pub paths: Vec<PathBuf>,
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
    pub(super) fn open_source(&self) -> Result<ReplaySource> {
        let options = ReplayOptions { limits: self.config.limits(), source: self.source_name.clone() };
        Ok(ReplaySource::open(&self.paths, &options)?)
    }

    pub(super) fn open_labels(&self) -> Result<LabelStore> {
        match &self.labels {
            Some(csv) => Ok(LabelStore::from_csv(csv)?),
            None => Ok(LabelStore::beside_photos()),
        }
    }
}
