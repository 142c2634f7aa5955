//! Where files go that others read: a local folder or an object store, behind the few things that a sink needs of it.
//!
//! A file is a [`Draft`] first and then appears whole under its key, or not at all: in a folder by a rename, in an object
//! store by a put or by the completion of a multipart upload. Nobody sees a draft: it lies in a folder whose name begins
//! with `_`, which readers of hive layouts pass over, or on this machine.

mod draft;
mod folder;
mod remote;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Handle;
use url::Url;

use crate::error::{Error, Result};
pub use draft::Draft;
use folder::Folder;
use remote::Remote;

/// The folder of what is ours alone, at the root of a depot. Readers pass over names that begin with `_`.
pub const OWN_FOLDER: &str = "_tollgate";

/// A local folder or an object store.
#[derive(Debug)]
pub struct Depot {
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Folder(Folder),
    Remote(Remote),
}

/// What a depot is opened with.
#[derive(Debug, Clone)]
pub struct DepotOptions {
    /// Whose drafts they are: a file name. Two that write to one place have different names.
    pub owner: String,
    /// A folder on this machine for drafts that are uploaded when they are finished.
    pub staging: PathBuf,
    /// Where to wait for the network.
    pub runtime: Handle,
    /// How long one request may take, tries and all.
    pub timeout: Duration,
}

impl Depot {
    /// Opens a place: a path, `file:///…`, `s3://bucket/…`, `az://container/…` or another URL that object_store knows.
    /// Credentials come from the environment (`AWS_…`, `AZURE_…`). Drafts that killed runs left are removed.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::Io`] when the folder cannot be used.
    pub fn open(url: &str, options: &DepotOptions) -> Result<Self> {
        let kind = match local(url)? {
            Ok(root) => Kind::Folder(Folder::open(root, &options.owner)?),
            Err(parsed) => Kind::Remote(Remote::open(&parsed, options)?),
        };
        Ok(Self { url: url.trim_end_matches('/').to_owned(), kind })
    }

    /// The place, as it was named.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Begins a file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn draft(&self) -> Result<Draft> {
        match &self.kind {
            Kind::Folder(folder) => folder.drafts().begin(),
            Kind::Remote(remote) => remote.drafts().begin(),
        }
    }

    /// Makes a file durable and visible under a key, in place of an older one.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Depot`]; then nothing is to be seen of it.
    pub fn publish(&self, draft: Draft, key: &str) -> Result<()> {
        match &self.kind {
            Kind::Folder(folder) => folder.publish(draft, key),
            Kind::Remote(remote) => remote.publish(draft, key),
        }
    }

    /// Whether there is a file under a key.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Depot`].
    pub fn has(&self, key: &str) -> Result<bool> {
        match &self.kind {
            Kind::Folder(folder) => folder.has(key),
            Kind::Remote(remote) => remote.has(key),
        }
    }

    /// A small file of our own, if it is there.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Depot`]; [`Error::TooLarge`] when it cannot be ours.
    pub fn read(&self, key: &str, max_bytes: usize) -> Result<Option<Vec<u8>>> {
        let found = match &self.kind {
            Kind::Folder(folder) => folder.read(key, max_bytes),
            Kind::Remote(remote) => remote.read(key, max_bytes),
        }?;
        match found {
            Some(bytes) if bytes.len() > max_bytes => {
                Err(Error::TooLarge { what: "a file of notes in the lake", bytes: bytes.len(), limit: max_bytes })
            }
            found => Ok(found),
        }
    }

    /// Writes a small file at once.
    ///
    /// # Errors
    /// As [`Depot::publish`].
    pub fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let mut draft = self.draft()?;
        draft.put(bytes)?;
        self.publish(draft, key)
    }

    /// The place of a key, for messages.
    pub fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.url)
    }
}

/// The folder that a text names, or the URL.
fn local(url: &str) -> Result<std::result::Result<PathBuf, Url>> {
    let bad = |why: String| Error::BadUrl { url: url.to_owned(), why };
    let parsed = match Url::parse(url) {
        // On Windows a path begins like a URL whose scheme is one letter.
        Ok(parsed) if parsed.scheme().len() > 1 => parsed,
        _ if url.is_empty() => return Err(bad("it is empty".into())),
        _ => return Ok(Ok(Path::new(url).to_path_buf())),
    };
    if parsed.scheme() == "file" {
        return parsed.to_file_path().map(Ok).map_err(|()| bad("it names no folder of this machine".into()));
    }
    object_store::ObjectStoreScheme::parse(&parsed).map_err(|error| bad(error.to_string()))?;
    Ok(Err(parsed))
}

/// Checks that a text names a place, without going there.
///
/// # Errors
/// [`Error::BadUrl`].
pub fn check_url(url: &str) -> Result<()> {
    local(url).map(drop)
}
