//! Walking through the batches of a segment: quickly by their headers, and thoroughly after a restart.

use std::fs::File;
use std::io;

use super::batch::{BatchHeader, HEADER_BYTES};
use super::disk::read_at;

/// How much is read at once.
const WINDOW: usize = 64 << 10;

/// How many bytes are summed while looking for whole batches behind damaged bytes. Records may hold what looks like
/// headers, each of which costs a checksum: were they many, the damage would be taken for real rather than looked
/// into for hours.
const MAX_SUMMED: u64 = 4 << 30;

/// Calls `visit` with each header from a position on, and with where it lies, until it says to stop or `end` is
/// reached. `from` and `end` must be the borders of batches that were checked before.
pub(super) fn headers(
    file: &File,
    from: u64,
    end: u64,
    mut visit: impl FnMut(u64, &BatchHeader) -> bool,
) -> io::Result<()> {
    let mut window = vec![0; WINDOW.min(usize::try_from(end.saturating_sub(from)).unwrap_or(WINDOW))];
    let (mut position, mut start, mut filled) = (from, from, 0);
    while position < end {
        let at = (position - start) as usize;
        if at + HEADER_BYTES > filled {
            start = position;
            filled = read_at(file, &mut window, position)?;
        }
        let at = (position - start) as usize;
        let header = BatchHeader::parse(&window[at.min(filled)..filled]).map_err(|fault| {
            io::Error::new(io::ErrorKind::InvalidData, format!("batch at byte {position}: {fault}"))
        })?;
        if !visit(position, &header) {
            return Ok(());
        }
        position += header.length as u64;
    }
    Ok(())
}

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// With its last whole batch.
    Clean,
    /// With the beginning of a batch that was never completed, of this many bytes.
    Torn(u64),
    /// Not where it stops: whole later batches lie behind damaged bytes. The last of them ends after so many `bytes`, with
    /// the record before the offset `next`.
    Damaged { bytes: u64, next: u64 },
}

/// Where the whole batches of a segment end, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    /// The position behind the last whole batch.
    pub(super) position: u64,
    /// The offset behind it.
    pub(super) next: u64,
    pub(super) tail: Tail,
}

/// Reads every batch from a position on and checks its checksum and its place in the sequence of offsets. What lies
/// behind the last batch may be zeros (set aside), or older batches with smaller offsets (a recycled file).
pub(super) fn batches(file: &File, from: u64, next: u64, visit: impl FnMut(u64, &BatchHeader)) -> io::Result<Scan> {
    let length = file.metadata()?.len();
    let (position, next) = whole_batches(file, from, length, next, visit)?;
    let tail = match last_end(file, position, length, next)? {
        (end, next) if end > position => Tail::Damaged { bytes: end - position, next },
        _ => torn(file, position, length, next)?,
    };
    Ok(Scan { position, next, tail })
}

/// Checks the batches from one position to another as [`batches`] does; gives the position and the offset behind the
/// last that is whole and in its place.
pub(super) fn whole_batches(
    file: &File,
    from: u64,
    to: u64,
    next: u64,
    mut visit: impl FnMut(u64, &BatchHeader),
) -> io::Result<(u64, u64)> {
    let (mut position, mut next) = (from, next);
    let mut batch = Vec::new();
    while let Some(header) = whole(file, position, to, &mut batch)?.filter(|header| header.base_offset == next) {
        visit(position, &header);
        position += header.length as u64;
        next = header.end_offset();
    }
    Ok((position, next))
}

/// The batch at a position, if it is all there and its checksum fits.
fn whole(file: &File, position: u64, length: u64, batch: &mut Vec<u8>) -> io::Result<Option<BatchHeader>> {
    batch.resize(HEADER_BYTES, 0);
    if read_at(file, batch, position)? < HEADER_BYTES {
        return Ok(None);
    }
    let Ok(header) = BatchHeader::parse(batch) else { return Ok(None) };
    if header.length as u64 > length.saturating_sub(position) {
        return Ok(None);
    }
    batch.resize(header.length, 0);
    let rest = read_at(file, &mut batch[HEADER_BYTES..], position + HEADER_BYTES as u64)?;
    Ok((rest + HEADER_BYTES == header.length && header.fits(batch)).then_some(header))
}

/// The position and the offset behind the last whole batch of this segment that lies anywhere behind a position; those
/// that were given where there is none.
fn last_end(file: &File, position: u64, length: u64, next: u64) -> io::Result<(u64, u64)> {
    let (mut from, mut last) = (position + 1, (position, next));
    while let Some(end) = later_batch(file, from, length, last.1)? {
        (from, last) = (end.0, end);
    }
    Ok(last)
}

/// The next whole batch of this segment that lies anywhere behind a position, one with a later offset: the position
/// and the offset behind it. Where it would take too long to know, the end of the file is given.
fn later_batch(file: &File, from: u64, length: u64, next: u64) -> io::Result<Option<(u64, u64)>> {
    let mut window = vec![0; WINDOW];
    let (mut batch, mut summed) = (Vec::new(), 0);
    let mut start = from;
    while start + HEADER_BYTES as u64 <= length {
        let filled = read_at(file, &mut window, start)?;
        if window[..filled].iter().any(|&byte| byte != 0) {
            for at in 0..filled.saturating_sub(HEADER_BYTES - 1) {
                let head = &window[at..filled];
                // The format version is looked at first: that leaves next to nothing.
                if head[16] != 2 {
                    continue;
                }
                let Ok(header) = BatchHeader::parse(head) else { continue };
                let position = start + at as u64;
                if header.base_offset < next || header.length as u64 > length - position {
                    continue;
                }
                summed += header.length as u64;
                if summed > MAX_SUMMED {
                    return Ok(Some((length, next)));
                }
                if whole(file, position, length, &mut batch)?.is_some() {
                    return Ok(Some((position + header.length as u64, header.end_offset())));
                }
            }
        }
        // Windows overlap by a header, so that none is cut in two.
        start += (filled + 1 - HEADER_BYTES.min(filled)) as u64;
    }
    Ok(None)
}

/// Whether the batch that belongs at the end was begun.
fn torn(file: &File, position: u64, length: u64, next: u64) -> io::Result<Tail> {
    let mut head = [0; HEADER_BYTES];
    let filled = read_at(file, &mut head, position)?;
    let begun = filled >= 12 && head[..8] == next.to_be_bytes() && head[8..12] != [0; 4];
    if !begun {
        return Ok(Tail::Clean);
    }
    let stated = 12 + u64::from(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
    Ok(Tail::Torn(stated.min(length - position)))
}
