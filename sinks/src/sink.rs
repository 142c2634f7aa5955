//! The one trait of this folder, and what flows into it in a replay.

use crate::error::Result;
use crate::event::Event;
use crate::published::Cursor;

/// Most entries handed to the sinks at once by [`export`].
const CHUNK_ENTRIES: usize = 512;
/// Most crop bytes handed to the sinks at once by [`export`] (one entry may go over).
const CHUNK_BYTES: usize = 8 << 20;

/// One result with its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// JPEG of the plate; empty where there is none.
    pub crop: Vec<u8>,
}

/// Where results go. Writing makes nothing visible; [`Sink::sync`] does, all at once.
pub trait Sink<T> {
    /// Short name for messages, like `parquet`.
    fn name(&self) -> &str;

    /// Told before the first write how far the sink had come by the checkpoints; says from where on it wants to be
    /// written to. A sink that keeps its place together with what it wrote knows it better, and so nothing is written
    /// twice after a kill between the two.
    ///
    /// # Errors
    /// Those of the place written to.
    fn resume(&mut self, committed: Cursor) -> Result<Cursor> {
        Ok(committed)
    }

    /// Takes the next items, in order.
    ///
    /// # Errors
    /// Those of the place written to. Afterwards the sink is of no more use.
    fn write(&mut self, items: &[T]) -> Result<()>;

    /// Makes all that was written durable and visible. A file sink is finished by this and takes nothing more.
    ///
    /// # Errors
    /// Those of the place written to; then nothing has become visible.
    fn sync(&mut self) -> Result<()>;
}

/// Makes the outputs: streams entries, as a rule those of [`Journal::reader`](crate::Journal::reader), through every
/// sink in bounded chunks, then syncs each. Returns the number of entries.
///
/// # Errors
/// The first of the journal or of a sink; outputs not yet synced stay as they were.
pub fn export(entries: impl IntoIterator<Item = Result<Entry>>, sinks: &mut [&mut dyn Sink<Entry>]) -> Result<u64> {
    let mut total = 0;
    let mut bytes = 0;
    let mut chunk = Vec::with_capacity(CHUNK_ENTRIES);
    for entry in entries {
        let entry = entry?;
        bytes += entry.crop.len();
        chunk.push(entry);
        if chunk.len() == CHUNK_ENTRIES || bytes >= CHUNK_BYTES {
            total += flush(&mut chunk, sinks)?;
            bytes = 0;
        }
    }
    total += flush(&mut chunk, sinks)?;
    for sink in sinks {
        sink.sync()?;
    }
    Ok(total)
}

fn flush(chunk: &mut Vec<Entry>, sinks: &mut [&mut dyn Sink<Entry>]) -> Result<u64> {
    for sink in sinks {
        sink.write(chunk)?;
    }
    let written = chunk.len() as u64;
    chunk.clear();
    Ok(written)
}
