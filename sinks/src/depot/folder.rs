//! A local folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::OWN_FOLDER;
use super::draft::{Draft, Drafts};
use crate::atomic::sync_dir;
use crate::error::{Error, Result};
use crate::failpoint;

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    drafts: Drafts,
}

impl Folder {
    pub(super) fn open(root: PathBuf, owner: &str) -> Result<Self> {
        // On the same file system as where they go, so that a rename is all it takes.
        let drafts = Drafts::open(root.join(OWN_FOLDER).join("drafts").join(owner))?;
        Ok(Self { root, drafts })
    }

    pub(super) fn drafts(&self) -> &Drafts {
        &self.drafts
    }

    pub(super) fn publish(&self, mut draft: Draft, key: &str) -> Result<()> {
        let path = self.root.join(key);
        draft.close()?;
        failpoint::reach("depot.staged");
        let dir = path.parent().unwrap_or(&self.root);
        make_durably(dir, &self.root)?;
        fs::rename(draft.path(), &path).map_err(Error::io("rename a finished file to", &path))?;
        sync_dir(dir)
    }

    pub(super) fn has(&self, key: &str) -> Result<bool> {
        let path = self.root.join(key);
        path.try_exists().map_err(Error::io("look for", &path))
    }

    pub(super) fn read(&self, key: &str, max_bytes: usize) -> Result<Option<Vec<u8>>> {
        let path = self.root.join(key);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Error::io("open", &path))?,
        };
        let mut bytes = Vec::new();
        file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        Ok(Some(bytes))
    }
}

/// Makes a folder below another; the names of those that are new are durable.
fn make_durably(dir: &Path, root: &Path) -> Result<()> {
    let mut missing = Vec::new();
    let mut at = dir;
    while at != root && !at.is_dir() {
        missing.push(at);
        at = at.parent().unwrap_or(root);
    }
    for new in missing.into_iter().rev() {
        match fs::create_dir(new) {
            // Another sink of this process was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(Error::io("create the folder", new))?,
        }
        sync_dir(new.parent().unwrap_or(root))?;
    }
    Ok(())
}
