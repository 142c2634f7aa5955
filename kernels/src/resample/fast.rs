//! The separable path: blend whole source rows first (contiguous, so it vectorises), then gather along the row.
//!
//! Blending first touches each source byte once or twice and leaves one short row in the first-level cache for the
//! gather. Where both ratios are whole numbers (half and third size photos), the blend is a sum in 16 bits instead.

use super::{Affine, Axis, Filter, Scratch, Window};

/// A resize that yields its rows in any order.
pub(crate) struct Rows<'s, 'w> {
    window: Window<'w>,
    x: &'s Axis,
    y: &'s Axis,
    blend: &'s mut Vec<f32>,
    sums: &'s mut Vec<u16>,
    /// Pixels summed each way, where the ratios are whole.
    block: Option<(usize, usize)>,
}

impl<'s, 'w> Rows<'s, 'w> {
    /// Prepares the tables for a resize of `window` to `target` (width, height).
    pub(crate) fn new(window: Window<'w>, target: (usize, usize), filter: Filter, scratch: &'s mut Scratch) -> Self {
        let (width, height) = window.size();
        let filter = filter.effective((width, height), target);
        let block = whole_ratio((width, height), target).filter(|_| filter == Filter::Area);
        let Scratch { x, y, blend, sums, .. } = scratch;
        if block.is_none() {
            x.prepare(width, target.0, filter);
            y.prepare(height, target.1, filter);
        }
        Self { window, x, y, blend, sums, block }
    }

    /// Writes output row `y`, each channel through its affine map, into the three given rows (red, green, blue).
    pub(crate) fn write(&mut self, y: usize, affine: [Affine; 3], out: [&mut [f32]; 3]) {
        match self.block {
            Some((columns, rows)) => self.write_block(y, columns, rows, affine, out),
            None => self.write_general(y, affine, out),
        }
    }

    fn write_block(&mut self, y: usize, columns: usize, rows: usize, affine: [Affine; 3], out: [&mut [f32]; 3]) {
        let window = self.window;
        let source = |row: usize| window.row(y * rows + row);
        self.sums.resize(window.rect.width * 3, 0);
        match rows {
            1 => sum_rows([source(0)], self.sums),
            2 => sum_rows([source(0), source(1)], self.sums),
            3 => sum_rows([source(0), source(1), source(2)], self.sums),
            _ => {
                sum_rows([source(0), source(1), source(2), source(3)], self.sums);
                (4..rows).for_each(|row| add_row(source(row), self.sums));
            }
        }
        let share = 1.0 / (columns * rows) as f32;
        let affine = affine.map(|map| Affine { scale: map.scale * share, ..map });
        match columns {
            1 => gather_sums::<1>(self.sums, affine, out),
            2 => gather_sums::<2>(self.sums, affine, out),
            3 => gather_sums::<3>(self.sums, affine, out),
            4 => gather_sums::<4>(self.sums, affine, out),
            _ => gather_many_sums(self.sums, columns, affine, out),
        }
    }

    fn write_general(&mut self, y: usize, affine: [Affine; 3], out: [&mut [f32]; 3]) {
        let window = self.window;
        self.blend.resize(window.rect.width * 3, 0.0);
        let mut taps = self.y.of(y).map(|(row, weight)| (window.row(row), weight));
        match (taps.next(), taps.next(), taps.next()) {
            (Some(a), Some(b), Some(c)) => {
                blend_rows([a, b, c], self.blend);
                taps.for_each(|tap| add_blend(tap, self.blend));
            }
            (Some(a), Some(b), None) => blend_rows([a, b], self.blend),
            (Some(a), None, _) => blend_rows([a], self.blend),
            (None, ..) => self.blend.fill(0.0),
        }
        match self.x.taps() {
            1 => gather::<1>(self.blend, self.x, affine, out),
            2 => gather::<2>(self.blend, self.x, affine, out),
            3 => gather::<3>(self.blend, self.x, affine, out),
            4 => gather::<4>(self.blend, self.x, affine, out),
            taps => gather_many(self.blend, taps, self.x, affine, out),
        }
    }
}

/// The whole numbers of pixels that become one, where there are such and a column of them fits 16 bits.
fn whole_ratio(source: (usize, usize), target: (usize, usize)) -> Option<(usize, usize)> {
    let whole = source.0.is_multiple_of(target.0) && source.1.is_multiple_of(target.1);
    let (columns, rows) = (source.0 / target.0, source.1 / target.1);
    (whole && columns > 0 && (1..=257).contains(&rows)).then_some((columns, rows))
}

fn sum_rows<const N: usize>(rows: [&[u8]; N], sums: &mut [u16]) {
    let rows = rows.map(|row| &row[..sums.len()]);
    for (index, sum) in sums.iter_mut().enumerate() {
        *sum = rows.iter().map(|row| u16::from(row[index])).sum();
    }
}

fn add_row(row: &[u8], sums: &mut [u16]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += u16::from(*value));
}

fn blend_rows<const N: usize>(rows: [(&[u8], f32); N], blend: &mut [f32]) {
    let rows = rows.map(|(row, weight)| (&row[..blend.len()], weight));
    for (index, value) in blend.iter_mut().enumerate() {
        *value = rows.iter().map(|(row, weight)| weight * f32::from(row[index])).sum();
    }
}

fn add_blend((row, weight): (&[u8], f32), blend: &mut [f32]) {
    blend.iter_mut().zip(row).for_each(|(value, pixel)| *value += weight * f32::from(*pixel));
}

fn gather_sums<const K: usize>(sums: &[u16], affine: [Affine; 3], [red, green, blue]: [&mut [f32]; 3]) {
    let planes = red.iter_mut().zip(green).zip(blue);
    for (pixels, ((red, green), blue)) in sums.chunks_exact(3 * K).zip(planes) {
        let sum = |channel: usize| (0..K).map(|tap| i32::from(pixels[3 * tap + channel])).sum::<i32>() as f32;
        *red = affine[0].apply(sum(0));
        *green = affine[1].apply(sum(1));
        *blue = affine[2].apply(sum(2));
    }
}

fn gather_many_sums(sums: &[u16], columns: usize, affine: [Affine; 3], [red, green, blue]: [&mut [f32]; 3]) {
    let planes = red.iter_mut().zip(green).zip(blue);
    for (pixels, ((red, green), blue)) in sums.chunks_exact(3 * columns).zip(planes) {
        let mut sum = [0u32; 3];
        for pixel in pixels.chunks_exact(3) {
            sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u32::from(*value));
        }
        *red = affine[0].apply(sum[0] as f32);
        *green = affine[1].apply(sum[1] as f32);
        *blue = affine[2].apply(sum[2] as f32);
    }
}

fn gather<const K: usize>(blend: &[f32], x: &Axis, affine: [Affine; 3], [red, green, blue]: [&mut [f32]; 3]) {
    let (weights, _) = x.weights().as_chunks::<K>();
    let planes = red.iter_mut().zip(green).zip(blue);
    for ((start, weights), ((red, green), blue)) in x.starts().iter().zip(weights).zip(planes) {
        let pixels = &blend[*start as usize * 3..][..3 * K];
        let sum = |channel: usize| (0..K).map(|tap| weights[tap] * pixels[3 * tap + channel]).sum::<f32>();
        *red = affine[0].apply(sum(0));
        *green = affine[1].apply(sum(1));
        *blue = affine[2].apply(sum(2));
    }
}

fn gather_many(blend: &[f32], taps: usize, x: &Axis, affine: [Affine; 3], [red, green, blue]: [&mut [f32]; 3]) {
    let planes = red.iter_mut().zip(green).zip(blue);
    for ((start, weights), ((red, green), blue)) in x.starts().iter().zip(x.weights().chunks_exact(taps)).zip(planes) {
        let mut sum = [0.0; 3];
        for (pixel, weight) in blend[*start as usize * 3..].chunks_exact(3).zip(weights) {
            sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += weight * value);
        }
        *red = affine[0].apply(sum[0]);
        *green = affine[1].apply(sum[1]);
        *blue = affine[2].apply(sum[2]);
    }
}
