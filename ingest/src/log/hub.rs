//! A hub: a named set of 1 to 32 partitions with one configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use event_listener::{Event, EventListener};
use serde::{Deserialize, Serialize};

use super::commit::Committer;
use super::disk::{failed, replace};
use super::notes::{Noted, Notes};
use super::partition::{Partition, TornTail};
use crate::{Error, Result};

/// As many partitions as a hub may have.
pub const MAX_PARTITIONS: u32 = 32;

/// When an append is acknowledged, and its records are shown to readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// After `fdatasync`: it survives a loss of power.
    #[default]
    Commit,
    /// When the operating system has it: it survives the end of the process.
    Os,
}

/// What a hub is told at its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Partitions, 1 to [`MAX_PARTITIONS`].
    pub partitions: u32,
    /// When an append is acknowledged.
    pub durability: Durability,
    /// Bytes of a segment, at most 1 GiB.
    pub segment_bytes: u64,
    /// Bytes of a batch, at most a segment.
    pub max_batch_bytes: usize,
    /// How long records stay at least.
    pub retention_ms: i64,
    /// How many bytes of a partition stay at least; beyond them the oldest segments go.
    pub retention_bytes: u64,
}

impl Default for HubConfig {
    /// 4 partitions, durable, segments of 128 MiB, batches of 1 MiB, a day, 16 GiB a partition.
    fn default() -> Self {
        Self {
            partitions: 4,
            durability: Durability::Commit,
            segment_bytes: 128 << 20,
            max_batch_bytes: 1 << 20,
            retention_ms: 24 * 60 * 60 * 1000,
            retention_bytes: 16 << 30,
        }
    }
}

impl HubConfig {
    fn check(&self) -> Result<()> {
        let refuse = |detail: &str| Err(Error::BadHub { detail: detail.into() });
        if !(1..=MAX_PARTITIONS).contains(&self.partitions) {
            return refuse("partitions must be 1 to 32");
        }
        if !(4096..=1 << 30).contains(&self.segment_bytes) {
            return refuse("segment_bytes must be 4096 to 1073741824");
        }
        if self.max_batch_bytes == 0 || self.max_batch_bytes as u64 > self.segment_bytes {
            return refuse("max_batch_bytes must be 1 to segment_bytes");
        }
        if self.retention_ms < 0 {
            return refuse("retention_ms must not be negative");
        }
        Ok(())
    }
}

/// A named set of partitions.
pub struct Hub {
    name: String,
    folder: PathBuf,
    config: HubConfig,
    committer: Arc<Committer>,
    grown: Arc<Event>,
    notes: Arc<Notes>,
    partitions: RwLock<Vec<Arc<Partition>>>,
}

impl Hub {
    /// Writes what makes a folder a hub.
    pub(super) fn create(folder: &Path, config: &HubConfig) -> Result<()> {
        config.check()?;
        fs::create_dir_all(folder).map_err(failed("create the hub", folder))?;
        store(folder, config)
    }

    /// Opens a hub and all its partitions; torn ends that were cut off are added to `torn`.
    pub(super) fn open(
        name: &str,
        folder: &Path,
        committer: &Arc<Committer>,
        torn: &mut Vec<TornTail>,
    ) -> Result<Self> {
        let settings = folder.join("hub.toml");
        let text = fs::read_to_string(&settings).map_err(failed("read the hub's settings", &settings))?;
        let config: HubConfig =
            toml::from_str(&text).map_err(|source| Error::Settings { path: settings, source: Box::new(source) })?;
        config.check()?;
        let (mut partitions, grown) = (Vec::new(), Arc::new(Event::new()));
        let (noted, notes) = (Noted::read(folder)?, Arc::new(Notes::open(folder)?));
        for number in 0..config.partitions {
            let (folder, durable) = (folder.join(number.to_string()), noted.of(number));
            let (partition, tail) =
                Partition::open(&folder, config, Arc::clone(committer), Arc::clone(&grown), durable)?;
            notes.follow(partition.lane(), durable);
            partitions.push(Arc::new(partition));
            torn.extend(tail);
        }
        notes.take()?;
        committer.note(&notes);
        let (name, folder, committer) = (name.to_owned(), folder.to_path_buf(), Arc::clone(committer));
        Ok(Self { name, folder, config, committer, grown, notes, partitions: RwLock::new(partitions) })
    }

    pub(super) fn note_durable(&self) -> Result<()> {
        self.notes.take()
    }

    /// Notes nothing more about a hub that is removed.
    pub(super) fn end_notes(&self) {
        self.committer.forget(&self.notes);
    }

    /// The hub's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the hub was told, with the number of its partitions as it is now.
    #[must_use]
    pub fn config(&self) -> HubConfig {
        let partitions = self.partitions.read().unwrap_or_else(PoisonError::into_inner).len() as u32;
        HubConfig { partitions, ..self.config }
    }

    /// Is told when readers can see more records in any of the partitions; a future, and to be waited for with a
    /// thread too. To miss nothing: listen first, then look, then wait.
    #[must_use]
    pub fn listen(&self) -> EventListener {
        self.grown.listen()
    }

    /// One partition, by its number from 0.
    ///
    /// # Errors
    /// [`Error::NoPartition`].
    pub fn partition(&self, number: u32) -> Result<Arc<Partition>> {
        let partitions = self.partitions.read().unwrap_or_else(PoisonError::into_inner);
        let found = partitions.get(number as usize).map(Arc::clone);
        found.ok_or_else(|| Error::NoPartition {
            hub: self.name.clone(),
            partition: number,
            count: partitions.len() as u32,
        })
    }

    /// Adds partitions until there are `count`; there are never fewer than before.
    ///
    /// # Errors
    /// When that is not more than there are, or more than a hub may have.
    pub fn grow(&self, count: u32) -> Result<()> {
        let mut partitions = self.partitions.write().unwrap_or_else(PoisonError::into_inner);
        let grown = HubConfig { partitions: count, ..self.config };
        grown.check()?;
        let now = partitions.len() as u32;
        if count <= now {
            return Err(Error::BadHub { detail: format!("the hub has {now} partitions and can only get more") });
        }
        let open = |number: u32| {
            let (folder, committer) = (self.folder.join(number.to_string()), Arc::clone(&self.committer));
            Partition::open(&folder, grown, committer, Arc::clone(&self.grown), None)
        };
        let added = (now..count).map(|number| Ok(Arc::new(open(number)?.0))).collect::<Result<Vec<_>>>()?;
        store(&self.folder, &grown)?;
        added.iter().for_each(|partition| self.notes.follow(partition.lane(), None));
        partitions.extend(added);
        self.notes.take()
    }
}

fn store(folder: &Path, config: &HubConfig) -> Result<()> {
    let path = folder.join("hub.toml");
    let text = toml::to_string(config).map_err(|source| Error::BadHub { detail: source.to_string() })?;
    replace(&path, text.as_bytes()).map_err(failed("write the hub's settings", &path))
}
