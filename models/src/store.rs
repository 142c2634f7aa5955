//! The cache folder: files that are there and right, or are fetched once, whoever asks first.

use crate::fetch::{self, Progress};
use crate::manifest::Artefact;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A folder of verified artefacts.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    mirror: Option<PathBuf>,
}

impl Store {
    /// The folder named by `TOLLGATE_CACHE` (default: `tollgate` in the user's cache folder) and the mirror named by
    /// `TOLLGATE_MODEL_MIRROR`.
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let dir = set("TOLLGATE_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("tollgate")))
            .or_else(|| set("HOME").map(|d| d.join(".cache/tollgate")))
            .unwrap_or_else(|| std::env::temp_dir().join("tollgate-cache"));
        Self::new(dir, set("TOLLGATE_MODEL_MIRROR"))
    }

    /// A store in `dir`, with a folder that is asked before any other source.
    pub fn new(dir: impl Into<PathBuf>, mirror: Option<PathBuf>) -> Self {
        Self { dir: dir.into(), mirror }
    }

    /// The cache folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where an artefact lies once it is there.
    pub fn path(&self, artefact: &Artefact) -> PathBuf {
        self.dir.join(&artefact.file)
    }

    /// The artefact's file if it is there; an error if its bytes are not the right ones.
    pub fn find(&self, artefact: &Artefact) -> Result<Option<PathBuf>> {
        let path = self.path(artefact);
        if !path.exists() {
            return Ok(None);
        }
        let found = sha256_of(&path)?;
        if found == artefact.sha256 {
            return Ok(Some(path));
        }
        Err(Error::WrongHash { path, expected: artefact.sha256.clone(), found })
    }

    /// The artefact's file, fetched if need be. Processes that start at once wait for the first to finish.
    pub fn ensure(&self, artefact: &Artefact, progress: &dyn Progress) -> Result<PathBuf> {
        if let Some(path) = self.find(artefact)? {
            return Ok(path);
        }
        fs::create_dir_all(&self.dir).map_err(|e| self.io("create", &self.dir, e))?;
        let lock_path = self.dir.join(format!(".{}.lock", artefact.file));
        let lock = File::create(&lock_path).map_err(|e| self.io("create", &lock_path, e))?;
        lock.lock().map_err(|e| self.io("lock", &lock_path, e))?;
        // Another process may have fetched it while this one waited for the lock.
        if let Some(path) = self.find(artefact)? {
            return Ok(path);
        }
        self.fetch(artefact, progress)
    }

    fn fetch(&self, artefact: &Artefact, progress: &dyn Progress) -> Result<PathBuf> {
        let scratch = self.dir.join(format!(".{}.part", artefact.file));
        let mut tried = Vec::new();
        for source in fetch::sources(artefact, self.mirror.as_deref()) {
            // Not even written over: what a killed transfer left may be read-only, as a mirror's file may be.
            self.remove(&scratch)?;
            progress.start(&artefact.file, &source.to_string());
            let outcome = source.fetch(&scratch, progress);
            progress.end();
            match outcome {
                Ok(()) => return self.keep(artefact, &scratch, &source.to_string()),
                Err(Error::SourceFailed { origin, reason }) => tried.push(format!("{origin}: {reason}")),
                Err(other) => return Err(other),
            }
        }
        self.remove(&scratch)?;
        Err(Error::OutOfReach {
            file: artefact.file.clone(),
            sha256: artefact.sha256.clone(),
            cache: self.dir.clone(),
            tried: tried.join("; "),
        })
    }

    /// Verifies what arrived and makes it appear under its name at once.
    fn keep(&self, artefact: &Artefact, scratch: &Path, origin: &str) -> Result<PathBuf> {
        let found = sha256_of(scratch)?;
        if found != artefact.sha256 {
            self.remove(scratch)?;
            return Err(Error::WrongDelivery {
                file: artefact.file.clone(),
                origin: origin.into(),
                expected: artefact.sha256.clone(),
                found,
            });
        }
        let path = self.path(artefact);
        File::open(scratch).and_then(|f| f.sync_all()).map_err(|e| self.io("sync", scratch, e))?;
        fs::rename(scratch, &path).map_err(|e| self.io("rename", scratch, e))?;
        Ok(path)
    }

    /// Removes a file that need not be there.
    fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.io("remove", path, e)),
            _ => Ok(()),
        }
    }

    fn io(&self, what: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Io { what, path: path.into(), source }
    }
}

/// SHA-256 of a file, lower-case hex.
pub fn sha256_of(path: &Path) -> Result<String> {
    let io = |source| Error::Io { what: "read", path: path.into(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        match file.read(&mut block).map_err(io)? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
