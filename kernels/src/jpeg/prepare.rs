//! What the CPU does of a file before many threads decode it: headers read, stuffing and markers taken out.
//!
//! The bytes have to be copied into upload memory in any case. Leaving out the zeros stuffed after 0xFF and the restart
//! markers during that copy costs one search for 0xFF and spares the GPU two passes and every thread a test a byte.

use memchr::memchr;

use super::Orientation;
use super::header::Header;
use crate::error::{Error, Result};

/// The most entropy-coded bytes a photo may have: bits are counted in 32 bits, with room to step beyond the end.
const MAX_CODED_BYTES: usize = 1 << 28;

/// A file whose entropy-coded data can be started upon anywhere.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) header: Header,
    pub(super) orientation: Orientation,
    /// The data of all restart intervals, one after the other; all of it is one where there are no markers.
    pub(super) coded: Vec<u8>,
    /// Where each interval ends in `coded`, strictly rising.
    pub(super) ends: Vec<u32>,
}

impl Prepared {
    /// Fills `coded`, an empty buffer.
    ///
    /// Fails as [`JpegDecoder::open`](super::JpegDecoder::open) does, and where restart intervals are missing, empty or
    /// out of order, of which the sequential decoder makes what can be made.
    pub(super) fn new(file: &[u8], orientation: Orientation, max_pixels: u64, coded: Vec<u8>) -> Result<Self> {
        let header = Header::parse(file)?;
        let pixels = header.width as u64 * header.height as u64;
        if pixels > max_pixels {
            return Err(Error::TooManyPixels { pixels, limit: max_pixels });
        }
        if file.len() - header.scan_start > MAX_CODED_BYTES {
            return Err(Error::JpegUnsupported { feature: "files of more than 256 MiB" });
        }
        let mut prepared = Self { header, orientation, coded, ends: Vec::new() };
        prepared.collect(file).ok_or(Error::Jpeg { reason: "restart intervals are missing or out of order" })?;
        Ok(prepared)
    }

    /// MCUs of the picture.
    pub(super) fn mcus(&self) -> usize {
        let (across, down) = self.header.mcus();
        across * down
    }

    /// Blocks of the picture.
    pub(super) fn blocks(&self) -> usize {
        self.mcus() * self.header.slots()
    }

    /// Blocks of every interval but the last, which may have fewer.
    pub(super) fn interval_blocks(&self) -> usize {
        match self.header.restart_interval {
            0 => self.blocks(),
            mcus => mcus.min(self.mcus()) * self.header.slots(),
        }
    }

    /// Collects all intervals that the header announces; `None` where one is not as it should be.
    fn collect(&mut self, file: &[u8]) -> Option<()> {
        let count = self.blocks().div_ceil(self.interval_blocks());
        let mut at = self.header.scan_start;
        self.coded.reserve(file.len() - at);
        for index in 0..count {
            if index > 0 {
                let (number, behind) = next_restart(file, at)?;
                if usize::from(number) != (index - 1) % 8 {
                    return None;
                }
                at = behind;
            }
            let start = self.coded.len();
            at = copy_interval(file, at, &mut self.coded);
            if self.coded.len() == start {
                return None;
            }
            self.ends.push(self.coded.len() as u32);
        }
        Some(())
    }
}

/// Copies up to the next marker, without stuffing; returns where that marker is, or the end of the file.
fn copy_interval(file: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    loop {
        let rest = file.get(at..).unwrap_or_default();
        let Some(found) = memchr(0xFF, rest) else {
            out.extend_from_slice(rest);
            return file.len();
        };
        if rest.get(found + 1) != Some(&0) {
            out.extend_from_slice(&rest[..found]);
            return at + found;
        }
        out.extend_from_slice(&rest[..=found]);
        at += found + 2;
    }
}

/// The number of the next restart marker and where it ends; `None` where another marker or the end comes first.
fn next_restart(file: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr(0xFF, file.get(at..)?)?;
        match *file.get(at + 1)? {
            0 => at += 2,
            0xFF => at += 1,
            marker @ 0xD0..=0xD7 => return Some((marker - 0xD0, at + 2)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_goes_and_markers_end_intervals() {
        let file = [1, 0xFF, 0, 2, 0xFF, 0xFF, 0xD3, 3, 0xFF];
        let mut out = Vec::new();
        assert_eq!(copy_interval(&file, 0, &mut out), 4);
        assert_eq!(out, [1, 0xFF, 2]);
        assert_eq!(next_restart(&file, 4), Some((3, 7)));
        assert_eq!(copy_interval(&file, 7, &mut out), 8);
        assert_eq!(out, [1, 0xFF, 2, 3]);
        assert_eq!(next_restart(&file, 8), None);
        assert_eq!(copy_interval(&file, 20, &mut out), 9);
    }
}
