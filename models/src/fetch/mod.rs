//! Bringing an artefact from one of its sources into a scratch file.

mod mirror;
mod url;
mod wheel;

use crate::manifest::{Artefact, Origin};
use crate::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};

/// Told how a transfer goes, so that a person can be shown it.
pub trait Progress {
    /// A transfer of `file` from `origin` begins.
    fn start(&self, file: &str, origin: &str);
    /// `done` bytes of `total` (when known) have arrived.
    fn advance(&self, done: u64, total: Option<u64>);
    /// It has ended, one way or the other.
    fn end(&self);
}

/// Shows nothing.
#[derive(Debug)]
pub struct Quiet;

impl Progress for Quiet {
    fn start(&self, _: &str, _: &str) {}
    fn advance(&self, _: u64, _: Option<u64>) {}
    fn end(&self) {}
}

/// A place to try.
pub(crate) enum Source<'a> {
    Mirror(PathBuf),
    Url(&'a str),
    Wheel { package: &'a str, member: &'a str, tag: Option<&'a str> },
}

/// The sources of an artefact in the order to try them, the mirror folder first.
pub(crate) fn sources<'a>(artefact: &'a Artefact, mirror: Option<&Path>) -> Vec<Source<'a>> {
    let listed = artefact.sources.iter().map(|origin| match origin {
        Origin::Url { url } => Source::Url(url),
        Origin::Wheel { wheel, member, tag } => Source::Wheel { package: wheel, member, tag: tag.as_deref() },
    });
    mirror.map(|dir| Source::Mirror(dir.join(&artefact.file))).into_iter().chain(listed).collect()
}

impl Source<'_> {
    /// Writes the file to `scratch`; a temporary folder may be made beside it.
    pub(crate) fn fetch(&self, scratch: &Path, progress: &dyn Progress) -> Result<()> {
        match self {
            Self::Mirror(path) => mirror::fetch(path, scratch),
            Self::Url(url) => url::fetch(url, scratch, progress),
            Self::Wheel { package, member, tag } => wheel::fetch(package, member, *tag, scratch),
        }
    }

    fn failed(origin: impl fmt::Display, reason: impl fmt::Display) -> Error {
        Error::SourceFailed { origin: origin.to_string(), reason: reason.to_string() }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(path) => write!(f, "mirror {}", path.display()),
            Self::Url(url) => f.write_str(url),
            Self::Wheel { package, .. } => write!(f, "pip package {package}"),
        }
    }
}
