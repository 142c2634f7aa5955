//! A subscription's state: what was not delivered yet, and how far the hub was taken, in one file and one transaction.

mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{Builder, Database, ReadableDatabase, ReadableTableMetadata, WriteTransaction};

use super::pending::{Key, Pending, REQUEUED};
use crate::error::{Error, Result};
use crate::published::Cursor;
use tables::{CONSENT, CURSOR, DUE, Done, EVENTS, STATES, TOTALS, Tables, state};

/// Memory for pages; a subscription that delivers hardly needs any.
const CACHE_BYTES: usize = 4 << 20;

/// What one transaction settles.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    /// By partition: the first offset and the one behind the last that are settled by this.
    pub(super) taken: BTreeMap<u32, (u64, u64)>,
    /// Delivered, or among the dead letters.
    pub(super) done: Vec<Key>,
    /// Kept for another attempt, or for the dead letters.
    pub(super) kept: Vec<Pending>,
}

/// The state, open.
pub(super) struct Store {
    database: Database,
    path: PathBuf,
    events: AtomicU64,
    bytes: AtomicU64,
}

impl Store {
    /// Opens the file, making it if there is none.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let database = Builder::new().set_cache_size(CACHE_BYTES).create(path);
        let database = database.map_err(|error| refused("open", path, error.into()))?;
        let store = Self { database, path: path.into(), events: AtomicU64::new(0), bytes: AtomicU64::new(0) };
        store.change("open", |_| Ok(()))?;
        Ok(store)
    }

    /// Events that are kept, and the bytes of their JSON.
    pub(super) fn kept(&self) -> (u64, u64) {
        (self.events.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// From where the hub is to be read, given what the follower's checkpoints say.
    ///
    /// The checkpoint comes after the settlement, so that a kill between the two leaves it behind: between where the cursor
    /// was before the last settlement and the first offset of that settlement. Anywhere else below the cursor it was
    /// moved there by somebody who wants these events again.
    pub(super) fn resume(&self, mut committed: Cursor) -> Result<Cursor> {
        let known = self.look("read", |transaction| {
            let rows = transaction.open_table(CURSOR)?;
            let rows = redb::ReadableTable::iter(&rows)?.map(|row| row.map(|(at, row)| (at.value(), row.value())));
            Ok(rows.collect::<std::result::Result<Vec<_>, _>>()?)
        })?;
        for (partition, (before, from, next)) in known {
            let offset = committed.entry(partition).or_insert(next);
            if (before..=from).contains(offset) && *offset < next {
                *offset = next;
            }
        }
        Ok(committed)
    }

    /// Settles, all or nothing, durably.
    pub(super) fn settle(&self, settlement: &Settlement) -> Result<()> {
        let any_kept = self.kept().0 > 0;
        self.change("write", |tables| {
            for (&partition, &(from, next)) in &settlement.taken {
                tables.advance(partition, from, next)?;
            }
            // One that was taken before and is taken again may be kept from then.
            for &key in settlement.done.iter().filter(|_| any_kept) {
                tables.forget(key)?;
            }
            settlement.kept.iter().try_for_each(|pending| tables.keep(pending))
        })
    }

    /// Keeps an event that came back from the dead letters; its key is made here.
    pub(super) fn requeue(&self, mut pending: Pending) -> Result<()> {
        self.change("write", |tables| {
            pending.key = (REQUEUED, tables.number()?);
            tables.keep(&pending)
        })
    }

    /// What is due, the longest first; at most so many events and bytes, but one at least.
    pub(super) fn due(&self, now_ms: i64, most: usize, most_bytes: usize) -> Result<Vec<Pending>> {
        self.look("read", |transaction| {
            let (due, states, events) =
                (transaction.open_table(DUE)?, transaction.open_table(STATES)?, transaction.open_table(EVENTS)?);
            let (mut found, mut bytes) = (Vec::new(), 0);
            for row in due.range(..=(now_ms, u32::MAX, u64::MAX))?.take(most) {
                let (_, partition, offset) = row?.0.value();
                let key = (partition, offset);
                let (Some(row), Some(json)) = (states.get(key)?, events.get(key)?) else { continue };
                bytes += json.value().len();
                if bytes > most_bytes && !found.is_empty() {
                    break;
                }
                found.push(Pending { key, json: json.value().into(), state: state(row.value()) });
            }
            Ok(found)
        })
    }

    /// When the next event is due.
    pub(super) fn next_due(&self) -> Result<Option<i64>> {
        if self.kept().0 == 0 {
            return Ok(None);
        }
        self.look("read", |transaction| {
            let due = transaction.open_table(DUE)?;
            Ok(redb::ReadableTable::first(&due)?.map(|(at, _)| at.value().0))
        })
    }

    /// What the receiver consented to: the requests a minute that it allows, 0 for any number.
    pub(super) fn consent(&self, to: &str) -> Result<Option<u32>> {
        self.look("read", |transaction| {
            let consent = redb::ReadableTable::get(&transaction.open_table(CONSENT)?, ())?.map(|row| {
                let (what, rate) = row.value();
                (what == to).then_some(rate)
            });
            Ok(consent.flatten())
        })
    }

    /// Notes the receiver's consent.
    pub(super) fn set_consent(&self, to: &str, rate: u32) -> Result<()> {
        let write = || -> Done<()> {
            let transaction = self.database.begin_write()?;
            transaction.open_table(CONSENT)?.insert((), (to, rate))?;
            Ok(transaction.commit()?)
        };
        write().map_err(|error| refused("write", &self.path, error))
    }

    fn change(&self, action: &'static str, change: impl FnOnce(&mut Tables<'_>) -> Done<()>) -> Result<()> {
        let write = || -> Done<(u64, u64)> {
            let transaction = self.database.begin_write()?;
            change(&mut Tables::open(&transaction)?)?;
            let totals = totals(&transaction)?;
            transaction.commit()?;
            Ok(totals)
        };
        let (events, bytes) = write().map_err(|error| refused(action, &self.path, error))?;
        self.events.store(events, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn look<T>(&self, action: &'static str, look: impl FnOnce(&redb::ReadTransaction) -> Done<T>) -> Result<T> {
        let read = || look(&self.database.begin_read()?);
        read().map_err(|error| refused(action, &self.path, error))
    }
}

/// Events that are kept, and their bytes.
fn totals(transaction: &WriteTransaction) -> Done<(u64, u64)> {
    transaction.open_table(CONSENT)?;
    let bytes = redb::ReadableTable::get(&transaction.open_table(TOTALS)?, ())?.map_or(0, |row| row.value().0);
    Ok((transaction.open_table(STATES)?.len()?, bytes))
}

fn refused(action: &'static str, path: &Path, source: redb::Error) -> Error {
    Error::PushState { action, path: path.into(), source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::pending::State;

    fn pending(offset: u64, due_ms: i64) -> Pending {
        let state = State { due_ms, ..State::new(0, 0) };
        Pending { key: (0, offset), json: vec![b'x'; 10].into(), state }
    }

    #[test]
    fn what_is_kept_survives_and_comes_when_it_is_due() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.redb");
        let store = Store::open(&path).unwrap();
        let kept = vec![pending(1, 300), pending(2, 100), pending(3, 200)];
        store.settle(&Settlement { taken: [(0, (1, 4))].into(), kept, ..Settlement::default() }).unwrap();
        store.settle(&Settlement { kept: vec![pending(3, 50)], ..Settlement::default() }).unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!((store.kept(), store.next_due().unwrap()), ((3, 30), Some(50)));
        let due = |now, most, bytes| -> Vec<u64> {
            store.due(now, most, bytes).unwrap().iter().map(|pending| pending.key.1).collect()
        };
        assert_eq!(due(299, 9, 99), [3, 2]);
        assert_eq!((due(300, 2, 99), due(300, 9, 1)), (vec![3, 2], vec![3]));
        store.settle(&Settlement { done: vec![(0, 3), (0, 9)], ..Settlement::default() }).unwrap();
        assert_eq!((due(300, 9, 99), store.kept()), (vec![2, 1], (2, 20)));
        store.requeue(pending(7, 0)).unwrap();
        assert_eq!(store.due(0, 9, 99).unwrap()[0].key, (REQUEUED, 0));
    }

    #[test]
    fn a_checkpoint_left_behind_by_a_kill_is_told_from_one_that_was_moved_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s.redb")).unwrap();
        let resumed = |at| store.resume(Cursor::from([(0, at)])).unwrap()[&0];
        assert_eq!((resumed(5), store.resume(Cursor::new()).unwrap()), (5, Cursor::new()));
        for (from, next) in [(5, 10), (12, 20)] {
            store.settle(&Settlement { taken: [(0, (from, next))].into(), ..Settlement::default() }).unwrap();
        }
        assert_eq!([10, 11, 12, 20, 25].map(resumed), [20, 20, 20, 20, 25]);
        assert_eq!([0, 5, 9, 13].map(resumed), [0, 5, 9, 13], "moved back by somebody");
        assert_eq!(store.resume(Cursor::new()).unwrap()[&0], 20, "the first commit was lost");
    }

    #[test]
    fn consent_is_for_one_receiver() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s.redb")).unwrap();
        assert_eq!(store.consent("cloudevents https://a/").unwrap(), None);
        store.set_consent("cloudevents https://a/", 120).unwrap();
        assert_eq!(store.consent("cloudevents https://a/").unwrap(), Some(120));
        assert_eq!(store.consent("native https://a/").unwrap(), None);
    }
}
