//! A PATH that is a single photo: taken whatever its extension says, as the user named it.

use std::path::PathBuf;

use chrono::DateTime;

use super::file::OpenFile;
use super::root::{Content, Root};
use super::{Limits, Skipped};
use crate::position::Positions;
use crate::{Payload, Refusal, Result};

/// One file, one record.
pub(crate) struct Image {
    path: PathBuf,
    positions: Positions,
    max_record_bytes: u64,
    named: bool,
    read: bool,
}

impl Image {
    pub(crate) fn new(path: PathBuf, positions: Positions, limits: Limits) -> Self {
        Self { path, positions, max_record_bytes: limits.max_record_bytes, named: false, read: false }
    }
}

impl Root for Image {
    fn name_next(&mut self, _: &mut Skipped) -> Result<Option<String>> {
        let first = !std::mem::replace(&mut self.named, true);
        Ok(first.then(|| self.positions.of(&self.path)))
    }

    fn size(&mut self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    fn read(&mut self) -> Option<Content> {
        if !self.named || std::mem::replace(&mut self.read, true) {
            return None;
        }
        let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some(content(file, self.path.clone(), OpenFile::open(&self.path), self.max_record_bytes))
    }
}

/// The content of a file on disk, or of the place where it should have been.
pub(crate) fn content(file: String, path: PathBuf, open: Result<OpenFile, Refusal>, max_bytes: u64) -> Content {
    let lane = path.parent().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy().into_owned());
    let (recorded, payload) = match open {
        Ok(open) => (open.modified(), open.read(max_bytes)),
        Err(refusal) => (DateTime::UNIX_EPOCH, Payload::Refused(refusal)),
    };
    Content { file, path: Some(path), lane, recorded, payload }
}
