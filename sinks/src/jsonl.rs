//! `events.jsonl`: every event as one line of CloudEvents JSON.

use std::path::Path;

use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::sink::{Entry, Sink};

/// The file's name.
pub const FILE: &str = "events.jsonl";

/// Writes `events.jsonl`.
#[derive(Debug)]
pub struct JsonLines {
    out: Option<AtomicFile>,
    line: Vec<u8>,
}

impl JsonLines {
    /// Starts the file; it appears in `dir` with [`Sink::sync`].
    ///
    /// # Errors
    /// [`Error::Io`] when `dir` cannot be written to.
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self { out: Some(AtomicFile::create(&dir.join(FILE))?), line: Vec::new() })
    }
}

impl Sink<Entry> for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn write(&mut self, items: &[Entry]) -> Result<()> {
        let Some(out) = &mut self.out else { return Err(Error::Finished { sink: "jsonl" }) };
        for item in items {
            self.line.clear();
            item.event.write_json(&mut self.line)?;
            self.line.push(b'\n');
            out.put(&self.line)?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let Some(out) = self.out.take() else { return Err(Error::Finished { sink: "jsonl" }) };
        out.commit().map(drop)
    }
}
