//! One run: claim, file, mark, until nothing waits.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::file;
use crate::depot::{Depot, DepotOptions};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::store::{Export, Store};

/// Exports that may be begun in one second.
const MAX_A_SECOND: u32 = 10_000;

/// A file that was exported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Its name.
    pub file: String,
    /// Its rows.
    pub count: u64,
}

/// Exports what waits in a store.
#[derive(Debug)]
pub struct Exporter {
    store: Arc<Store>,
    url: String,
    options: DepotOptions,
    max_rows: usize,
    /// One run at a time.
    running: Mutex<()>,
}

impl Exporter {
    /// An exporter to a place; see [`Depot::open`]. A file has at most `max_rows` rows.
    #[must_use]
    pub fn new(store: Arc<Store>, url: String, options: DepotOptions, max_rows: usize) -> Self {
        Self { store, url, options, max_rows, running: Mutex::new(()) }
    }

    /// Exports all that waits at the beginning of the run, and before that what a crash interrupted. Empty where there
    /// is nothing.
    ///
    /// # Errors
    /// Those of the store and of the place. What was claimed stays claimed, and is exported by the next run.
    pub fn run(&self, now: DateTime<Utc>) -> Result<Vec<Exported>> {
        let _one_at_a_time = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = self.store.unexported_count()?;
        let mut exported = Vec::new();
        if let Some(open) = self.store.open_export()? {
            exported.push(self.finish(&open, now)?);
        }
        while waiting > 0 {
            let Some(export) = self.claim(now)? else { break };
            failpoint::reach("export.claimed");
            let one = self.finish(&export, now)?;
            waiting = waiting.saturating_sub(one.count);
            exported.push(one);
        }
        Ok(exported)
    }

    fn claim(&self, now: DateTime<Utc>) -> Result<Option<Export>> {
        for number in 1..MAX_A_SECOND {
            match self.store.export_batch(&file::name(now, number), self.max_rows, now) {
                Err(Error::ExportDone { .. }) => {}
                claimed => return claimed,
            }
        }
        Err(Error::ExportDone { name: file::name(now, MAX_A_SECOND) })
    }

    /// Makes the file, whether it is there or not, and marks its rows.
    fn finish(&self, export: &Export, now: DateTime<Utc>) -> Result<Exported> {
        let depot = Depot::open(&self.url, &self.options)?;
        let draft = file::draft(&depot, export)?;
        failpoint::reach("export.drafted");
        depot.publish(draft, &export.name)?;
        failpoint::reach("export.published");
        let count = self.store.mark_exported(&export.name, now)?;
        failpoint::reach("export.marked");
        Ok(Exported { file: export.name.clone(), count })
    }
}
