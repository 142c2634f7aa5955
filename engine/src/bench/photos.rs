//! The photos that are measured with, in memory.

use super::path::Path;
use super::report::About;
use crate::Result;
use crate::scene::{self, QUALITY};
use chrono::DateTime;
use std::path::PathBuf;
use tollgate_ingest::{Payload, Record, ReplayOptions, ReplaySource, Source};
use tollgate_kernels::Rect;

/// Which photos.
#[derive(Clone, Debug)]
pub enum PhotoSet {
    /// What a replay would read at this path, the first `most` of them.
    Folder {
        /// A folder, an image, an archive.
        path: PathBuf,
        /// How many at most.
        most: usize,
    },
    /// Scenes of the sample set, rendered at a size and encoded as 4:2:0.
    Generated {
        /// Width in pixels.
        width: u16,
        /// Height in pixels.
        height: u16,
        /// How many.
        count: usize,
    },
}

/// Photos in memory.
pub(super) struct Photos {
    pub(super) records: Vec<Record>,
    source: String,
}

/// A photo that could be decoded, and the plate that its crop is measured with.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) bytes: Vec<u8>,
    pub(super) plate: Rect,
}

impl Photos {
    pub(super) fn load(set: &PhotoSet) -> Result<Self> {
        match set {
            PhotoSet::Folder { path, most } => folder(path, *most),
            PhotoSet::Generated { width, height, count } => generated(*width, *height, *count),
        }
    }

    /// The bytes of those that are here.
    pub(super) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().filter_map(|record| match &record.payload {
            Payload::Bytes(bytes) => Some(bytes.as_slice()),
            Payload::Reference(_) | Payload::Refused(_) => None,
        })
    }

    pub(super) fn mean_bytes(&self) -> f64 {
        self.bytes().map(<[u8]>::len).sum::<usize>() as f64 / self.records.len().max(1) as f64
    }

    pub(super) fn about(&self) -> About {
        About { source: self.source.clone(), count: self.records.len(), mean_bytes: self.mean_bytes() }
    }

    /// Those that can be decoded, in chunks that are decoded at once; the plate is the best that the path finds, or the
    /// photo's middle.
    pub(super) fn chunks(&self, chunk: usize, path: &mut Path<'_>) -> Result<Vec<Vec<Target>>> {
        let mut targets = Vec::new();
        for bytes in self.bytes() {
            if let Some(plate) = path.plate(bytes.to_vec())? {
                targets.push(Target { bytes: bytes.to_vec(), plate });
            }
        }
        Ok(targets.chunks(chunk).map(<[Target]>::to_vec).collect())
    }
}

fn folder(path: &PathBuf, most: usize) -> Result<Photos> {
    let mut source = ReplaySource::open(std::slice::from_ref(path), &ReplayOptions::default())?;
    let mut records = Vec::new();
    while records.len() < most
        && let Some(mut batch) = source.next()?
    {
        records.append(&mut batch.items);
    }
    records.truncate(most);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Ok(Photos { records, source: format!("{name} (a folder of photos)") })
}

fn generated(width: u16, height: u16, count: usize) -> Result<Photos> {
    let record = |index: usize| {
        let file = format!("generated-{index:04}.jpg");
        Ok(Record {
            offset: index as u64,
            position: format!("tollgate:bench/{file}"),
            digest: 0,
            file,
            path: None,
            lane: None,
            recorded: DateTime::UNIX_EPOCH,
            payload: Payload::Bytes(scene::jpeg(index, width, height)?),
        })
    };
    let records = (0..count).map(record).collect::<Result<_>>()?;
    Ok(Photos { records, source: format!("generated, {width}×{height}, 4:2:0, quality {QUALITY}") })
}
