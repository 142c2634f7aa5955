//! One PATH of a replay.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::folder::Folder;
use super::image::Image;
use super::parquet::Parquet;
use super::tar::{Tar, is_compressed};
use super::{Limits, Skipped};
use crate::position::Positions;
use crate::{Error, Payload, Result};

/// Names its records one after another, and reads the one named last when asked to.
pub(crate) trait Root: Send {
    /// Moves to the next record and gives its position, reading nothing of its body.
    ///
    /// # Errors
    /// Only when the root itself cannot be read.
    fn name_next(&mut self, skipped: &mut Skipped) -> Result<Option<String>>;

    /// How many bytes reading the record named last will take; 0 when it will be refused.
    fn size(&mut self) -> u64;

    /// Reads the record named last; `None` when there is none, or it was read already.
    fn read(&mut self) -> Option<Content>;
}

/// What a root knows about a record beside its position.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) file: String,
    pub(crate) path: Option<PathBuf>,
    pub(crate) lane: Option<String>,
    pub(crate) recorded: DateTime<Utc>,
    pub(crate) payload: Payload,
}

/// A checked PATH that can be opened any number of times.
#[derive(Debug, Clone)]
pub(crate) struct RootSpec {
    path: PathBuf,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Folder,
    Image,
    Tar,
    Parquet,
}

impl Form {
    /// What a file is by its extension.
    fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("tar") => Self::Tar,
            Some(extension) if extension.eq_ignore_ascii_case("parquet") => Self::Parquet,
            _ => Self::Image,
        }
    }
}

impl RootSpec {
    /// Checks a PATH as the user named it, and makes it absolute once and for all.
    pub(crate) fn check(path: &Path) -> Result<Self> {
        let failed = |source| Error::Path { path: path.to_path_buf(), source };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            fs::read_dir(path).map_err(failed)?;
            return Ok(Self { path: path.canonicalize().map_err(failed)?, form: Form::Folder });
        }
        if !metadata.is_file() {
            return Err(Error::NotAFile { path: path.to_path_buf() });
        }
        // Only the folder is resolved: a link to a photo keeps its own name, as it does when its folder is walked.
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
            return Err(Error::NotAFile { path: path.to_path_buf() });
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = folder.canonicalize().map_err(failed)?.join(name);
        if is_compressed(&path) {
            return Err(Error::CompressedArchive { path });
        }
        let spec = Self { form: Form::of(&path), path };
        // What cannot be read at all is said before anything starts; a photo that cannot be is a record.
        spec.open(&Positions::new(None, PathBuf::new()), Limits::default())?;
        Ok(spec)
    }

    /// The absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that positions under a logical base are relative to, were this the only PATH.
    pub(crate) fn base(&self) -> &Path {
        match self.form {
            Form::Folder => &self.path,
            Form::Image | Form::Tar | Form::Parquet => self.path.parent().unwrap_or(&self.path),
        }
    }

    /// Whether naming all records costs about as much as reading them.
    pub(crate) fn is_slow_to_count(&self) -> bool {
        self.form == Form::Tar
    }

    /// Begins to read.
    pub(crate) fn open(&self, positions: &Positions, limits: Limits) -> Result<Box<dyn Root>> {
        let (path, positions) = (self.path.clone(), positions.clone());
        Ok(match self.form {
            Form::Folder => Box::new(Folder::open(path, positions, limits)?),
            Form::Image => Box::new(Image::new(path, positions, limits)),
            Form::Tar => Box::new(Tar::open(path, &positions, limits)?),
            Form::Parquet => Box::new(Parquet::open(path, &positions, limits)?),
        })
    }
}
