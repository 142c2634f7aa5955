//! The store: a document for every plate, durable in one redb file, with queries and a change feed.
//!
//! Documents are upserted by event id. Writing the same event again changes nothing, not even the feed, and what was
//! exported or answered by a person is not undone by a later reading. A `LicensePlate.Reviewed` event resolves its manual
//! check and becomes a `Processed` document of its own, to be exported with the rest.

mod config;
mod document;
mod export;
mod feed;
mod http;
mod plate;
mod query;
mod sink;
mod tables;
mod upsert;

use std::path::{Path, PathBuf};

use event_listener::{Event as Signal, EventListener};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};
use uuid::Uuid;

pub use config::StoreConfig;
pub use document::{Band, Document, DocumentKind};
pub use export::{Export, ExportRow};
pub use feed::{Change, Changes, Processor, Start, Token};
pub use http::{Clock, routes};
pub use query::{Found, PlateFilter, Query};
pub use sink::StoreSink;

use crate::database::{self, Done, Failure};
use crate::error::{Error, Result};
use crate::published::{Cursor, Published};
use tables::{CROPS, CURSOR, Tables, View};
use upsert::Outcome;

/// The store's usual file name.
pub const FILE: &str = "store.redb";

/// The store, open. Its methods may be called from several threads at once; they wait for the disk.
pub struct Store {
    database: Database,
    path: PathBuf,
    changed: Signal,
}

impl Store {
    /// Opens the store at `path`, making it if there is none. It keeps at most `cache_bytes` of the file in memory.
    ///
    /// # Errors
    /// [`Error::Store`] when the file is damaged, no store, or open elsewhere; [`Error::Io`].
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self> {
        let opened = database::open(path, cache_bytes, |transaction| Tables::open(transaction).map(drop));
        let database = opened.map_err(|failure| error("open", path, failure))?;
        Ok(Self { database, path: path.to_path_buf(), changed: Signal::new() })
    }

    /// Brings events in, in one transaction with how far the results hub was followed. Returns how many changed
    /// something.
    ///
    /// # Errors
    /// [`Error::Store`]; then nothing was changed.
    pub fn apply(&self, items: &[Published]) -> Result<u64> {
        if items.is_empty() {
            return Ok(0);
        }
        self.change("write to", |tables| {
            let mut changed = 0;
            for item in items {
                changed += u64::from(tables.apply(item)? == Outcome::Changed);
                tables.cursor.insert(item.place.partition, item.place.offset + 1)?;
            }
            Ok(changed)
        })
    }

    /// How far the results hub was followed.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn cursor(&self) -> Result<Cursor> {
        self.look("read the cursor of", |transaction| {
            let table = transaction.open_table(CURSOR)?;
            let entry = |entry: Result<(redb::AccessGuard<'_, u32>, redb::AccessGuard<'_, u64>), _>| {
                let (partition, offset) = entry?;
                Ok((partition.value(), offset.value()))
            };
            table.iter()?.map(entry).collect()
        })
    }

    /// The document of an event.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn document(&self, id: Uuid) -> Result<Option<Document>> {
        self.look("look into", |transaction| {
            let view = View::open(transaction)?;
            let number = view.number(id.as_u128())?;
            number.map(|number| tables::document(&view.documents, number)).transpose()
        })
    }

    /// The picture of the plate (JPEG), where one is kept: with manual checks.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn crop(&self, id: Uuid) -> Result<Option<Vec<u8>>> {
        self.look("look for a picture in", |transaction| {
            let Some(number) = View::open(transaction)?.number(id.as_u128())? else { return Ok(None) };
            Ok(transaction.open_table(CROPS)?.get(number)?.map(|crop| crop.value().to_vec()))
        })
    }

    /// Told of the next change. Listen first, then look at the feed, then wait.
    #[must_use]
    pub fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    fn change<T>(&self, action: &'static str, run: impl FnOnce(&mut Tables<'_>) -> Done<T>) -> Result<T> {
        let attempt = || {
            let transaction = self.database.begin_write()?;
            let done = run(&mut Tables::open(&transaction)?)?;
            transaction.commit()?;
            Ok(done)
        };
        let done = attempt().map_err(|failure| error(action, &self.path, failure));
        self.changed.notify(usize::MAX);
        done
    }

    fn look<T>(&self, action: &'static str, run: impl FnOnce(&ReadTransaction) -> Done<T>) -> Result<T> {
        let attempt = || run(&self.database.begin_read()?);
        attempt().map_err(|failure| error(action, &self.path, failure))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

fn error(action: &'static str, path: &Path, failure: Failure) -> Error {
    match failure {
        Failure::Database(source) => Error::Store { action, path: path.to_path_buf(), source },
        Failure::Ours(error) => error,
    }
}

/// Checks a name that others choose.
fn check_name(what: &'static str, name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let good = (1..=64).contains(&name.len())
        && name.chars().all(fits)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(Error::BadName { what, name: name.chars().take(64).collect() }) }
}
