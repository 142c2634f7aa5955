//! Parquet files in windows: the plate table ([`crate::schema`]) in a hive layout, in a folder or an object store.
//!
//! A window holds what came since the last sync; whoever drives the sink says when it ends. It becomes one file for each
//! `date=/hour=/lane=` by the time of capture. Only one file is written at a time, however many lanes there are, and the
//! rows in memory are those of one window.
//!
//! No row is there twice after a crash, and none is lost: before the first file of a window appears, a [`ledger`] names
//! the window's files and the places in the hub that they span. A file is whole or not there. So a restarted sink knows
//! which rows behind the checkpoint have their file already, and leaves those out.
//!
//! To rewind the sink's cursor is to have rows written again: remove the files (and `_tollgate`) first.

mod config;
mod layout;
mod ledger;
mod redo;

use std::collections::BTreeMap;

use crate::depot::Depot;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::failpoint;
use crate::parquet::{Layout, PlateWriter};
use crate::published::{Cursor, Place, Published};
use crate::sink::Sink;
pub use config::LakeConfig;
use ledger::{Ledger, Window};
use redo::Redo;

/// An event with its place in the hub.
#[derive(Debug)]
struct Row {
    place: Place,
    appended_ms: i64,
    event: Event,
}

/// Writes Parquet files in windows.
#[derive(Debug)]
pub struct Lake {
    depot: Depot,
    ledger: Ledger,
    redo: Redo,
    /// The rows of the window by the folder they go to.
    rows: BTreeMap<String, Vec<Row>>,
    /// Events that are none of ours, since the last sync.
    foreign: u64,
}

impl Lake {
    /// A lake in a depot; `name` tells it from others in the same place.
    pub fn new(name: &str, depot: Depot) -> Self {
        Self { depot, ledger: Ledger::new(name), redo: Redo::default(), rows: BTreeMap::new(), foreign: 0 }
    }

    fn take(&mut self, item: &Published) {
        let Ok(event) = item.event.as_ours() else {
            self.foreign += 1;
            return;
        };
        let row = Row { place: item.place, appended_ms: item.appended_ms, event };
        let folder = layout::folder(&row.event);
        if !self.redo.has(&folder, row.place, row.appended_ms) {
            self.rows.entry(folder).or_default().push(row);
        }
    }

    /// Writes a folder's file of the window.
    fn file(&self, key: &str, rows: &[Row]) -> Result<()> {
        let draft = self.depot.draft()?;
        let path = draft.path().to_path_buf();
        let mut out = PlateWriter::start(draft, Layout::WithoutLane, path)?;
        for row in rows {
            out.push(&row.event)?;
        }
        self.depot.publish(out.finish()?, key)
    }
}

impl Sink<Published> for Lake {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn resume(&mut self, committed: Cursor) -> Result<Cursor> {
        self.redo = self.ledger.read(&self.depot)?;
        self.redo.forget_before(&committed);
        self.redo.look(&self.depot)?;
        Ok(committed)
    }

    fn write(&mut self, items: &[Published]) -> Result<()> {
        items.iter().for_each(|item| self.take(item));
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        if self.foreign > 0 {
            tracing::warn!(events = std::mem::take(&mut self.foreign), "events that are no plate's have no row");
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let window = Window::of(&self.rows);
        self.ledger.write(&self.depot, self.redo.windows(), &window)?;
        failpoint::reach("lake.noted");
        for (key, rows) in window.files.iter().zip(self.rows.values()) {
            self.file(key, rows)?;
            failpoint::reach("lake.file");
        }
        self.rows.clear();
        failpoint::reach("lake.written");
        Ok(())
    }
}

impl Error {
    /// A ledger that is none.
    fn bad_ledger(place: &str) -> impl FnOnce(serde_json::Error) -> Self {
        let place = place.to_owned();
        move |source| Self::Ledger { place, source }
    }
}
