//! Finding out, after whatever happened, how far a journal goes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::frame::{self, Body, MARKER};
use super::{Resumed, header};
use crate::error::{Error, Result};

/// Bytes searched at once for a later frame.
const WINDOW: usize = 64 << 10;

/// A journal's state.
pub(super) struct Found {
    pub(super) resumed: Resumed,
    /// End of the last whole frame.
    pub(super) len: u64,
}

/// Reads every frame; what follows the last whole one is a torn tail if no whole frame is in it.
pub(super) fn scan(file: &mut File, path: &Path) -> Result<Found> {
    let file_len = file.metadata().map_err(Error::io("inspect", path))?.len();
    let mut input = BufReader::with_capacity(WINDOW, file);
    let (run_info, mut len) = header::read(&mut input, path)?;
    let mut resumed = Resumed { end: 0, digest: [0; 32], run_info, entries: 0, truncated_bytes: 0 };
    let mut body = Vec::new();
    while frame::read_body(&mut input, len, file_len, &mut body).map_err(Error::io("read", path))? {
        let frame = check(&body).map_err(|why| Error::Malformed { path: path.to_path_buf(), offset: len, why })?;
        resumed.end = frame.end;
        resumed.digest = frame.digest;
        resumed.entries += u64::from(frame.entries);
        len += (frame::HEAD_BYTES + body.len()) as u64;
    }
    resumed.truncated_bytes = file_len.saturating_sub(len);
    let later = later_frame(input.get_mut(), len, file_len, &mut body).map_err(Error::io("read", path))?;
    if later { Err(Error::Corrupt { path: path.to_path_buf(), offset: len }) } else { Ok(Found { resumed, len }) }
}

/// Checks that a body's entries fill it exactly.
fn check(body: &[u8]) -> Result<Body, &'static str> {
    let frame = Body::parse(body).ok_or("its body is too short")?;
    let mut rest = &body[Body::FIXED_BYTES..];
    for _ in 0..frame.entries {
        rest = frame::split_entry(rest).ok_or("an entry goes over its end")?.2;
    }
    if rest.is_empty() { Ok(frame) } else { Err("bytes are left after its last entry") }
}

/// Whether a whole frame starts anywhere after byte `from`.
fn later_frame(file: &mut File, from: u64, file_len: u64, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut window = Vec::with_capacity(WINDOW);
    let mut start = from + 1;
    while start < file_len {
        file.seek(SeekFrom::Start(start))?;
        window.clear();
        (&mut *file).take(WINDOW as u64).read_to_end(&mut window)?;
        for (at, _) in window.windows(MARKER.len()).enumerate().filter(|(_, bytes)| *bytes == MARKER) {
            let offset = start + at as u64;
            file.seek(SeekFrom::Start(offset))?;
            if frame::read_body(file, offset, file_len, body)? {
                return Ok(true);
            }
        }
        // Windows overlap by a marker less one byte, so that none is missed across their border.
        start += (WINDOW - (MARKER.len() - 1)) as u64;
    }
    Ok(false)
}
