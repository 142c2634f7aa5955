//! Windows that were begun and whose checkpoint may not have been committed: some of their files are there.

use std::collections::HashSet;

use super::ledger::Window;
use crate::depot::Depot;
use crate::error::Result;
use crate::published::{Cursor, Place};

/// A window that was begun, with the folders whose file of it is there.
#[derive(Debug)]
struct Begun {
    window: Window,
    written: HashSet<String>,
}

/// The windows that were begun.
#[derive(Debug, Default)]
pub(super) struct Redo(Vec<Begun>);

impl Redo {
    pub(super) fn of(windows: Vec<Window>) -> Self {
        Self(windows.into_iter().map(|window| Begun { window, written: HashSet::new() }).collect())
    }

    /// Forgets the windows whose checkpoint was committed: their rows do not come again.
    pub(super) fn forget_before(&mut self, committed: &Cursor) {
        self.0.retain(|begun| !begun.window.is_before(committed));
    }

    /// Looks which of the files are there, and forgets the others: files of their names may be written later, with
    /// fewer rows.
    pub(super) fn look(&mut self, depot: &Depot) -> Result<()> {
        for Begun { window, written } in &mut self.0 {
            for key in std::mem::take(&mut window.files) {
                if let Some((folder, _)) = key.rsplit_once('/')
                    && depot.has(&key)?
                {
                    written.insert(folder.to_owned());
                    window.files.push(key);
                }
            }
        }
        Ok(())
    }

    /// Whether a row has its file.
    pub(super) fn has(&self, folder: &str, place: Place, appended_ms: i64) -> bool {
        self.0.iter().any(|begun| begun.window.spans(place, appended_ms) && begun.written.contains(folder))
    }

    pub(super) fn windows(&self) -> impl Iterator<Item = &Window> {
        self.0.iter().map(|begun| &begun.window)
    }
}
