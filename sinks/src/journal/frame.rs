//! A frame: the results of some records of the source, and how far the source is consumed with them.

use std::io::{self, Read};

use crate::error::{Error, Result};
use crate::event::Event;

/// Most bytes in a frame's body. Bounds what a reader holds in memory.
pub const MAX_FRAME_BYTES: usize = 64 << 20;
/// Most bytes of one event as JSON (the event limit of the system this stands in for: 1 MiB).
pub const MAX_EVENT_BYTES: usize = 1 << 20;
/// Most bytes of one crop.
pub const MAX_CROP_BYTES: usize = 4 << 20;

/// Starts every frame. No byte of it above 0x7f is valid UTF-8 in this order, so no JSON contains it.
pub(super) const MARKER: [u8; 4] = [0xf7, b'T', 0xfa, b'G'];
/// Marker, body length, checksum.
pub(super) const HEAD_BYTES: usize = 12;
/// End, digest, number of entries.
const FIXED_BYTES: usize = 8 + 32 + 4;

/// Results to be appended together. Reused from batch to batch: its buffer stays.
#[derive(Debug, Clone)]
pub struct Frame {
    body: Vec<u8>,
    end: u64,
    entries: u32,
}

impl Default for Frame {
    fn default() -> Self {
        Self { body: vec![0; FIXED_BYTES], end: 0, entries: 0 }
    }
}

impl Frame {
    /// An empty frame that ends at record 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the frame, keeping its buffer.
    pub fn clear(&mut self) {
        self.body.clear();
        self.body.resize(FIXED_BYTES, 0);
        self.end = 0;
        self.entries = 0;
    }

    /// Says how far the source is consumed once this frame is durable: `end` records, whose positions have the running
    /// digest `digest`.
    pub fn set_end(&mut self, end: u64, digest: &[u8; 32]) {
        self.end = end;
        self.body[..8].copy_from_slice(&end.to_le_bytes());
        self.body[8..40].copy_from_slice(digest);
    }

    /// Adds a result. `crop` is a JPEG, or empty.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the event, the crop or the frame passes its limit, [`Error::Json`]; the frame is then as
    /// it was.
    pub fn push(&mut self, event: &Event, crop: &[u8]) -> Result<()> {
        let start = self.body.len();
        let pushed = self.try_push(event, crop);
        if pushed.is_err() {
            self.body.truncate(start);
        }
        pushed
    }

    fn try_push(&mut self, event: &Event, crop: &[u8]) -> Result<()> {
        within("the crop", crop.len(), MAX_CROP_BYTES)?;
        let lengths = self.body.len();
        self.body.extend_from_slice(&[0; 8]);
        event.write_json(&mut self.body)?;
        let json_len = self.body.len() - lengths - 8;
        within("the event", json_len, MAX_EVENT_BYTES)?;
        within("the frame", self.body.len() + crop.len(), MAX_FRAME_BYTES)?;
        self.body[lengths..lengths + 4].copy_from_slice(&(json_len as u32).to_le_bytes());
        self.body[lengths + 4..lengths + 8].copy_from_slice(&(crop.len() as u32).to_le_bytes());
        self.body.extend_from_slice(crop);
        self.entries += 1;
        self.body[40..44].copy_from_slice(&self.entries.to_le_bytes());
        Ok(())
    }

    /// Records of the source consumed once this frame is durable.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Results in the frame.
    pub fn len(&self) -> usize {
        self.entries as usize
    }

    /// Whether the frame holds no results. It may still move the end.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Bytes the frame's body has so far.
    pub fn body_bytes(&self) -> usize {
        self.body.len()
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The frame's head when it is written at `offset` of the file.
    pub(super) fn head_at(&self, offset: u64) -> [u8; HEAD_BYTES] {
        let mut head = [0; HEAD_BYTES];
        head[..4].copy_from_slice(&MARKER);
        head[4..8].copy_from_slice(&(self.body.len() as u32).to_le_bytes());
        head[8..].copy_from_slice(&checksum(offset, &self.body).to_le_bytes());
        head
    }
}

fn within(what: &'static str, bytes: usize, limit: usize) -> Result<()> {
    if bytes > limit { Err(Error::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

fn checksum(offset: u64, body: &[u8]) -> u32 {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&offset.to_le_bytes());
    place[8..].copy_from_slice(&(body.len() as u32).to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&place), body)
}

/// Reads the body of the frame at `offset` into `body`. False when there is no whole frame there.
pub(super) fn read_body(file: &mut impl Read, offset: u64, file_len: u64, body: &mut Vec<u8>) -> io::Result<bool> {
    let room = file_len.saturating_sub(offset);
    if room < (HEAD_BYTES + FIXED_BYTES) as u64 {
        return Ok(false);
    }
    let mut head = [0; HEAD_BYTES];
    file.read_exact(&mut head)?;
    let length = le_u32(&head[4..8]);
    let fits = u64::from(length) <= room - HEAD_BYTES as u64;
    if head[..4] != MARKER || !fits || !(FIXED_BYTES..=MAX_FRAME_BYTES).contains(&(length as usize)) {
        return Ok(false);
    }
    body.resize(length as usize, 0);
    file.read_exact(body)?;
    Ok(checksum(offset, body) == le_u32(&head[8..12]))
}

/// A body with a right checksum, taken apart.
pub(super) struct Body {
    pub(super) end: u64,
    pub(super) digest: [u8; 32],
    pub(super) entries: u32,
}

impl Body {
    /// Bytes of a body before its entries.
    pub(super) const FIXED_BYTES: usize = FIXED_BYTES;

    /// Reads the fixed part; none when it is too short.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let (end, rest) = body.split_first_chunk()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (entries, _) = rest.split_first_chunk()?;
        Some(Self { end: u64::from_le_bytes(*end), digest: *digest, entries: u32::from_le_bytes(*entries) })
    }
}

/// Event JSON, crop and what follows of a body that continues with an entry; none when it does not.
pub(super) fn split_entry(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (lengths, rest) = body.split_first_chunk::<8>()?;
    let (json, rest) = rest.split_at_checked(le_u32(&lengths[..4]) as usize)?;
    let (crop, rest) = rest.split_at_checked(le_u32(&lengths[4..]) as usize)?;
    Some((json, crop, rest))
}

fn le_u32(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}
