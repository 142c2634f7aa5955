//! The data folder: all hubs, the groups' checkpoints, and the claim that one process has on them.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::commit::Committer;
use super::disk::{failed, sync_folder};
use super::groups::{Checkpoint, Groups};
use super::hub::{Hub, HubConfig};
use super::notes::Noted;
use super::partition::TornTail;
use super::repair::{Lost, repair};
use crate::{Error, Result};

/// Prefixes of folders that are on their way in or out; what a crash left of them is removed at the next start.
const BEGUN: &str = ".new-";
const ENDED: &str = ".deleted-";

/// What a store may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// Bytes that may be written ahead of the disk, in all hubs that wait for it; then appending waits. Who was
    /// admitted without a thread ([`Store::admitted`]) is let pass, up to twice as many.
    pub max_unsynced_bytes: u64,
    /// Threads that sync for those who do not wait with a thread of their own; each syncs one partition at a time.
    pub commit_threads: usize,
    /// Bytes at the end of each partition that stay in the system's memory for readers; what lies before is read from
    /// the disk. At most this is lost to other programs, and writing does not slow down when memory fills.
    pub cached_tail_bytes: u64,
    /// How often it is noted how far each partition is durable, which is also done at the end. After a loss of power,
    /// damage behind the note is the torn end of a partition, and damage before it an error. `None`: only at the start,
    /// and when [`Store::note_durable`] is called.
    pub notes_every: Option<Duration>,
}

impl Default for StoreOptions {
    /// 64 MiB, 4 threads, 16 MiB, every second.
    fn default() -> Self {
        Self {
            max_unsynced_bytes: 64 << 20,
            commit_threads: 4,
            cached_tail_bytes: 16 << 20,
            notes_every: Some(Duration::from_secs(1)),
        }
    }
}

/// An open data folder. The folder is claimed until the store and every hub and partition taken from it are dropped.
pub struct Store {
    folder: PathBuf,
    committer: Arc<Committer>,
    hubs: RwLock<BTreeMap<String, Arc<Hub>>>,
    groups: Groups,
}

impl Store {
    /// Opens a data folder, or makes one. The second value is what had to be cut off after a crash, one line for each
    /// partition.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it; [`Error::CorruptLog`] when records are damaged that are not the
    /// very end of a partition; a disk that refuses.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<(Self, Vec<TornTail>)> {
        let hubs_folder = folder.join("hubs");
        fs::create_dir_all(&hubs_folder).map_err(failed("create the data folder", folder))?;
        let claim = claim(folder)?;
        let committer = Committer::start(options, claim);
        let committer = Arc::new(committer.map_err(failed("start the commit threads of", folder))?);
        let (mut hubs, mut torn) = (BTreeMap::new(), Vec::new());
        for entry in fs::read_dir(&hubs_folder).map_err(failed("list", &hubs_folder))? {
            let path = entry.map_err(failed("list", &hubs_folder))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.starts_with(BEGUN) || name.starts_with(ENDED) {
                fs::remove_dir_all(&path).map_err(failed("remove", &path))?;
            } else if check_name(name).is_ok() {
                hubs.insert(name.to_owned(), Arc::new(Hub::open(name, &path, &committer, &mut torn)?));
            }
        }
        let groups = Groups::open(folder.join("groups"))?;
        Ok((Self { folder: folder.to_path_buf(), committer, hubs: RwLock::new(hubs), groups }, torn))
    }

    /// Makes a data folder readable again that [`Store::open`] refused for damaged records: gives up what is damaged
    /// and what lies behind it in the same segment, and says what that is. The offsets stay taken; a copy of each
    /// damaged segment stays beside it. Undamaged folders are left as they are.
    ///
    /// # Errors
    /// [`Error::Locked`] when the folder is in use; a disk that refuses.
    pub fn repair(folder: &Path) -> Result<Vec<Lost>> {
        let _claim = claim(folder)?;
        let hubs = folder.join("hubs");
        let mut lost = Vec::new();
        for hub in folders(&hubs)? {
            let noted = Noted::read(&hub)?;
            for partition in folders(&hub)? {
                let number = partition.file_name().and_then(|name| name.to_str()?.parse().ok());
                lost.extend(repair(&partition, number.and_then(|number| noted.of(number)))?);
            }
        }
        Ok(lost)
    }

    /// Makes a hub.
    ///
    /// # Errors
    /// A name that is taken or cannot be one, a configuration that cannot be.
    pub fn create_hub(&self, name: &str, config: &HubConfig) -> Result<Arc<Hub>> {
        check_name(name)?;
        let mut hubs = self.hubs.write().unwrap_or_else(PoisonError::into_inner);
        if hubs.contains_key(name) {
            return Err(Error::HubExists { hub: name.into() });
        }
        let begun = self.hub_folder(&format!("{BEGUN}{name}"));
        let folder = self.hub_folder(name);
        Hub::create(&begun, config)?;
        fs::rename(&begun, &folder).map_err(failed("create the hub", &folder))?;
        self.sync_names()?;
        let hub = Arc::new(Hub::open(name, &folder, &self.committer, &mut Vec::new())?);
        hubs.insert(name.to_owned(), Arc::clone(&hub));
        Ok(hub)
    }

    /// Removes a hub, its records, and how far the groups had come in it. Who still holds a partition of it may read on, and writes into nowhere.
    ///
    /// # Errors
    /// [`Error::NoHub`]; a disk that refuses.
    pub fn delete_hub(&self, name: &str) -> Result<()> {
        let mut hubs = self.hubs.write().unwrap_or_else(PoisonError::into_inner);
        if !hubs.contains_key(name) {
            return Err(Error::NoHub { hub: name.into() });
        }
        let ended = self.hub_folder(&format!("{ENDED}{name}"));
        fs::rename(self.hub_folder(name), &ended).map_err(failed("remove the hub", &ended))?;
        if let Some(hub) = hubs.remove(name) {
            hub.end_notes();
        }
        self.sync_names()?;
        self.groups.forget_hub(name)?;
        fs::remove_dir_all(&ended).map_err(failed("remove the hub", &ended))
    }

    /// A hub by its name.
    ///
    /// # Errors
    /// [`Error::NoHub`].
    pub fn hub(&self, name: &str) -> Result<Arc<Hub>> {
        let hubs = self.hubs.read().unwrap_or_else(PoisonError::into_inner);
        hubs.get(name).map(Arc::clone).ok_or_else(|| Error::NoHub { hub: name.into() })
    }

    /// All hubs, by name.
    #[must_use]
    pub fn hubs(&self) -> Vec<Arc<Hub>> {
        self.hubs.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect()
    }

    /// Stores how far a group has come; durable when it returns. Partitions that are not named stay as they are.
    ///
    /// # Errors
    /// A name or metadata beyond its bound; a disk that refuses.
    pub fn commit_checkpoints(&self, group: &str, checkpoints: &[Checkpoint]) -> Result<()> {
        self.groups.commit(group, checkpoints)
    }

    /// [`Store::commit_checkpoints`], but only where the group's checkpoints are still those that were `seen`; says
    /// whether they were. So a move that somebody else makes meanwhile is not undone.
    ///
    /// # Errors
    /// As there.
    pub fn commit_checkpoints_over(
        &self,
        group: &str,
        seen: &[Checkpoint],
        checkpoints: &[Checkpoint],
    ) -> Result<bool> {
        self.groups.commit_over(group, seen, checkpoints)
    }

    /// How far a group has come; nothing for a group that never committed.
    #[must_use]
    pub fn checkpoints(&self, group: &str) -> Vec<Checkpoint> {
        self.groups.checkpoints(group)
    }

    /// The names of all groups that ever committed.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.groups.names()
    }

    /// Forgets a group.
    ///
    /// # Errors
    /// A disk that refuses.
    pub fn delete_group(&self, group: &str) -> Result<()> {
        self.groups.delete(group)
    }

    /// Waits, without a thread, until an append need not wait for the disk to catch up.
    ///
    /// # Errors
    /// [`Error::CommitFailed`] when the disk refused; from then on the store takes no more writes.
    pub async fn admitted(&self) -> Result<()> {
        self.committer.admitted().await
    }

    /// Notes how far every partition is durable: see [`StoreOptions::notes_every`].
    ///
    /// # Errors
    /// A disk that refuses.
    pub fn note_durable(&self) -> Result<()> {
        self.hubs().iter().try_for_each(|hub| hub.note_durable())
    }

    /// Bytes written ahead of the disk and not yet durable.
    #[must_use]
    pub fn unsynced_bytes(&self) -> u64 {
        self.committer.unsynced_bytes()
    }

    fn hub_folder(&self, name: &str) -> PathBuf {
        self.folder.join("hubs").join(name)
    }

    fn sync_names(&self) -> Result<()> {
        let folder = self.folder.join("hubs");
        sync_folder(&folder).map_err(failed("make durable the names in", &folder))
    }
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<PathBuf> = entries.map_err(failed("list", folder))?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

/// Claims a folder for this process; the system gives it free however the process ends.
fn claim(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { folder: folder.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

/// Kafka's rule for the names of topics.
fn check_name(name: &str) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.bytes().all(legal) {
        return Err(Error::BadHub {
            detail: format!("{name:?} cannot be a name: use 1 to 200 of a-z A-Z 0-9 . _ - without a dot in front"),
        });
    }
    Ok(())
}
