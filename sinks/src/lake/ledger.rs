//! What a lake notes before it writes a window: the files to come, and the places in the hub that their rows span.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::redo::Redo;
use super::{Row, layout};
use crate::depot::{Depot, OWN_FOLDER};
use crate::error::{Error, Result};
use crate::published::{Cursor, Place};

/// A ledger is no larger: a window of 1 GiB has so many events at most.
const MAX_BYTES: usize = 256 << 20;

/// The rows of a window in one partition of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    /// The first offset.
    from: u64,
    /// The offset behind the last.
    to: u64,
    /// When the first was appended: a new hub of the same name has other times at the same offsets.
    first_ms: i64,
    /// When the last was appended.
    last_ms: i64,
}

impl Span {
    fn add(&mut self, row: &Row) {
        self.from = self.from.min(row.place.offset);
        self.to = self.to.max(row.place.offset + 1);
        self.first_ms = self.first_ms.min(row.appended_ms);
        self.last_ms = self.last_ms.max(row.appended_ms);
    }
}

/// A window: what it spans, and the keys of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    spans: BTreeMap<u32, Span>,
    pub(super) files: Vec<String>,
}

impl Window {
    /// The window of some rows; its files are in the order of the folders.
    pub(super) fn of(rows: &BTreeMap<String, Vec<Row>>) -> Self {
        let mut window = Self { spans: BTreeMap::new(), files: Vec::with_capacity(rows.len()) };
        for (folder, rows) in rows {
            window.files.extend(rows.first().map(|first| layout::file(folder, first)));
            for row in rows {
                let (offset, ms) = (row.place.offset, row.appended_ms);
                let new = Span { from: offset, to: offset + 1, first_ms: ms, last_ms: ms };
                window.spans.entry(row.place.partition).or_insert(new).add(row);
            }
        }
        window
    }

    /// Whether a row was in it.
    pub(super) fn spans(&self, place: Place, appended_ms: i64) -> bool {
        self.spans.get(&place.partition).is_some_and(|span| {
            (span.from..span.to).contains(&place.offset) && (span.first_ms..=span.last_ms).contains(&appended_ms)
        })
    }

    /// Whether a cursor lies behind it in every partition.
    pub(super) fn is_before(&self, cursor: &Cursor) -> bool {
        self.spans.iter().all(|(partition, span)| cursor.get(partition).is_some_and(|&reached| reached >= span.to))
    }
}

/// The notes on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Notes<W> {
    windows: W,
}

/// The ledger of one lake.
#[derive(Debug)]
pub(super) struct Ledger {
    key: String,
}

impl Ledger {
    pub(super) fn new(name: &str) -> Self {
        Self { key: format!("{OWN_FOLDER}/{name}.json") }
    }

    /// What was begun before.
    pub(super) fn read(&self, depot: &Depot) -> Result<Redo> {
        let Some(bytes) = depot.read(&self.key, MAX_BYTES)? else { return Ok(Redo::default()) };
        let notes: Notes<Vec<Window>> =
            serde_json::from_slice(&bytes).map_err(Error::bad_ledger(&depot.place(&self.key)))?;
        Ok(Redo::of(notes.windows))
    }

    /// Notes a window that is to be written, and those that are not passed yet.
    pub(super) fn write<'a>(
        &self,
        depot: &Depot,
        begun: impl Iterator<Item = &'a Window>,
        next: &'a Window,
    ) -> Result<()> {
        let windows: Vec<&Window> = begun.chain([next]).collect();
        let json = serde_json::to_vec(&Notes { windows }).map_err(Error::json("write a lake's notes"))?;
        depot.write(&self.key, &json)
    }
}
