//! Labels for any photo of a replay, each file read once.

use super::{FILE_NAME, Label, Labels};
use crate::Result;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where the labels of a replay's photos come from: one named file, or a `labels.csv` in each photo's own folder.
#[derive(Debug)]
pub struct LabelStore {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Named(Labels),
    Beside(HashMap<PathBuf, Option<Labels>>),
}

impl LabelStore {
    /// Looks for a `labels.csv` beside each photo, when the first photo of its folder is asked for.
    #[must_use]
    pub fn beside_photos() -> Self {
        Self { source: Source::Beside(HashMap::new()) }
    }

    /// Takes all labels from one file; its `file` column holds paths relative to the file's folder, or bare file names.
    ///
    /// # Errors
    /// As [`Labels::read`].
    pub fn from_csv(csv: &Path) -> Result<Self> {
        Ok(Self { source: Source::Named(Labels::read(csv)?) })
    }

    /// The labels of a photo, in the order of their rows; `None` where it has none.
    ///
    /// # Errors
    /// As [`Labels::read`], once for each broken file: after that its folder counts as unlabelled.
    pub fn for_photo(&mut self, photo: &Path) -> Result<Option<&[Label]>> {
        let folders = match &mut self.source {
            Source::Named(labels) => return Ok(labels.find(photo)),
            Source::Beside(folders) => folders,
        };
        let (Some(folder), Some(name)) = (photo.parent(), photo.file_name()) else { return Ok(None) };
        if !folders.contains_key(folder) {
            let found = read_beside(folder);
            let (labels, error) = match found {
                Ok(labels) => (labels, None),
                Err(error) => (None, Some(error)),
            };
            folders.insert(folder.to_owned(), labels);
            if let Some(error) = error {
                return Err(error);
            }
        }
        Ok(folders.get(folder).and_then(Option::as_ref).and_then(|labels| labels.get(Path::new(name))))
    }
}

/// Only a regular file counts: a pipe of that name would block, and a tar or Parquet file's inside has no folder to look into.
fn read_beside(folder: &Path) -> Result<Option<Labels>> {
    let csv = folder.join(FILE_NAME);
    if csv.is_file() { Labels::read(&csv).map(Some) } else { Ok(None) }
}
