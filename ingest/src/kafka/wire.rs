//! The primitive types of the protocol, read within bounds and written plainly (Kafka protocol guide, "Protocol
//! Primitive Types").

use std::ops::Range;

/// A cursor over a frame; every read is `None` when the bytes run out or cannot be meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether strings, bytes and arrays have compact lengths, and structures end with tagged fields.
    flexible: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], flexible: bool) -> Self {
        Self { bytes, at: 0, flexible }
    }

    /// The same cursor over what follows, in the other encoding.
    pub(super) fn with_flexible(self, flexible: bool) -> Self {
        Self { flexible, ..self }
    }

    /// Where the next byte lies.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Passes over some bytes, and says where they lie.
    pub(super) fn skip(&mut self, count: usize) -> Option<Range<usize>> {
        let begin = self.at;
        self.at = begin.checked_add(count).filter(|&end| end <= self.bytes.len())?;
        Some(begin..self.at)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let range = self.skip(N)?;
        self.bytes[range].try_into().ok()
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.fixed().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.fixed().map(i32::from_be_bytes)
    }

    fn unsigned(&mut self) -> Option<u32> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let [byte] = self.fixed()?;
            // The fifth byte has only the top four bits.
            if shift == 28 && byte > 0x0f {
                return None;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A length where `None` is the protocol's null; `short` is the width of a string's length in the older encoding.
    fn length(&mut self, short: bool) -> Option<Option<usize>> {
        let length = match (self.flexible, short) {
            (true, _) => i64::from(self.unsigned()?) - 1,
            (false, true) => i64::from(self.i16()?),
            (false, false) => i64::from(self.i32()?),
        };
        match length {
            -1 => Some(None),
            length => usize::try_from(length).ok().map(Some),
        }
    }

    /// A string that may be null.
    pub(super) fn string(&mut self) -> Option<Option<Range<usize>>> {
        match self.length(true)? {
            None => Some(None),
            Some(length) => {
                let range = self.skip(length)?;
                std::str::from_utf8(&self.bytes[range.clone()]).ok()?;
                Some(Some(range))
            }
        }
    }

    /// Bytes that may be null.
    pub(super) fn blob(&mut self) -> Option<Option<Range<usize>>> {
        match self.length(false)? {
            None => Some(None),
            Some(length) => self.skip(length).map(Some),
        }
    }

    /// How many elements an array has; no more than there are bytes left, for each takes at least one.
    pub(super) fn array(&mut self) -> Option<Option<usize>> {
        match self.length(false)? {
            None => Some(None),
            Some(count) => (count <= self.left()).then_some(Some(count)),
        }
    }

    /// Passes over the tagged fields that end a structure in the flexible encoding.
    pub(super) fn tags(&mut self) -> Option<()> {
        if !self.flexible {
            return Some(());
        }
        let count = self.unsigned()?;
        for _ in 0..count {
            self.unsigned()?;
            let length = self.unsigned()?;
            self.skip(length as usize)?;
        }
        Some(())
    }
}

/// Writes a response that is laid out by hand: the two with records in or behind them, produce and fetch.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    flexible: bool,
}

impl Writer {
    /// Begins a frame with its header.
    pub(super) fn frame(correlation: i32, flexible: bool, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&correlation.to_be_bytes());
        let mut writer = Self { bytes, flexible };
        writer.tags();
        writer
    }

    /// The whole frame, with its length in front.
    pub(super) fn finish(mut self) -> Vec<u8> {
        seal(&mut self.bytes);
        self.bytes
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    fn unsigned(&mut self, value: u32) {
        let mut rest = value;
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// The length of an array, or of bytes that follow; both are within a frame and fit 31 bits.
    pub(super) fn count(&mut self, count: usize) {
        if self.flexible { self.unsigned(count as u32 + 1) } else { self.i32(count as i32) }
    }

    pub(super) fn string(&mut self, text: &[u8]) {
        if self.flexible {
            self.unsigned(text.len() as u32 + 1);
        } else {
            self.i16(text.len() as i16);
        }
        self.bytes.extend_from_slice(text);
    }

    pub(super) fn null_string(&mut self) {
        if self.flexible { self.bytes.push(0) } else { self.i16(-1) }
    }

    /// No tagged fields.
    pub(super) fn tags(&mut self) {
        if self.flexible {
            self.bytes.push(0);
        }
    }
}

/// Sets the length in front of a frame; frames are bounded far below 31 bits.
pub(super) fn seal(frame: &mut [u8]) {
    let length = (frame.len() - 4) as i32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
}
