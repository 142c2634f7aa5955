//! `rejected/`: a note per image that gave nothing, so that no rejection is silent.
//!
//! A note is `EVENT-ID.json`: file names may hold anything, event ids are safe. The folder appears whole: it is built
//! beside its place and renamed. An older one is moved away first, so that for the moment between two renames there is
//! none; a kill just there loses nothing, since the journal makes it again.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::atomic::{remove_any, remove_stale, sync_dir, sync_parent, temporary_for};
use crate::error::{Error, Result};
use crate::event::{Event, EventKind, ImageSize, Reason};
use crate::sink::{Entry, Sink};

/// The folder's name.
pub const FOLDER: &str = "rejected";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Note<'a> {
    event_id: Uuid,
    file_name: &'a str,
    position: &'a str,
    capture_time: DateTime<Utc>,
    image: Option<ImageSize>,
    reason: Option<&'a Reason>,
}

/// Writes the folder `rejected`.
#[derive(Debug)]
pub struct RejectedNotes {
    folder: PathBuf,
    temporary: PathBuf,
    finished: bool,
}

impl RejectedNotes {
    /// Starts the folder; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to.
    pub fn create(dir: &Path) -> Result<Self> {
        let folder = dir.join(FOLDER);
        remove_stale(&folder)?;
        let temporary = temporary_for(&folder);
        fs::create_dir(&temporary).map_err(Error::io("create the folder", &temporary))?;
        Ok(Self { folder, temporary, finished: false })
    }

    fn write_note(&self, event: &Event) -> Result<()> {
        let note = Note {
            event_id: event.id,
            file_name: &event.data.file_name,
            position: &event.source,
            capture_time: event.time,
            image: event.data.image,
            reason: event.data.reason.as_ref(),
        };
        let mut json = serde_json::to_vec_pretty(&note).map_err(Error::json("write a rejection note"))?;
        json.push(b'\n');
        let path = self.temporary.join(format!("{}.json", event.id));
        let written = fs::File::create(&path).and_then(|mut file| {
            file.write_all(&json)?;
            file.sync_all()
        });
        written.map_err(Error::io("write", &path))
    }
}

impl Sink<Entry> for RejectedNotes {
    fn name(&self) -> &'static str {
        "rejected"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        if self.finished {
            return Err(Error::Finished { sink: "rejected" });
        }
        let rejected = items.iter().filter(|item| item.event.kind == EventKind::Rejected);
        rejected.map(|item| &item.event).try_for_each(|event| self.write_note(event))
    }

    fn sync(&mut self) -> Result<()> {
        if self.finished {
            return Err(Error::Finished { sink: "rejected" });
        }
        sync_dir(&self.temporary)?;
        let mut away = self.temporary.clone().into_os_string();
        away.push("-old");
        let away = PathBuf::from(away);
        let replaces = self.folder.symlink_metadata().is_ok();
        if replaces {
            fs::rename(&self.folder, &away).map_err(Error::io("move away", &self.folder))?;
        }
        if let Err(source) = fs::rename(&self.temporary, &self.folder) {
            if replaces && let Err(error) = fs::rename(&away, &self.folder) {
                tracing::warn!(path = %self.folder.display(), %error, "the older folder could not be put back");
            }
            return Err(Error::io("rename a finished folder to", &self.folder)(source));
        }
        self.finished = true;
        sync_parent(&self.folder)?;
        if replaces { remove_any(&away) } else { Ok(()) }
    }
}

impl Drop for RejectedNotes {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = remove_any(&self.temporary)
        {
            tracing::debug!(%error, "an unfinished folder could not be removed");
        }
    }
}
