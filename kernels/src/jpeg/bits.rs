//! The bits of a scan, without the zeros stuffed after 0xFF.

/// A place among the bits. The data are handed in with every call, so that a place can be kept and gone back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits {
    /// The next byte to be taken.
    at: usize,
    /// The bits taken, from the highest down, with zeros after them.
    held: u64,
    /// How many of them there are.
    count: u32,
    /// How many of those lie beyond the end and were made up.
    invented: u32,
}

impl Bits {
    /// The bits from byte `at` on.
    pub(super) fn new(at: usize) -> Self {
        Self { at, held: 0, count: 0, invented: 0 }
    }

    /// Sees to at least 32 bits: enough for the longest code (16) and the most extra bits (15).
    #[inline]
    pub(super) fn refill(&mut self, data: &[u8]) {
        if self.count >= 32 {
            return;
        }
        if let Some(four) = data.get(self.at..).and_then(|rest| rest.first_chunk::<4>()) {
            let word = u32::from_be_bytes(*four);
            // Has a byte of ones, i.e. has the complement a byte of zeros.
            if (!word).wrapping_sub(0x0101_0101) & word & 0x8080_8080 == 0 {
                self.held |= u64::from(word) << (32 - self.count);
                self.count += 32;
                self.at += 4;
                return;
            }
        }
        self.refill_bytewise(data);
    }

    #[cold]
    fn refill_bytewise(&mut self, data: &[u8]) {
        while self.count <= 56 {
            let byte = match (data.get(self.at), data.get(self.at + 1)) {
                (Some(0xFF), Some(0)) => {
                    self.at += 2;
                    0xFF
                }
                (Some(byte), _) if *byte != 0xFF => {
                    self.at += 1;
                    *byte
                }
                // A marker, or the end: zeros from here on.
                _ => {
                    self.invented += 64 - self.count;
                    self.count = 64;
                    return;
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next `count` (at most 16) bits, which a refill has seen to.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> u32 {
        // In two steps, since a shift by 64 does not exist.
        (self.held >> 1 >> (63 - count)) as u32
    }

    /// Goes on by `count` bits.
    #[inline]
    pub(super) fn consume(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
    }

    /// Whether bits beyond the end were used.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.count < self.invented
    }

    /// Drops what is left of an interval and goes on after the next restart marker. Returns its number, `None` where
    /// another marker or the end comes first; then the place stays before that.
    pub(super) fn restart(&mut self, data: &[u8]) -> Option<u8> {
        *self = Self::new(self.at);
        // What is held may have been read from before the marker, but never from behind it.
        loop {
            let rest = data.get(self.at..)?;
            self.at += rest.iter().position(|byte| *byte == 0xFF)?;
            match *data.get(self.at + 1)? {
                0 => self.at += 2,
                0xFF => self.at += 1,
                marker @ 0xD0..=0xD7 => {
                    self.at += 2;
                    return Some(marker - 0xD0);
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_is_taken_out_and_markers_end_the_bits() {
        let data = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD3, 0x56, 0x78];
        let mut bits = Bits::new(0);
        bits.refill(&data);
        assert_eq!((bits.peek(8), bits.peek(16), bits.peek(0)), (0x12, 0x12FF, 0));
        bits.consume(16);
        assert_eq!(bits.peek(8), 0x34);
        bits.consume(8);
        assert!(!bits.is_overdrawn());
        bits.refill(&data);
        assert_eq!(bits.peek(16), 0);
        bits.consume(1);
        assert!(bits.is_overdrawn());
        assert_eq!(bits.restart(&data), Some(3));
        bits.refill(&data);
        assert_eq!(bits.peek(16), 0x5678);
        assert_eq!(bits.restart(&data), None);
    }

    #[test]
    fn words_without_stuffing_are_taken_whole() {
        let data: Vec<u8> = (0..64).collect();
        let mut bits = Bits::new(0);
        for expected in 0..64 {
            bits.refill(&data);
            assert_eq!(bits.peek(8), expected);
            bits.consume(8);
        }
        assert!(!bits.is_overdrawn());
    }
}
