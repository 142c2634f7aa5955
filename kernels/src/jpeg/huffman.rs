//! Huffman tables, as a lookup by the next bits.

use super::bits::Bits;

/// Bits that the lookup goes by; few codes in use are longer.
const LOOK: u32 = 11;

/// The bits of an entry: how many bits the code takes, the run of zeros before the value, the value's size in bits.
/// A code has at least one bit, so an entry of 0 is none.
const LENGTH: u32 = 0x1F;
const RUN_SHIFT: u32 = 8;
const SIZE_SHIFT: u32 = 12;

/// A decoding table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    lookup: Box<[u16; 1 << LOOK]>,
    /// For each code length: one more than its highest code, left-aligned to 16 bits; 0 where there is none.
    ends: [u32; 17],
    /// For each code length: the index of its first symbol less its first code.
    offsets: [i32; 17],
    symbols: [u8; 256],
    counts: [u8; 16],
}

/// A run of zeros and the value after it. A value of 0 ends the block, but for a run of 15, which is 16 zeros.
pub(super) struct Step {
    pub(super) run: usize,
    pub(super) value: i32,
}

impl Table {
    /// Builds a table from the number of codes of each length and their symbols; `None` where no such code exists.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8], is_dc: bool) -> Option<Self> {
        // A size of 16 is lossless coding's, and a DC symbol has no run.
        if symbols.len() > 256 || (is_dc && symbols.iter().any(|symbol| *symbol > 15)) {
            return None;
        }
        let mut table = Self {
            lookup: Box::new([0; 1 << LOOK]),
            ends: [0; 17],
            offsets: [0; 17],
            symbols: [0; 256],
            counts: *counts,
        };
        table.symbols[..symbols.len()].copy_from_slice(symbols);
        let (mut code, mut index) = (0u32, 0usize);
        for (length, count) in (1u32..).zip(counts) {
            table.offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..*count {
                if code >= 1 << length {
                    return None;
                }
                table.enter(code, length, symbols[index]);
                code += 1;
                index += 1;
            }
            table.ends[length as usize] = if *count > 0 { code << (16 - length) } else { 0 };
            code <<= 1;
        }
        Some(table)
    }

    /// Fills the entries that begin with this code.
    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        if length > LOOK {
            return;
        }
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        let rest = LOOK - length;
        let first = (code << rest) as usize;
        self.lookup[first..first + (1 << rest)].fill((run << RUN_SHIFT | size << SIZE_SHIFT | length) as u16);
    }

    /// Decodes the next symbol with its value; `None` where no code begins like this.
    ///
    /// Code and value are taken one after the other, without asking whether both would have fitted one lookup: on
    /// photos of high quality that question is a coin's toss, and a wrong guess costs more than the second step.
    #[inline]
    pub(super) fn step(&self, bits: &mut Bits, data: &[u8]) -> Option<Step> {
        bits.refill(data);
        let entry = u32::from(self.lookup[bits.peek(LOOK) as usize]);
        let (run, size) = if entry != 0 {
            bits.consume(entry & LENGTH);
            (entry >> RUN_SHIFT & 15, entry >> SIZE_SHIFT & 15)
        } else {
            let symbol = u32::from(self.long_symbol(bits)?);
            (symbol >> 4, symbol & 15)
        };
        let value = extend(bits.peek(size), size);
        bits.consume(size);
        Some(Step { run: run as usize, value })
    }

    /// The code that 16 bits begin with: its length and its symbol.
    pub(super) fn find(&self, code: u32) -> Option<(u32, u8)> {
        let length = (1..=16).find(|length| code < self.ends[*length as usize])?;
        let index = (code >> (16 - length)).cast_signed() + self.offsets[length as usize];
        Some((length, self.symbols.get(usize::try_from(index).ok()?).copied()?))
    }

    /// As the shader takes it: the number of codes of each length, then the symbols, 272 bytes.
    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        self.counts.iter().chain(&self.symbols).copied()
    }

    /// Walks through the lengths beyond the lookup's.
    #[cold]
    fn long_symbol(&self, bits: &mut Bits) -> Option<u8> {
        let code = bits.peek(16);
        let length = (LOOK + 1..=16).find(|length| code < self.ends[*length as usize])?;
        bits.consume(length);
        let index = (code >> (16 - length)).cast_signed() + self.offsets[length as usize];
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }
}

/// The signed value of `size` extra bits (T.81, F.2.2.1): those with a leading zero are negative.
#[inline]
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    // 1 << size >> 1 is the leading bit, and 0 for a size of 0, below which nothing lies: no branch is needed.
    let is_negative = u32::from(bits < (1 << size >> 1));
    (bits.wrapping_sub(is_negative.wrapping_neg() & ((1 << size) - 1))).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_extend_as_in_the_standard() {
        assert_eq!([0, 1].map(|bits| extend(bits, 1)), [-1, 1]);
        assert_eq!([0, 1, 2, 3].map(|bits| extend(bits, 2)), [-3, -2, 2, 3]);
        assert_eq!((extend(0, 0), extend(0, 15), extend(32_767, 15)), (0, -32_767, 32_767));
    }

    #[test]
    fn impossible_tables_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Table::new(&counts, &[0, 1, 2], true).is_none());
        counts[0] = 1;
        assert!(Table::new(&counts, &[0x11], true).is_none());
        assert!(Table::new(&counts, &[0x11], false).is_some());
    }

    #[test]
    fn codes_of_every_length_are_found() {
        // One code of each length: 0, 10, 110, … with the sizes 0 to 15.
        let symbols: Vec<u8> = (0..16).collect();
        let table = Table::new(&[1; 16], &symbols, true).unwrap();
        for size in 0..16u32 {
            // Ones as the code's prefix, a zero, then `size` extra bits of one.
            let code = ((1u64 << size) - 1) << 1;
            let word = code << size | ((1u64 << size) - 1);
            let length = 2 * size + 1;
            let data = (word << (64 - length)).to_be_bytes();
            // No stuffing wanted here: keep clear of 0xFF.
            if data.contains(&0xFF) {
                continue;
            }
            let step = table.step(&mut Bits::new(0), &data).unwrap();
            assert_eq!((step.run, step.value), (0, (1 << size) - 1), "size {size}");
        }
        assert!(table.step(&mut Bits::new(0), &[0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0]).is_none());
    }
}
