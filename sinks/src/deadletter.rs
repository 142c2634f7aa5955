//! The dead letters: a file for each event that was given up, `{SUBSCRIPTION}/Y/M/D/H/{id}.json` by an hour (UTC): a webhook's
//! by that of the last attempt, a bridge's by that of its publication. The file is the event with five more fields.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::event::EVENT_NAMESPACE;

/// The folder, beside the years, of those that are to be tried again.
const REQUEUE: &str = "requeue";
/// The fields that are added to an event.
const ADDED: [&str; 5] =
    ["deadLetterReason", "deliveryAttempts", "lastDeliveryOutcome", "publishTime", "lastDeliveryAttemptTime"];
/// Longest file name that is made of an id.
const MAX_NAME: usize = 150;

/// An event that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Its file.
    pub path: PathBuf,
    /// The event with why it was given up, after how many attempts, and the times of these.
    pub body: Value,
}

impl DeadLetter {
    /// The event's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    /// The event as it was.
    #[must_use]
    pub fn event(&self) -> Vec<u8> {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            ADDED.iter().for_each(|added| _ = fields.remove(*added));
        }
        body.to_string().into_bytes()
    }
}

/// An event that is given up. Times are milliseconds since the epoch.
#[derive(Clone, Debug)]
pub(crate) struct GivenUp<'a> {
    /// The event.
    pub(crate) json: &'a [u8],
    /// The time whose hour it is kept under.
    pub(crate) at_ms: i64,
    /// Why it is given up.
    pub(crate) reason: Option<String>,
    /// Attempts with an outcome.
    pub(crate) attempts: u32,
    /// What became of the last.
    pub(crate) outcome: String,
    /// When it was published.
    pub(crate) published_ms: i64,
    /// The last attempt, if there was one.
    pub(crate) last_ms: Option<i64>,
}

/// The dead letters of a subscription: a webhook, or a bridge to a broker.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    dir: PathBuf,
}

impl DeadLetters {
    /// Those of a subscription in a folder that it shares with others.
    #[must_use]
    pub fn new(folder: &Path, subscription: &str) -> Self {
        Self { dir: folder.join(subscription.to_uppercase()) }
    }

    /// Writes an event, durably. The same event under the same hour writes the same file.
    pub(crate) fn write(&self, event: &GivenUp<'_>) -> Result<()> {
        let hour = self.dir.join(time(event.at_ms).format("%Y/%m/%d/%H").to_string());
        fs::create_dir_all(&hour).map_err(Error::io("make the folder", &hour))?;
        let mut body: Map<String, Value> = serde_json::from_slice(event.json).map_err(Error::json("read an event"))?;
        let path = place(&hour, &body)?;
        let added = [
            event.reason.clone().into(),
            event.attempts.into(),
            event.outcome.clone().into(),
            stamp(event.published_ms),
            event.last_ms.map_or(Value::Null, stamp),
        ];
        body.extend(ADDED.map(str::to_owned).into_iter().zip(added));
        let json = serde_json::to_vec_pretty(&body).map_err(Error::json("write an event"))?;
        let mut file = AtomicFile::create(&path)?;
        file.write_all(&json).map_err(Error::io("write", &path))?;
        file.commit().map(drop)
    }

    /// The oldest dead letters, at most `most`.
    ///
    /// # Errors
    /// [`Error::Io`] when a folder or file cannot be read; files that are no dead letters are passed over.
    pub fn list(&self, most: usize) -> Result<Vec<DeadLetter>> {
        let mut found = Vec::new();
        collect(&self.dir, 0, most, &mut found)?;
        Ok(found)
    }

    /// Has a dead letter tried again: the subscription takes it when it looks next, with all attempts before it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn requeue(&self, letter: &DeadLetter) -> Result<()> {
        let dir = self.dir.join(REQUEUE);
        fs::create_dir_all(&dir).map_err(Error::io("make the folder", &dir))?;
        let inside = letter.path.strip_prefix(&self.dir).unwrap_or(&letter.path);
        let name: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let to = dir.join(name.join("-"));
        fs::rename(&letter.path, &to).map_err(Error::io("move a dead letter to", &to))
    }

    /// Those that are to be tried again, at most `most`.
    pub(crate) fn requeued(&self, most: usize) -> Result<Vec<DeadLetter>> {
        let mut found = Vec::new();
        for path in sorted(&self.dir.join(REQUEUE))?.into_iter().take(most) {
            found.extend(read(&path)?);
        }
        Ok(found)
    }

    /// Removes one that is to be tried again, once it is kept elsewhere.
    pub(crate) fn forget(letter: &DeadLetter) -> Result<()> {
        fs::remove_file(&letter.path).map_err(Error::io("remove", &letter.path))
    }
}

/// Goes through years, months, days and hours, which are numbers.
fn collect(dir: &Path, depth: u32, most: usize, found: &mut Vec<DeadLetter>) -> Result<()> {
    for path in sorted(dir)? {
        if found.len() >= most {
            break;
        }
        let number = path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
        if depth == 4 {
            found.extend(read(&path)?);
        } else if number {
            collect(&path, depth + 1, most, found)?;
        }
    }
    Ok(())
}

/// What is in a folder; nothing where there is none.
fn sorted(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("read the folder", dir))?,
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = paths.map_err(Error::io("read the folder", dir))?;
    paths.sort();
    Ok(paths)
}

/// `None` where it is no dead letter, or was removed in the meantime.
fn read(path: &Path) -> Result<Option<DeadLetter>> {
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(None);
    }
    let json = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        json => json.map_err(Error::io("read", path))?,
    };
    let body: Option<Value> = serde_json::from_slice(&json).ok();
    let letter = body.filter(|body| body["id"].is_string()).map(|body| DeadLetter { path: path.to_path_buf(), body });
    if letter.is_none() {
        tracing::warn!(path = %path.display(), "this is no dead letter; it is passed over");
    }
    Ok(letter)
}

/// The file of an event: by its id, and by its source as well where another source's event has the same.
fn place(hour: &Path, body: &Map<String, Value>) -> Result<PathBuf> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let stem = stem(text("id"));
    let path = hour.join(format!("{stem}.json"));
    let other = read(&path)?.is_some_and(|there| there.body["source"].as_str() != Some(text("source")));
    if !other {
        return Ok(path);
    }
    let source = Uuid::new_v5(&EVENT_NAMESPACE, text("source").as_bytes());
    Ok(hour.join(format!("{stem}-{source}.json")))
}

/// An id as a file name. Ids come from anywhere: what could lead elsewhere is written as `%XX`.
fn stem(id: &str) -> String {
    let mut name = String::new();
    for (at, byte) in id.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || (byte == b'.' && at > 0);
        if plain { name.push(byte.into()) } else { name += &format!("%{byte:02X}") }
    }
    if name.len() <= MAX_NAME { name } else { Uuid::new_v5(&EVENT_NAMESPACE, id.as_bytes()).to_string() }
}

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

fn stamp(ms: i64) -> Value {
    time(ms).to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::Reason;

    /// 2026-11-22T06:05:00Z
    const LAST_MS: i64 = 1_795_327_500_000;

    fn write(letters: &DeadLetters, id: &str, source: &str) {
        let json = serde_json::json!({ "specversion": "1.0", "id": id, "source": source, "type": "t" }).to_string();
        let given_up = GivenUp {
            json: json.as_bytes(),
            at_ms: LAST_MS,
            reason: Some(Reason::UndeliverableDueToClientError.to_string()),
            attempts: 1,
            outcome: "BadRequest".into(),
            published_ms: LAST_MS - 300_000,
            last_ms: Some(LAST_MS),
        };
        letters.write(&given_up).unwrap();
    }

    #[test]
    fn path_and_fields_are_the_originals() {
        let dir = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(dir.path(), "billing");
        write(&letters, "a-1", "s");
        write(&letters, "a-1", "s");
        let path = dir.path().join("BILLING/2026/11/22/06/a-1.json");
        let listed = letters.list(10).unwrap();
        assert_eq!(listed.iter().map(|letter| &letter.path).collect::<Vec<_>>(), [&path]);
        let expected = serde_json::json!({
            "specversion": "1.0", "id": "a-1", "source": "s", "type": "t",
            "deadLetterReason": "UndeliverableDueToClientError", "deliveryAttempts": 1,
            "lastDeliveryOutcome": "BadRequest", "publishTime": "2026-11-22T06:00:00.000Z",
            "lastDeliveryAttemptTime": "2026-11-22T06:05:00.000Z",
        });
        assert_eq!(listed[0].body, expected);
        letters.requeue(&listed[0]).unwrap();
        assert_eq!(letters.list(10).unwrap(), []);
        let back = letters.requeued(10).unwrap();
        let event: Value = serde_json::from_slice(&back[0].event()).unwrap();
        assert_eq!(event, serde_json::json!({ "specversion": "1.0", "id": "a-1", "source": "s", "type": "t" }));
        DeadLetters::forget(&back[0]).unwrap();
        assert_eq!(letters.requeued(10).unwrap(), []);
    }

    #[test]
    fn ids_lead_nowhere_else_and_never_take_anothers_place() {
        let dir = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(dir.path(), "b");
        let long = "x".repeat(4000);
        let ids = ["../../up", "/etc/passwd", "..", ".", "a/b", "a\\b", "c:\\x", "nul\0", "ü", long.as_str(), "%2E"];
        for id in ids {
            write(&letters, id, "s");
        }
        write(&letters, "a/b", "another source");
        let hour = dir.path().join("B/2026/11/22/06");
        assert_eq!(fs::read_dir(hour).unwrap().count(), ids.len() + 1);
        let mut listed: Vec<_> = letters.list(99).unwrap().iter().map(|letter| letter.id().to_owned()).collect();
        listed.sort();
        let mut expected: Vec<_> = ids.iter().chain(&["a/b"]).map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(listed, expected);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
