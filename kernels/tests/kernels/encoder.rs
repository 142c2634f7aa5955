//! A small baseline JPEG encoder, for files of every kind that the decoder does.

use std::f64::consts::PI;

/// What file is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Luma blocks an MCU each way; `None` for a grey file.
    pub(crate) sampling: Option<(usize, usize)>,
    /// MCUs between restart markers, 0 for none.
    pub(crate) restart: usize,
    /// The quantisation step of all coefficients.
    pub(crate) step: u8,
    /// Whether most codes have 16 bits instead of 8.
    pub(crate) long_codes: bool,
}

/// A picture: width, height and RGB bytes.
#[derive(Clone, Copy)]
pub(crate) struct Picture<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: &'a [u8],
}

struct Writer {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Writer {
    fn put(&mut self, bits: u32, count: u32) {
        for index in (0..count).rev() {
            self.held = self.held << 1 | (bits >> index & 1);
            self.count += 1;
            if self.count == 8 {
                self.out.push(self.held as u8);
                if self.held == 0xFF {
                    self.out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    fn align(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    fn segment(&mut self, marker: u8, contents: &[u8]) {
        self.out.extend([0xFF, marker]);
        self.out.extend(((contents.len() + 2) as u16).to_be_bytes());
        self.out.extend(contents);
    }
}

/// The zigzag order, walked.
fn zigzag() -> Vec<(usize, usize)> {
    let diagonal = |sum: usize| {
        let mut cells: Vec<_> = (0..8).filter(|v| sum >= *v && sum - v < 8).map(|v| (v, sum - v)).collect();
        if sum.is_multiple_of(2) {
            cells.reverse();
        }
        cells
    };
    (0..15).flat_map(diagonal).collect()
}

/// Counts a length and the symbols, in order.
fn table(symbols: usize, long: bool) -> [u8; 16] {
    let mut counts = [0; 16];
    if long {
        // One code each of 2 to 9 bits, the others of 16.
        counts[1..9].fill(1);
        counts[15] = (symbols - 8) as u8;
    } else {
        counts[7] = symbols as u8;
    }
    counts
}

/// The code of a symbol's index.
fn code(index: usize, counts: &[u8; 16]) -> (u32, u32) {
    let (mut code, mut first) = (0, 0);
    for (length, count) in (1..).zip(counts) {
        let count = usize::from(*count);
        if index < first + count {
            return (code + (index - first) as u32, length);
        }
        code = (code + count as u32) << 1;
        first += count;
    }
    (0, 0)
}

/// All symbols of a run and a size, those with small sizes first.
fn ac_symbols() -> Vec<u8> {
    let mut symbols = vec![0x00, 0xF0];
    symbols.extend((1..=10u8).flat_map(|size| (0..16u8).map(move |run| run << 4 | size)));
    symbols
}

struct Coder {
    writer: Writer,
    dc: [u8; 16],
    ac: [u8; 16],
    symbols: Vec<u8>,
    order: Vec<(usize, usize)>,
}

impl Coder {
    fn value(&mut self, value: i32, size: u32) {
        let bits = if value < 0 { value + (1 << size) - 1 } else { value };
        self.writer.put(bits as u32, size);
    }

    fn block(&mut self, block: &[[i32; 8]; 8], prediction: &mut i32) {
        let difference = block[0][0] - *prediction;
        *prediction = block[0][0];
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let (bits, length) = code(size as usize, &self.dc);
        self.writer.put(bits, length);
        self.value(difference, size);
        let values: Vec<_> = self.order.iter().skip(1).map(|(v, u)| block[*v][*u]).collect();
        let end = values.iter().rposition(|value| *value != 0).map_or(0, |last| last + 1);
        let mut run = 0;
        for value in &values[..end] {
            if *value == 0 {
                run += 1;
                continue;
            }
            for _ in 0..run / 16 {
                self.symbol(0xF0);
            }
            let size = 32 - value.unsigned_abs().leading_zeros();
            self.symbol(((run % 16) << 4) as u8 | size as u8);
            self.value(*value, size);
            run = 0;
        }
        if end < 63 {
            self.symbol(0x00);
        }
    }

    fn symbol(&mut self, symbol: u8) {
        let index = self.symbols.iter().position(|known| *known == symbol).unwrap_or(0);
        let (bits, length) = code(index, &self.ac);
        self.writer.put(bits, length);
    }
}

/// The planes Y, Cb and Cr of a pixel.
fn planes(picture: Picture<'_>, x: usize, y: usize) -> [f64; 3] {
    let at = (y.min(picture.height - 1) * picture.width + x.min(picture.width - 1)) * 3;
    let [r, g, b] = [0, 1, 2].map(|channel| f64::from(picture.data[at + channel]));
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
        128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
    ]
}

/// The quantised transform of a block whose samples average `scale` pixels.
fn forward(picture: Picture<'_>, plane: usize, at: (usize, usize), scale: (usize, usize), step: u8) -> [[i32; 8]; 8] {
    let sample = |x: usize, y: usize| {
        let pixels = (0..scale.1).flat_map(|dy| (0..scale.0).map(move |dx| (x * scale.0 + dx, y * scale.1 + dy)));
        let sum: f64 = pixels.map(|(x, y)| planes(picture, x, y)[plane]).sum();
        sum / (scale.0 * scale.1) as f64 - 128.0
    };
    let samples: [[f64; 8]; 8] = std::array::from_fn(|y| std::array::from_fn(|x| sample(at.0 * 8 + x, at.1 * 8 + y)));
    let cosine = |k: usize, i: usize| {
        ((2 * i + 1) as f64 * k as f64 * PI / 16.0).cos() * if k == 0 { 0.5f64.sqrt() } else { 1.0 }
    };
    let cosines: [[f64; 8]; 8] = std::array::from_fn(|k| std::array::from_fn(|i| cosine(k, i) / 2.0));
    let rows: [[f64; 8]; 8] =
        std::array::from_fn(|y| std::array::from_fn(|u| (0..8).map(|x| samples[y][x] * cosines[u][x]).sum()));
    std::array::from_fn(|v| {
        std::array::from_fn(|u| {
            let value: f64 = (0..8).map(|y| rows[y][u] * cosines[v][y]).sum();
            (value / f64::from(step)).round() as i32
        })
    })
}

/// Encodes a picture.
pub(crate) fn encode(picture: Picture<'_>, kind: Kind) -> Vec<u8> {
    let (h, v) = kind.sampling.unwrap_or((1, 1));
    let components = if kind.sampling.is_some() { 3 } else { 1 };
    let symbols = ac_symbols();
    let (dc, ac) = (table(12, kind.long_codes), table(symbols.len(), kind.long_codes));
    let mut writer = Writer { out: vec![0xFF, 0xD8], held: 0, count: 0 };
    writer.segment(0xDB, &[&[0][..], &[kind.step; 64]].concat());
    let mut frame = vec![8];
    frame.extend((picture.height as u16).to_be_bytes());
    frame.extend((picture.width as u16).to_be_bytes());
    frame.push(components);
    for component in 0..components {
        frame.extend([component + 1, if component == 0 { (h << 4 | v) as u8 } else { 0x11 }, 0]);
    }
    writer.segment(0xC0, &frame);
    writer.segment(0xC4, &[&[0x00][..], &dc, &(0..12).collect::<Vec<u8>>()].concat());
    writer.segment(0xC4, &[&[0x10][..], &ac, &symbols].concat());
    writer.segment(0xDD, &(kind.restart as u16).to_be_bytes());
    let names: Vec<u8> = (1..=components).flat_map(|id| [id, 0]).collect();
    writer.segment(0xDA, &[&[components][..], &names, &[0, 63, 0]].concat());
    let mut coder = Coder { writer, dc, ac, symbols, order: zigzag() };
    let (columns, rows) = (picture.width.div_ceil(8 * h), picture.height.div_ceil(8 * v));
    let mut predictions = [0; 3];
    for mcu in 0..columns * rows {
        if kind.restart > 0 && mcu > 0 && mcu.is_multiple_of(kind.restart) {
            coder.writer.align();
            coder.writer.out.extend([0xFF, 0xD0 + (mcu / kind.restart - 1) as u8 % 8]);
            predictions = [0; 3];
        }
        for (component, prediction) in predictions.iter_mut().enumerate().take(usize::from(components)) {
            let (blocks, scale) = if component == 0 { ((h, v), (1, 1)) } else { ((1, 1), (h, v)) };
            for part in 0..blocks.0 * blocks.1 {
                let at = (mcu % columns * blocks.0 + part % blocks.0, mcu / columns * blocks.1 + part / blocks.0);
                coder.block(&forward(picture, component, at, scale, kind.step), prediction);
            }
        }
    }
    coder.writer.align();
    coder.writer.out.extend([0xFF, 0xD9]);
    coder.writer.out
}
