//! Streaming what a journal holds.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::frame::{self, Body};
use super::header;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::sink::Entry;

const BUFFER_BYTES: usize = 256 << 10;

/// The entries of a journal in order; memory is bounded by the largest frame. Ends after the first error.
#[derive(Debug)]
pub struct Reader {
    input: BufReader<File>,
    path: PathBuf,
    /// Where the next frame starts.
    offset: u64,
    /// Where the journal ended when the reader was made.
    len: u64,
    body: Vec<u8>,
    /// Where the next entry starts in `body`.
    at: usize,
    /// Entries left in `body`.
    left: u32,
}

impl Reader {
    pub(super) fn open(path: &Path, len: u64) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open the journal", path))?;
        let mut input = BufReader::with_capacity(BUFFER_BYTES, file);
        let (_, offset) = header::read(&mut input, path)?;
        Ok(Self { input, path: path.to_path_buf(), offset, len, body: Vec::new(), at: 0, left: 0 })
    }

    fn try_next(&mut self) -> Result<Option<Entry>> {
        while self.left == 0 {
            if self.offset >= self.len {
                return Ok(None);
            }
            self.load_frame()?;
        }
        let (json, crop, rest) =
            frame::split_entry(&self.body[self.at..]).ok_or_else(|| self.malformed("an entry goes over its end"))?;
        let entry = Entry { event: Event::from_json(json)?, crop: crop.to_vec() };
        self.at = self.body.len() - rest.len();
        self.left -= 1;
        Ok(Some(entry))
    }

    fn load_frame(&mut self) -> Result<()> {
        let whole = frame::read_body(&mut self.input, self.offset, self.len, &mut self.body)
            .map_err(Error::io("read", &self.path))?;
        if !whole {
            return Err(Error::Corrupt { path: self.path.clone(), offset: self.offset });
        }
        let frame = Body::parse(&self.body).ok_or_else(|| self.malformed("its body is too short"))?;
        self.left = frame.entries;
        self.at = Body::FIXED_BYTES;
        self.offset += (frame::HEAD_BYTES + self.body.len()) as u64;
        Ok(())
    }

    /// `offset` is already that of the frame after the one at hand.
    fn malformed(&self, why: &'static str) -> Error {
        let offset = self.offset.saturating_sub((frame::HEAD_BYTES + self.body.len()) as u64);
        Error::Malformed { path: self.path.clone(), offset, why }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next();
        if next.is_err() {
            self.left = 0;
            self.offset = self.len;
        }
        next.transpose()
    }
}
