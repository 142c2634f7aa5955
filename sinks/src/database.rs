//! What the redb files of this crate have in common: how they are made, opened, and what can go wrong within.

use std::path::Path;

use redb::{Builder, Database, WriteTransaction};

use crate::atomic::{remove_stale, sync_parent, temporary_for};
use crate::error::{Error, Result};

/// Failure inside a transaction.
pub(crate) enum Failure {
    /// Of the database.
    Database(Box<redb::Error>),
    /// Of what was asked.
    Ours(Error),
}

/// Result inside a transaction.
pub(crate) type Done<T> = Result<T, Failure>;

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

/// For `map_err` on JSON inside a transaction.
pub(crate) fn json_failure(action: &'static str) -> impl FnOnce(serde_json::Error) -> Failure {
    move |source| Failure::Ours(Error::json(action)(source))
}

/// Opens the database at `path`; where there is none, makes one whose tables `init` opens.
pub(crate) fn open(
    path: &Path,
    cache_bytes: usize,
    init: impl FnOnce(&WriteTransaction) -> Done<()>,
) -> Done<Database> {
    remove_stale(path).map_err(Failure::Ours)?;
    let missing = !path.try_exists().map_err(Error::io("look for", path)).map_err(Failure::Ours)?;
    if missing {
        make(path, init)?;
    }
    Ok(Builder::new().set_cache_size(cache_bytes).open(path)?)
}

/// Makes an empty database beside its place and renames it: a kill leaves no half-made one that nobody can open.
fn make(path: &Path, init: impl FnOnce(&WriteTransaction) -> Done<()>) -> Done<()> {
    let temporary = temporary_for(path);
    let database = Database::create(&temporary)?;
    let transaction = database.begin_write()?;
    init(&transaction)?;
    transaction.commit()?;
    database.close()?;
    std::fs::rename(&temporary, path).map_err(Error::io("rename a new database to", path)).map_err(Failure::Ours)?;
    sync_parent(path).map_err(Failure::Ours)
}
