//! The one pass over the entropy-coded data, row of MCUs by row, with places to come back to.

use super::bits::Bits;
use super::header::{Component, Header};

/// From zigzag order to row-major order (T.81, figure A.6).
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// A block's coefficients, dequantised. Those of sound files fit 16 bits; others wrap, and are any colour.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) values: [i16; 64],
    /// The highest index in zigzag order that is not zero.
    pub(super) last: usize,
}

impl Block {
    pub(super) const ZERO: Self = Self { values: [0; 64], last: 0 };
}

/// Where a block lies: its component, and its column and row in blocks, the row counted within the row of MCUs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) component: usize,
    pub(super) column: usize,
    pub(super) row: usize,
}

/// The state before an MCU. It is small and copied for every row of MCUs, which is what makes a second look at a few
/// rows cheap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    bits: Bits,
    predictions: [i32; 3],
    until_restart: usize,
    next_restart: u8,
    /// The interval, or what is left of the file where there are none, is lost; its blocks are grey.
    is_lost: bool,
    is_damaged: bool,
}

impl Place {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            bits: Bits::new(header.scan_start),
            predictions: [0; 3],
            until_restart: header.restart_interval,
            next_restart: 0,
            is_lost: false,
            is_damaged: false,
        }
    }

    /// Whether anything up to here could not be decoded.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Decodes a row of `mcus` MCUs and hands over each block, grey ones for what is lost.
    pub(super) fn row(&mut self, header: &Header, data: &[u8], mcus: usize, mut visit: impl FnMut(Spot, &Block)) {
        let mut block = Block::ZERO;
        for mcu in 0..mcus {
            self.begin_mcu(header, data);
            for (index, component) in header.components.iter().enumerate() {
                for part in 0..component.h * component.v {
                    if !self.is_lost && self.block(index, component, data, &mut block).is_none() {
                        self.lose();
                        block = Block::ZERO;
                    }
                    let column = mcu * component.h + part % component.h;
                    visit(Spot { component: index, column, row: part / component.h }, &block);
                    if block.last > 0 {
                        block.values.fill(0);
                    }
                    (block.values[0], block.last) = (0, 0);
                }
            }
            if !self.is_lost && self.bits.is_overdrawn() {
                self.lose();
            }
        }
    }

    fn lose(&mut self) {
        (self.is_lost, self.is_damaged) = (true, true);
    }

    fn begin_mcu(&mut self, header: &Header, data: &[u8]) {
        if header.restart_interval == 0 {
            return;
        }
        if self.until_restart == 0 {
            self.until_restart = header.restart_interval;
            self.predictions = [0; 3];
            match self.bits.restart(data) {
                Some(number) => {
                    // A wrong number means that intervals are missing; what follows is sound in itself.
                    self.is_damaged |= number != self.next_restart;
                    self.is_lost = false;
                    self.next_restart = (number + 1) % 8;
                }
                None => self.lose(),
            }
        }
        self.until_restart -= 1;
    }

    /// Decodes one block; `None` where the data cannot be such.
    #[inline]
    fn block(&mut self, index: usize, component: &Component, data: &[u8], block: &mut Block) -> Option<()> {
        let mut bits = self.bits;
        let difference = component.dc.step(&mut bits, data)?.value;
        let prediction = self.predictions[index].wrapping_add(difference);
        self.predictions[index] = prediction;
        block.values[0] = prediction.wrapping_mul(component.quant[0]) as i16;
        let mut at = 1;
        while at < 64 {
            let step = component.ac.step(&mut bits, data)?;
            if step.value == 0 {
                if step.run < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += step.run;
            if at > 63 {
                return None;
            }
            block.values[usize::from(ZIGZAG[at]) & 63] = step.value.wrapping_mul(component.quant[at]) as i16;
            block.last = at;
            at += 1;
        }
        self.bits = bits;
        Some(())
    }
}
