//! Ground truth: which plates a photo shows, and where.
//!
//! The format is a `labels.csv` beside the photos with the header `file,x,y,w,h,plate`: the file's name, the plate's upright
//! bounding box in pixels, and its text. A photo with several plates has several rows; the first is the one that scores.

mod parse;
mod store;

pub use store::LabelStore;

use crate::Result;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// The name under which labels are found by themselves.
pub const FILE_NAME: &str = "labels.csv";

/// The largest label file that is read, in bytes: about six million rows.
pub const MAX_BYTES: u64 = 256 << 20;

/// One plate in one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// `[x, y, w, h]` in pixels of the photo as it is shown (after EXIF rotation), the origin top left.
    pub rect: [f32; 4],
    /// The plate's text as the file has it, spaces and all; scoring normalises it.
    pub plate: String,
}

/// The rows of one label file, by photo.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    by_file: HashMap<PathBuf, Vec<Label>>,
}

impl Labels {
    /// Reads a label file. Columns may stand in any order, and unknown ones are passed over.
    ///
    /// # Errors
    /// A file that cannot be read or is too large, a header without one of the columns, a row that is no CSV, or a cell that does not hold
    /// what its column needs: each names the file, and the line and column where there is one.
    pub fn read(csv: &Path) -> Result<Self> {
        parse::read(csv)
    }

    /// The labels of a photo named as in the file's first column, `.` and `..` set aside; in the order of the rows.
    #[must_use]
    pub fn get(&self, file: &Path) -> Option<&[Label]> {
        self.by_file.get(file).map(Vec::as_slice)
    }

    /// The labels of the photo at `path`: of the longest tail of the path that the file names, so that both paths relative to
    /// the label file and bare file names are found, also for photos inside a tar.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<&[Label]> {
        let mut tail = plain(path);
        while !tail.as_os_str().is_empty() {
            if let Some(labels) = self.get(&tail) {
                return Some(labels);
            }
            tail = tail.components().skip(1).collect();
        }
        None
    }

    /// The number of photos that have at least one label.
    #[must_use]
    pub fn photos(&self) -> usize {
        self.by_file.len()
    }

    fn push(&mut self, file: &Path, label: Label) {
        self.by_file.entry(plain(file)).or_default().push(label);
    }
}

/// A path of plain names only: no root, no `.`, no `..`. What is left is compared by its tail.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}
