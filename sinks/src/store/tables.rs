//! The store's tables.
//!
//! A document has a number, given once, in the order of arrival: documents are appended, and the indexes are small. Each
//! change has a version, and a document stands in the feed at its latest one alone. Whatever belongs together is changed
//! in one transaction, together with how far the results hub was followed.

use chrono::{DateTime, Utc};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::document::{Document, DocumentKind};
use super::plate::{folded, normal};
use crate::database::{Done, Failure, json_failure};
use crate::error::Error;

/// Event id to the document's number and its latest version.
pub(super) const IDS: TableDefinition<'static, u128, (u64, u64)> = TableDefinition::new("ids");
/// Number to the document as JSON.
pub(super) const DOCUMENTS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("documents");
/// Number to the picture of the plate.
pub(super) const CROPS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("crops");
/// Folded plate, capture time and number.
pub(super) const BY_PLATE: TableDefinition<'static, &[u8], Row> = TableDefinition::new("by_plate");
/// Lane, capture time and number.
pub(super) const BY_LANE: TableDefinition<'static, &[u8], Row> = TableDefinition::new("by_lane");
/// Capture time and number.
pub(super) const BY_TIME: TableDefinition<'static, &[u8], Row> = TableDefinition::new("by_time");
/// Version to the document's number and when it was changed (milliseconds since the epoch).
pub(super) const FEED: TableDefinition<'static, u64, (u64, i64)> = TableDefinition::new("feed");
/// Name of a processor to the last version it is done with, and when it said so.
pub(super) const PROCESSORS: TableDefinition<'static, &str, (u64, i64)> = TableDefinition::new("processors");
/// Numbers of the documents that no export has taken.
pub(super) const UNEXPORTED: TableDefinition<'static, u64, ()> = TableDefinition::new("unexported");
/// Name to the export as JSON.
pub(super) const EXPORTS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("exports");
/// Name of the export that is open.
pub(super) const OPEN: TableDefinition<'static, (), &str> = TableDefinition::new("open_export");
/// Partition of the results hub to the first offset that is not done with.
pub(super) const CURSOR: TableDefinition<'static, u32, u64> = TableDefinition::new("cursor");
/// The next number, the last version and its time.
const LAST: TableDefinition<'static, &str, i64> = TableDefinition::new("last");

/// Band, lane and plate: what queries look at without opening the document.
pub(super) type Row = (u8, &'static str, &'static str);

/// The key of an index: a text, then the capture time, then the number, in an order that sorts so.
pub(super) fn key(text: Option<&str>, time_us: i64, number: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.map_or(0, str::len) + 17);
    if let Some(text) = text {
        key.extend_from_slice(text.as_bytes());
        key.push(0);
    }
    // Times before 1970 sort before the others.
    key.extend_from_slice(&(time_us.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The capture time and the number in a key.
pub(super) fn in_key(key: &[u8]) -> Option<(i64, u64)> {
    let (_, tail) = key.split_at_checked(key.len().checked_sub(16)?)?;
    let (time, number) = tail.split_first_chunk::<8>()?;
    let time_us = (u64::from_be_bytes(*time) ^ (1 << 63)).cast_signed();
    Some((time_us, u64::from_be_bytes(number.try_into().ok()?)))
}

/// The keys of a document's index rows, and what stands there.
struct Rows {
    plate: String,
    by_plate: Vec<u8>,
    by_lane: Vec<u8>,
    by_time: Vec<u8>,
}

impl Rows {
    fn of(document: &Document, number: u64) -> Self {
        let (plate, time_us) = (normal(&document.license_plate_text), document.time_stamp.timestamp_micros());
        let lane = document.lane.as_deref().unwrap_or_default();
        Self {
            by_plate: key(Some(&folded(&plate)), time_us, number),
            by_lane: key(Some(lane), time_us, number),
            by_time: key(None, time_us, number),
            plate,
        }
    }
}

/// The document of a number.
pub(super) fn document(table: &impl ReadableTable<u64, &'static [u8]>, number: u64) -> Done<Document> {
    let json = table.get(number)?.ok_or(Failure::Ours(Error::NoDocument { number }))?;
    serde_json::from_slice(json.value()).map_err(json_failure("read a document of the store"))
}

/// The tables in a write transaction.
pub(super) struct Tables<'t> {
    pub(super) ids: Table<'t, u128, (u64, u64)>,
    pub(super) documents: Table<'t, u64, &'static [u8]>,
    crops: Table<'t, u64, &'static [u8]>,
    by_plate: Table<'t, &'static [u8], Row>,
    by_lane: Table<'t, &'static [u8], Row>,
    by_time: Table<'t, &'static [u8], Row>,
    feed: Table<'t, u64, (u64, i64)>,
    pub(super) unexported: Table<'t, u64, ()>,
    pub(super) exports: Table<'t, &'static str, &'static [u8]>,
    pub(super) open: Table<'t, (), &'static str>,
    pub(super) cursor: Table<'t, u32, u64>,
    last: Table<'t, &'static str, i64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Done<Self> {
        // Read by others, and so there from the first.
        transaction.open_table(PROCESSORS)?;
        Ok(Self {
            ids: transaction.open_table(IDS)?,
            documents: transaction.open_table(DOCUMENTS)?,
            crops: transaction.open_table(CROPS)?,
            by_plate: transaction.open_table(BY_PLATE)?,
            by_lane: transaction.open_table(BY_LANE)?,
            by_time: transaction.open_table(BY_TIME)?,
            feed: transaction.open_table(FEED)?,
            unexported: transaction.open_table(UNEXPORTED)?,
            exports: transaction.open_table(EXPORTS)?,
            open: transaction.open_table(OPEN)?,
            cursor: transaction.open_table(CURSOR)?,
            last: transaction.open_table(LAST)?,
        })
    }

    /// The document of an id with its number.
    pub(super) fn find(&self, id: u128) -> Done<Option<(u64, Document)>> {
        let Some((number, _)) = self.ids.get(id)?.map(|entry| entry.value()) else { return Ok(None) };
        Ok(Some((number, document(&self.documents, number)?)))
    }

    /// Adds a document that is not there yet.
    pub(super) fn insert(&mut self, document: &Document, crop: &[u8], now_ms: i64) -> Done<()> {
        let number = self.next("number")?.cast_unsigned();
        if !crop.is_empty() {
            self.crops.insert(number, crop)?;
        }
        self.put(number, document, now_ms)?;
        let waits = document.kind == DocumentKind::Processed && document.exported == Some(false);
        if waits {
            self.unexported.insert(number, ())?;
        }
        Ok(())
    }

    /// Puts another state of a document in the place of the one that is there.
    pub(super) fn replace(&mut self, number: u64, old: &Document, new: &Document, now_ms: i64) -> Done<()> {
        let (was, is) = (Rows::of(old, number), Rows::of(new, number));
        if was.by_plate != is.by_plate {
            self.by_plate.remove(was.by_plate.as_slice())?;
        }
        if was.by_lane != is.by_lane {
            self.by_lane.remove(was.by_lane.as_slice())?;
        }
        if was.by_time != is.by_time {
            self.by_time.remove(was.by_time.as_slice())?;
        }
        if old.kind != new.kind && new.kind == DocumentKind::Processed {
            self.unexported.insert(number, ())?;
        } else if old.kind != new.kind {
            self.unexported.remove(number)?;
        }
        self.put(number, new, now_ms)
    }

    fn put(&mut self, number: u64, document: &Document, now_ms: i64) -> Done<()> {
        let json = serde_json::to_vec(document).map_err(json_failure("write a document of the store"))?;
        self.documents.insert(number, json.as_slice())?;
        let rows = Rows::of(document, number);
        let row = (document.band().code(), document.lane.as_deref().unwrap_or_default(), rows.plate.as_str());
        self.by_plate.insert(rows.by_plate.as_slice(), row)?;
        self.by_lane.insert(rows.by_lane.as_slice(), row)?;
        self.by_time.insert(rows.by_time.as_slice(), row)?;
        self.change(document.event_id.as_u128(), number, now_ms)
    }

    /// Moves the document to the end of the feed.
    fn change(&mut self, id: u128, number: u64, now_ms: i64) -> Done<()> {
        let version = self.next("version")?.cast_unsigned() + 1;
        // The feed is searched by time, and so its times never fall, whatever the clocks of those who append.
        let before = self.last.get("changed_ms")?.map_or(i64::MIN, |last| last.value());
        let changed_ms = now_ms.max(before);
        self.last.insert("changed_ms", changed_ms)?;
        let older = self.ids.insert(id, (number, version))?.map(|entry| entry.value().1);
        if let Some(older) = older {
            self.feed.remove(older)?;
        }
        self.feed.insert(version, (number, changed_ms))?;
        Ok(())
    }

    /// Counts up; returns the count before.
    fn next(&mut self, what: &'static str) -> Done<i64> {
        let count = self.last.get(what)?.map_or(0, |last| last.value());
        self.last.insert(what, count + 1)?;
        Ok(count)
    }
}

/// The tables of documents in a read transaction.
pub(super) struct View {
    ids: ReadOnlyTable<u128, (u64, u64)>,
    pub(super) documents: ReadOnlyTable<u64, &'static [u8]>,
}

impl View {
    pub(super) fn open(transaction: &ReadTransaction) -> Done<Self> {
        Ok(Self { ids: transaction.open_table(IDS)?, documents: transaction.open_table(DOCUMENTS)? })
    }

    /// The number of a document.
    pub(super) fn number(&self, id: u128) -> Done<Option<u64>> {
        Ok(self.ids.get(id)?.map(|entry| entry.value().0))
    }
}

/// The last version of the feed; 0 while nothing was changed.
pub(super) fn last_version(transaction: &ReadTransaction) -> Done<u64> {
    let last = transaction.open_table(LAST)?;
    Ok(last.get("version")?.map_or(0, |last| last.value().cast_unsigned()))
}

/// A time for the index: microseconds, cut where the index ends.
pub(super) fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}
