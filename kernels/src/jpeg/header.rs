//! The markers before the entropy-coded data (ITU-T T.81, annex B).

use std::sync::Arc;

use super::huffman::Table;
use crate::error::{Error, Result};
use crate::image::MAX_SIDE;

/// Everything that decoding needs to know of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) width: usize,
    pub(super) height: usize,
    /// One (grey) or three (luma, two chromas).
    pub(super) components: Vec<Component>,
    /// MCUs between two restart markers; 0 where there are none.
    pub(super) restart_interval: usize,
    /// Where the entropy-coded data begin.
    pub(super) scan_start: usize,
}

/// A component and the tables it is coded with. Chromas mostly share theirs, which keeps them in the nearest cache.
#[derive(Debug)]
pub(super) struct Component {
    /// Blocks an MCU, horizontally and vertically.
    pub(super) h: usize,
    pub(super) v: usize,
    /// Quantisation steps in zigzag order.
    pub(super) quant: [i32; 64],
    pub(super) dc: Arc<Table>,
    pub(super) ac: Arc<Table>,
}

/// A component as the frame header names it.
struct Named {
    id: u8,
    h: usize,
    v: usize,
    quant: usize,
}

#[derive(Default)]
struct Parser<'a> {
    data: &'a [u8],
    at: usize,
    size: Option<(usize, usize)>,
    named: Vec<Named>,
    quants: [Option<[i32; 64]>; 4],
    dc: [Option<Arc<Table>>; 4],
    ac: [Option<Arc<Table>>; 4],
    restart_interval: usize,
    /// The transform byte of Adobe's segment.
    adobe: Option<u8>,
    has_jfif: bool,
}

const fn broken(reason: &'static str) -> Error {
    Error::Jpeg { reason }
}

impl Header {
    /// MCUs a row, and rows of them.
    pub(super) fn mcus(&self) -> (usize, usize) {
        let (h, v) = self.components.first().map_or((1, 1), |luma| (luma.h, luma.v));
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// Blocks an MCU: six at most.
    pub(super) fn slots(&self) -> usize {
        self.components.iter().map(|component| component.h * component.v).sum()
    }

    /// Reads the markers up to the first scan. Each is visited once, so the time is bounded by the file's length.
    pub(super) fn parse(data: &[u8]) -> Result<Self> {
        if !data.starts_with(&[0xFF, 0xD8]) {
            return Err(broken("it does not begin with the marker of a JPEG file"));
        }
        let mut parser = Parser { data, at: 2, ..Parser::default() };
        loop {
            let marker = parser.next_marker()?;
            match marker {
                0x01 | 0xD0..=0xD8 => continue,
                0xD9 => return Err(broken("it ends before the picture begins")),
                _ => {}
            }
            let segment = parser.segment()?;
            match marker {
                0xC0 | 0xC1 => parser.frame(segment)?,
                0xC4 => parser.huffman(segment)?,
                0xC2 => return Err(Error::JpegUnsupported { feature: "progressive files" }),
                0xC3 | 0xC5..=0xC7 => return Err(Error::JpegUnsupported { feature: "lossless or hierarchical files" }),
                0xC8..=0xCF => return Err(Error::JpegUnsupported { feature: "arithmetic coding" }),
                0xDB => parser.quantisation(segment)?,
                0xDC => return Err(Error::JpegUnsupported { feature: "files that give their height last" }),
                0xDD => parser.restart_interval = usize::from(word(segment, 0)?),
                0xE0 => parser.has_jfif |= segment.starts_with(b"JFIF"),
                0xEE if segment.starts_with(b"Adobe") => parser.adobe = segment.get(11).copied(),
                0xDA => return parser.scan(segment),
                _ => {}
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u16> {
    let pair = bytes.get(at..at + 2).ok_or(broken("a segment ends too early"))?;
    Ok(u16::from_be_bytes([pair[0], pair[1]]))
}

fn byte(bytes: &[u8], at: usize) -> Result<u8> {
    bytes.get(at).copied().ok_or(broken("a segment ends too early"))
}

impl<'a> Parser<'a> {
    /// Skips to the next marker, over what does not belong there.
    fn next_marker(&mut self) -> Result<u8> {
        loop {
            let rest = self.data.get(self.at..).unwrap_or_default();
            let skip = rest.iter().position(|byte| *byte == 0xFF).ok_or(broken("it ends within its headers"))?;
            self.at += skip + 1;
            match byte(self.data, self.at)? {
                0xFF => {}
                0 => self.at += 1,
                marker => {
                    self.at += 1;
                    return Ok(marker);
                }
            }
        }
    }

    /// The contents of the segment that begins here.
    fn segment(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(word(self.data, self.at)?);
        let whole = self.data.get(self.at + 2..self.at + length).ok_or(broken("a segment is longer than the file"))?;
        self.at += length;
        Ok(whole)
    }

    fn frame(&mut self, segment: &[u8]) -> Result<()> {
        if self.size.is_some() {
            return Err(broken("it has two frame headers"));
        }
        if byte(segment, 0)? != 8 {
            return Err(Error::JpegUnsupported { feature: "samples of more than 8 bits" });
        }
        let (height, width) = (usize::from(word(segment, 1)?), usize::from(word(segment, 3)?));
        if height == 0 {
            return Err(Error::JpegUnsupported { feature: "files that give their height last" });
        }
        if width == 0 {
            return Err(broken("its width is zero"));
        }
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(Error::TooLarge { what: "the photo", width, height });
        }
        for index in 0..usize::from(byte(segment, 5)?) {
            let at = 6 + index * 3;
            let (id, sampling) = (byte(segment, at)?, byte(segment, at + 1)?);
            let quant = usize::from(byte(segment, at + 2)?);
            self.named.push(Named { id, h: usize::from(sampling >> 4), v: usize::from(sampling & 15), quant });
        }
        self.size = Some((width, height));
        Ok(())
    }

    fn quantisation(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let mut table = [0; 64];
            for (index, step) in table.iter_mut().enumerate() {
                *step = if wide { i32::from(word(rest, index * 2)?) } else { i32::from(byte(rest, index)?) };
            }
            let slot = self.quants.get_mut(usize::from(head & 15)).ok_or(broken("a quantisation table has no slot"))?;
            *slot = Some(table);
            segment = &rest[if wide { 128 } else { 64 }..];
        }
        Ok(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((head, rest)) = segment.split_first() {
            let counts: &[u8; 16] = rest.first_chunk().ok_or(broken("a segment ends too early"))?;
            let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = rest.get(16..16 + total).ok_or(broken("a segment ends too early"))?;
            let is_dc = head >> 4 == 0;
            let table = Table::new(counts, symbols, is_dc).ok_or(broken("a Huffman table is impossible"))?;
            let slots = if is_dc { &mut self.dc } else { &mut self.ac };
            let slot = slots.get_mut(usize::from(head & 15)).ok_or(broken("a Huffman table has no slot"))?;
            *slot = Some(Arc::new(table));
            segment = &rest[16 + total..];
        }
        Ok(())
    }

    fn scan(mut self, segment: &[u8]) -> Result<Header> {
        let (width, height) = self.size.ok_or(broken("the picture comes before its frame header"))?;
        self.check_colours()?;
        let count = usize::from(byte(segment, 0)?);
        if count != self.named.len() {
            return Err(Error::JpegUnsupported { feature: "files of several scans" });
        }
        let mut components = Vec::with_capacity(count);
        for (index, named) in self.named.iter().enumerate() {
            if byte(segment, 1 + index * 2)? != named.id {
                return Err(broken("its scan names other components than its frame"));
            }
            let tables = byte(segment, 2 + index * 2)?;
            let table = |all: &[Option<Arc<Table>>; 4], slot: u8| all.get(usize::from(slot)).cloned().flatten();
            components.push(Component {
                // A single component has one block an MCU whatever its header says (A.2.2).
                h: if count == 1 { 1 } else { named.h },
                v: if count == 1 { 1 } else { named.v },
                quant: self
                    .quants
                    .get(named.quant)
                    .copied()
                    .flatten()
                    .ok_or(broken("a quantisation table is missing"))?,
                dc: table(&self.dc, tables >> 4).ok_or(broken("a Huffman table is missing"))?,
                ac: table(&self.ac, tables & 15).ok_or(broken("a Huffman table is missing"))?,
            });
        }
        check_sampling(&components)?;
        Ok(Header { width, height, components, restart_interval: self.restart_interval, scan_start: self.at })
    }

    /// Grey and YCbCr are done; which three components are, is guessed as libjpeg does.
    fn check_colours(&mut self) -> Result<()> {
        let ids: Vec<_> = self.named.iter().map(|named| named.id).collect();
        match (ids.as_slice(), self.adobe) {
            ([_], _) | ([_, _, _], Some(1..)) => Ok(()),
            ([b'R', b'G', b'B'], None) if !self.has_jfif => Err(Error::JpegUnsupported { feature: "RGB files" }),
            ([_, _, _], Some(0)) => Err(Error::JpegUnsupported { feature: "RGB files" }),
            ([_, _, _], None) => Ok(()),
            ([_, _, _, _], _) => Err(Error::JpegUnsupported { feature: "CMYK files" }),
            _ => Err(broken("it has an impossible number of components")),
        }
    }
}

fn check_sampling(components: &[Component]) -> Result<()> {
    let sampling: Vec<_> = components.iter().map(|component| (component.h, component.v)).collect();
    match sampling.as_slice() {
        [(1, 1)] | [(1..=2, 1..=2), (1, 1), (1, 1)] => Ok(()),
        _ => Err(Error::JpegUnsupported { feature: "subsampling other than 4:4:4, 4:2:2, 4:4:0 and 4:2:0" }),
    }
}
