//! Checkpoints of consumer groups: how far each group has come in each partition. Durable when `commit` returns.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::disk::{failed, replace, sync_folder};
use crate::{Error, Result};

/// Groups of a store, at most.
const MAX_GROUPS: usize = 10_000;
/// Bytes of a group's name: it becomes a file's name, in which a byte may take three.
const MAX_NAME_BYTES: usize = 80;
/// Bytes of a checkpoint's metadata (Kafka's `offset.metadata.max.bytes`).
const MAX_METADATA_BYTES: usize = 4096;

/// How far a group has come in one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The hub.
    pub hub: String,
    /// The partition's number.
    pub partition: u32,
    /// The offset to go on from: behind the last record that is done with.
    pub offset: u64,
    /// What the consumer wants to find beside it.
    #[serde(default)]
    pub metadata: String,
}

#[derive(Default, Serialize, Deserialize)]
struct GroupFile {
    #[serde(default)]
    checkpoint: Vec<Checkpoint>,
}

type Group = BTreeMap<(String, u32), Checkpoint>;

/// All groups of a store, in memory and in one file each.
pub(super) struct Groups {
    folder: PathBuf,
    by_name: Mutex<BTreeMap<String, Group>>,
}

impl Groups {
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(failed("create", &folder))?;
        let mut by_name = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(failed("list", &folder))? {
            let path = entry.map_err(failed("list", &folder))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let name = stem.and_then(|stem| percent_decode_str(stem).decode_utf8().ok());
            let (Some(name), true) = (name, path.extension().is_some_and(|extension| extension == "toml")) else {
                continue;
            };
            let text = fs::read_to_string(&path).map_err(failed("read the group's checkpoints", &path))?;
            let file: GroupFile = toml::from_str(&text)
                .map_err(|source| Error::Settings { path: path.clone(), source: Box::new(source) })?;
            let group = file.checkpoint.into_iter().map(|one| ((one.hub.clone(), one.partition), one)).collect();
            by_name.insert(name.into_owned(), group);
        }
        Ok(Self { folder, by_name: Mutex::new(by_name) })
    }

    pub(super) fn commit(&self, name: &str, checkpoints: &[Checkpoint]) -> Result<()> {
        self.check(name, checkpoints)?;
        self.put(&mut self.by_name.lock().unwrap_or_else(PoisonError::into_inner), name, checkpoints)
    }

    /// [`Groups::commit`], but only where the group is still as it was seen; says whether it was.
    pub(super) fn commit_over(&self, name: &str, seen: &[Checkpoint], checkpoints: &[Checkpoint]) -> Result<bool> {
        self.check(name, checkpoints)?;
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if !by_name.get(name).map_or(seen.is_empty(), |group| group.values().eq(seen)) {
            return Ok(false);
        }
        self.put(&mut by_name, name, checkpoints).map(|()| true)
    }

    fn put(&self, by_name: &mut BTreeMap<String, Group>, name: &str, checkpoints: &[Checkpoint]) -> Result<()> {
        if !by_name.contains_key(name) && by_name.len() >= MAX_GROUPS {
            return Err(Error::BadGroup { detail: format!("there are {MAX_GROUPS} groups already; delete some") });
        }
        let mut group = by_name.get(name).cloned().unwrap_or_default();
        group.extend(checkpoints.iter().map(|one| ((one.hub.clone(), one.partition), one.clone())));
        self.store(name, &group)?;
        by_name.insert(name.to_owned(), group);
        Ok(())
    }

    /// Forgets how far all groups have come in a hub: a later one of its name begins anew.
    pub(super) fn forget_hub(&self, hub: &str) -> Result<()> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, group) in by_name.iter_mut().filter(|(_, group)| group.keys().any(|key| key.0 == hub)) {
            group.retain(|key, _| key.0 != hub);
            self.store(name, group)?;
        }
        Ok(())
    }

    fn store(&self, name: &str, group: &Group) -> Result<()> {
        let file = GroupFile { checkpoint: group.values().cloned().collect() };
        let text = toml::to_string(&file).map_err(|source| Error::BadGroup { detail: source.to_string() })?;
        let path = self.path(name);
        replace(&path, text.as_bytes()).map_err(failed("write the group's checkpoints", &path))
    }

    pub(super) fn checkpoints(&self, name: &str) -> Vec<Checkpoint> {
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.get(name).map(|group| group.values().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn delete(&self, name: &str) -> Result<()> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if by_name.remove(name).is_some() {
            let path = self.path(name);
            fs::remove_file(&path).map_err(failed("remove", &path))?;
            sync_folder(&self.folder).map_err(failed("make durable the names in", &self.folder))?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.toml", utf8_percent_encode(name, NON_ALPHANUMERIC)))
    }

    fn check(&self, name: &str, checkpoints: &[Checkpoint]) -> Result<()> {
        let refuse = |detail: String| Err(Error::BadGroup { detail });
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return refuse(format!("a group's name has 1 to {MAX_NAME_BYTES} bytes"));
        }
        if checkpoints.iter().any(|one| one.metadata.len() > MAX_METADATA_BYTES) {
            return refuse(format!("a checkpoint's metadata has at most {MAX_METADATA_BYTES} bytes"));
        }
        if checkpoints.iter().any(|one| i64::try_from(one.offset).is_err()) {
            return refuse("an offset has 63 bits".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_was_moved_meanwhile_is_not_committed_over() {
        let folder = tempfile::tempdir().unwrap();
        let groups = Groups::open(folder.path().into()).unwrap();
        let at = |offset| [Checkpoint { hub: "results".into(), partition: 0, offset, metadata: String::new() }];
        assert!(groups.commit_over("g", &[], &at(5)).unwrap());
        groups.commit("g", &at(1)).unwrap();
        assert!(!groups.commit_over("g", &at(5), &at(9)).unwrap());
        assert_eq!(groups.checkpoints("g"), at(1));
        assert!(groups.commit_over("g", &at(1), &at(9)).unwrap());
        assert_eq!(groups.checkpoints("g"), at(9));
    }
}
