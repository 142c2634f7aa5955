//! Decoding a chunk: the twin of `run` in entropy.wgsl.

use super::CHUNK_BITS;
use crate::jpeg::header::Header;
use crate::jpeg::huffman::extend;
use crate::jpeg::prepare::Prepared;

/// What is to be decoded.
pub(super) struct Coder<'a> {
    header: &'a Header,
    coded: &'a [u8],
    ends: &'a [u32],
    /// The component of each block of an MCU.
    slots: Vec<usize>,
    blocks: u32,
    interval_blocks: u32,
}

/// What the next bits mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) bit: u32,
    /// The block of the MCU.
    slot: usize,
    /// The place in the block, in zigzag order; 0 before the DC coefficient.
    index: usize,
    interval: usize,
}

/// What a chunk adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Whether an interval began here, so that the rest counts from the picture's beginning and not the chunk's.
    is_absolute: bool,
    /// Blocks ended.
    blocks: u32,
    /// Sums of the DC differences of each component.
    dc: [i32; 3],
}

impl Tally {
    /// What both add up to, one after the other.
    pub(super) fn then(self, next: Self) -> Self {
        if next.is_absolute {
            return next;
        }
        let dc = [0, 1, 2].map(|component| self.dc[component].wrapping_add(next.dc[component]));
        Self { is_absolute: self.is_absolute, blocks: self.blocks.wrapping_add(next.blocks), dc }
    }
}

/// A chunk: what it was begun with, what it ended in, what it adds up to.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) entry: Cursor,
    pub(super) exit: Cursor,
    pub(super) tally: Tally,
    /// Where the next chunk begins.
    stop: u32,
}

impl Chunk {
    pub(super) fn new(entry: Cursor, stop: u32) -> Self {
        Self { entry, exit: entry, tally: Tally::default(), stop }
    }

    /// Decodes from the entry, for the exit and the tally.
    pub(super) fn run(&mut self, coder: &Coder<'_>) {
        (self.exit, self.tally) = (self.entry, Tally::default());
        coder.run(&mut self.exit, &mut self.tally, self.stop, None);
    }

    /// Decodes once more, from the place that the tally now is, and hands over block, index and value of every
    /// coefficient; returns whether all blocks that had to be there were.
    pub(super) fn write(&self, coder: &Coder<'_>, mut put: impl FnMut(u32, usize, i32)) -> bool {
        let mut is_whole = true;
        let mut write = |written: Option<(u32, usize, i32)>| match written {
            Some((block, index, value)) => put(block, index, value),
            None => is_whole = false,
        };
        let (mut at, mut tally) = (self.entry, self.tally);
        coder.run(&mut at, &mut tally, self.stop, Some(&mut write));
        is_whole
    }
}

/// Takes a coefficient, or the news that one is missing.
type Write<'w> = &'w mut dyn FnMut(Option<(u32, usize, i32)>);

impl<'a> Coder<'a> {
    pub(super) fn new(prepared: &'a Prepared) -> Self {
        let components = prepared.header.components.iter().enumerate();
        Self {
            header: &prepared.header,
            coded: &prepared.coded,
            ends: &prepared.ends,
            slots: components.flat_map(|(index, c)| std::iter::repeat_n(index, c.h * c.v)).collect(),
            blocks: prepared.blocks() as u32,
            interval_blocks: prepared.interval_blocks() as u32,
        }
    }

    pub(super) fn bits(&self) -> u32 {
        self.coded.len() as u32 * 8
    }

    /// The guess that a block of the first component begins at a bit.
    pub(super) fn guess(&self, bit: u32) -> Cursor {
        Cursor { bit, slot: 0, index: 0, interval: self.ends.partition_point(|end| end * 8 <= bit) }
    }

    /// Decodes up to `stop`. Every turn of the loop ends an interval or takes a bit at least, so it ends.
    fn run(&self, at: &mut Cursor, tally: &mut Tally, stop: u32, mut write: Option<Write<'_>>) {
        while let Some(end) = self.ends.get(at.interval).map(|end| end * 8) {
            let limit = self.blocks.min((at.interval as u32 + 1) * self.interval_blocks);
            if at.bit >= end {
                if let Some(write) = write.as_mut().filter(|_| tally.blocks < limit) {
                    write(None);
                }
                *at = Cursor { bit: end, slot: 0, index: 0, interval: at.interval + 1 };
                let blocks = at.interval as u32 * self.interval_blocks;
                *tally = Tally { is_absolute: true, blocks, dc: [0; 3] };
            } else if at.bit >= stop {
                return;
            } else if write.is_some() && tally.blocks >= limit {
                // What follows the last block of an interval is filling.
                at.bit = end;
            } else {
                self.step(at, tally, end, &mut write);
            }
        }
    }

    /// Takes a code and its value. Bits that are no code are passed over one by one, until they are one again.
    fn step(&self, at: &mut Cursor, tally: &mut Tally, end: u32, write: &mut Option<Write<'_>>) {
        let mut put = |written| {
            if let Some(write) = write {
                write(written);
            }
        };
        let component = self.slots[at.slot];
        let tables = &self.header.components[component];
        let window = self.window(at.bit);
        let table = if at.index == 0 { &tables.dc } else { &tables.ac };
        let Some((length, symbol)) = table.find(window >> 16) else {
            put(None);
            at.bit += 1;
            return;
        };
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        at.bit += length + size;
        if at.bit > end {
            // Cut off in its middle: it does not count.
            at.bit = end;
            return;
        }
        let value = extend((u64::from(window) << length << size >> 32 & ((1 << size) - 1)) as u32, size);
        if at.index == 0 {
            tally.dc[component] = tally.dc[component].wrapping_add(value);
            put(Some((tally.blocks, 0, tally.dc[component])));
            at.index = 1;
        } else if size == 0 {
            at.index = if run < 15 { 64 } else { at.index + 16 };
        } else {
            at.index += run;
            put((at.index < 64).then_some((tally.blocks, at.index, value)));
            at.index += 1;
        }
        if at.index >= 64 {
            (at.index, at.slot) = (0, (at.slot + 1) % self.slots.len());
            tally.blocks += 1;
        }
    }

    /// The 32 bits from `bit` on; zeros behind the end.
    fn window(&self, bit: u32) -> u32 {
        let first = bit as usize / 8;
        let bytes: [u8; 8] = std::array::from_fn(|i| self.coded.get(first + i).copied().unwrap_or(0));
        (u64::from_be_bytes(bytes) >> (32 - bit % 8)) as u32
    }
}

const _: () = assert!(CHUNK_BITS.is_multiple_of(32));
