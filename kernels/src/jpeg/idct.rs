//! Inverse cosine transforms to 8×8, 4×4, 2×2 and 1×1 samples.
//!
//! The 8×8 one is the factorisation with eleven multiplications of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) in
//! fixed point with 13 fractional bits and two more kept between the passes; with these widths and roundings it gives
//! the samples of the "accurate integer" method of libjpeg. The smaller ones take the lowest N×N coefficients and
//! sample the same cosines at N points, which is a low-pass scaling.
//!
//! Arithmetic wraps: coefficients of sound files are far from overflowing, those of broken ones may give any colour.

use std::num::Wrapping;

use super::scan::Block;

/// Fractional bits of the constants.
const BITS: u32 = 13;
/// Fractional bits kept from the first pass to the second.
const KEPT: u32 = 2;

/// `value * 2¹³`, rounded.
const fn fixed(value: f64) -> i16 {
    (value * (1 << BITS) as f64 + 0.5) as i16
}

/// A number of 13 more fractional bits, which wraps.
type Wide = std::num::Wrapping<i32>;

/// A product with a constant of 13 fractional bits. Factors of 16 bits are what a baseline SIMD unit multiplies.
#[inline(always)]
fn mul(a: i16, by: i16) -> Wide {
    Wrapping(i32::from(a) * i32::from(by))
}

/// The two outputs of the rotation by 3π/8 that both sizes share.
#[inline(always)]
fn rotate(low: i16, high: i16) -> [Wide; 2] {
    let both = mul(low.wrapping_add(high), fixed(0.541_196_100));
    [both + mul(low, fixed(0.765_366_865)), both - mul(high, fixed(1.847_759_065))]
}

/// The even half of a pass: the four sums that the odd half is added to and subtracted from.
#[inline(always)]
fn even_part(x0: i16, x2: i16, x4: i16, x6: i16) -> [Wide; 4] {
    let [even2, even3] = rotate(x2, x6);
    let (sum, difference) = (mul(x0.wrapping_add(x4), 1 << BITS), mul(x0.wrapping_sub(x4), 1 << BITS));
    [sum + even2, difference + even3, difference - even3, sum - even2]
}

#[inline(always)]
fn odd_part(x1: i16, x3: i16, x5: i16, x7: i16) -> [Wide; 4] {
    let (z3, z4) = (x7.wrapping_add(x3), x5.wrapping_add(x1));
    let z5 = mul(z3.wrapping_add(z4), fixed(1.175_875_602));
    let z1 = mul(x7.wrapping_add(x1), fixed(0.899_976_223));
    let z2 = mul(x5.wrapping_add(x3), fixed(2.562_915_447));
    let (z3, z4) = (z5 - mul(z3, fixed(1.961_570_560)), z5 - mul(z4, fixed(0.390_180_644)));
    [
        mul(x1, fixed(1.501_321_110)) + z4 - z1,
        mul(x3, fixed(3.072_711_026)) + z3 - z2,
        mul(x5, fixed(2.053_119_869)) + z4 - z2,
        mul(x7, fixed(0.298_631_336)) + z3 - z1,
    ]
}

/// Shifts right, rounded.
#[inline(always)]
fn down<const SHIFT: u32>(value: Wide) -> i16 {
    ((value + Wrapping(1 << (SHIFT - 1))).0 >> SHIFT) as i16
}

/// Transforms the first `LANES` columns of 8×8 values, of which the first `KNOWN` rows are not zero.
///
/// One loop over the columns, whose memory is side by side: compilers turn it into SIMD.
#[inline(never)]
fn pass8<const LANES: usize, const KNOWN: usize, const SHIFT: u32>(x: &[i16; 64], out: &mut [i16; 64]) {
    for lane in 0..LANES {
        let at = |row: usize| if row < KNOWN { x[row * 8 + lane] } else { 0 };
        let even = even_part(at(0), at(2), at(4), at(6));
        let odd = odd_part(at(1), at(3), at(5), at(7));
        for row in 0..4 {
            out[row * 8 + lane] = down::<SHIFT>(even[row] + odd[row]);
            out[(7 - row) * 8 + lane] = down::<SHIFT>(even[row] - odd[row]);
        }
    }
}

/// Transforms four columns of 4×4 values, the rows `STRIDE` apart.
#[inline(always)]
fn pass4<const LEN: usize, const STRIDE: usize, const SHIFT: u32>(x: &[i16; LEN]) -> [i16; 16] {
    let mut out = [0; 16];
    for lane in 0..4 {
        let at = |row: usize| x[row * STRIDE + lane];
        let [odd0, odd1] = rotate(at(1), at(3));
        let (sum, difference) = (mul(at(0).wrapping_add(at(2)), 1 << BITS), mul(at(0).wrapping_sub(at(2)), 1 << BITS));
        out[lane] = down::<SHIFT>(sum + odd0);
        out[4 + lane] = down::<SHIFT>(difference + odd1);
        out[8 + lane] = down::<SHIFT>(difference - odd1);
        out[12 + lane] = down::<SHIFT>(sum - odd0);
    }
    out
}

/// Mirrors the first `ROWS` rows and `COLUMNS` columns.
#[inline(always)]
fn transpose<const ROWS: usize, const COLUMNS: usize>(x: &[i16; 64]) -> [i16; 64] {
    let mut out = [0; 64];
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            out[column * 8 + row] = x[row * 8 + column];
        }
    }
    out
}

fn sample(value: i16) -> u8 {
    value.saturating_add(128).clamp(0, 255) as u8
}

/// The highest zigzag index whose coefficients, and all before, lie in the first four rows and columns.
const LAST_OF_CORNER: usize = 9;

/// Writes the `N`×`N` (1, 2, 4 or 8) samples of a block into rows of `stride` bytes; `out` begins at the first sample.
pub(super) fn inverse(block: &Block, size: usize, out: &mut [u8], stride: usize) {
    let dc = sample(block.values[0].wrapping_add(4) >> 3);
    match size {
        _ if block.last == 0 => out.chunks_mut(stride).take(size).for_each(|row| row[..size].fill(dc)),
        8 if block.last <= LAST_OF_CORNER => inverse8::<4>(&block.values, out, stride),
        8 => inverse8::<8>(&block.values, out, stride),
        4 => inverse4(&block.values, out, stride),
        2 => inverse2(&block.values, out, stride),
        _ => out[0] = dc,
    }
}

/// Columns first, then rows; only the first `KNOWN` rows and columns have coefficients.
fn inverse8<const KNOWN: usize>(values: &[i16; 64], out: &mut [u8], stride: usize) {
    let mut half = [0; 64];
    pass8::<KNOWN, KNOWN, { BITS - KEPT }>(values, &mut half);
    let mut samples = [0; 64];
    pass8::<8, KNOWN, { BITS + KEPT + 3 }>(&transpose::<8, KNOWN>(&half), &mut samples);
    let mut levels = [0; 64];
    levels.iter_mut().zip(&samples).for_each(|(level, value)| *level = sample(*value));
    for (row, out) in transpose_levels(&levels).iter().zip(out.chunks_mut(stride)) {
        out[..8].copy_from_slice(&row.to_le_bytes());
    }
}

/// Mirrors 8×8 bytes, a row a word: swaps halves of words four rows apart, then quarters two apart, then bytes.
fn transpose_levels(levels: &[u8; 64]) -> [u64; 8] {
    let rows = levels.as_chunks::<8>().0;
    let mut words: [u64; 8] = std::array::from_fn(|row| u64::from_le_bytes(rows[row]));
    for (apart, mask) in [(4, 0x0000_0000_FFFF_FFFF), (2, 0x0000_FFFF_0000_FFFF), (1, 0x00FF_00FF_00FF_00FF)] {
        for upper in (0..8).filter(|row| row & apart == 0) {
            let lower = upper + apart;
            let swapped = (words[upper] >> (8 * apart) ^ words[lower]) & mask;
            words[lower] ^= swapped;
            words[upper] ^= swapped << (8 * apart);
        }
    }
    words
}

fn inverse4(values: &[i16; 64], out: &mut [u8], stride: usize) {
    let mirrored = |x: [i16; 16]| std::array::from_fn(|i| x[i % 4 * 4 + i / 4]);
    let half: [i16; 16] = mirrored(pass4::<64, 8, { BITS - KEPT }>(values));
    let samples: [i16; 16] = mirrored(pass4::<16, 4, { BITS + KEPT + 3 }>(&half));
    for (row, out) in samples.map(sample).as_chunks::<4>().0.iter().zip(out.chunks_mut(stride)) {
        out[..4].copy_from_slice(row);
    }
}

fn inverse2(values: &[i16; 64], out: &mut [u8], stride: usize) {
    let [dc, across, down, both] = [values[0], values[1], values[8], values[9]];
    let (left, right) = (dc.wrapping_add(across), dc.wrapping_sub(across));
    let (left_down, right_down) = (down.wrapping_add(both), down.wrapping_sub(both));
    let upper = |a: i16, b: i16| sample(a.wrapping_add(b).wrapping_add(4) >> 3);
    let lower = |a: i16, b: i16| sample(a.wrapping_sub(b).wrapping_add(4) >> 3);
    out[..2].copy_from_slice(&[upper(left, left_down), upper(right, right_down)]);
    out[stride..stride + 2].copy_from_slice(&[lower(left, left_down), lower(right, right_down)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{PI, SQRT_2};

    /// The definition, in floating point, at N points.
    fn exact(values: &[i16; 64], size: usize, x: usize, y: usize) -> f64 {
        let basis = |frequency: usize, at: usize| {
            let angle = (2 * at + 1) as f64 * frequency as f64 * PI / (2 * size) as f64;
            if frequency == 0 { 1.0 } else { SQRT_2 * angle.cos() }
        };
        let mut sum = 0.0;
        for u in 0..size {
            for v in 0..size {
                sum += f64::from(values[v * 8 + u]) * basis(u, x) * basis(v, y);
            }
        }
        (sum / 8.0 + 128.0).clamp(0.0, 255.0)
    }

    #[test]
    fn all_sizes_are_within_one_of_the_definition() {
        let mut seed = 1u32;
        for round in 0..400 {
            let mut block = Block::ZERO;
            for index in 0..64 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Sparse and dense blocks, with larger low frequencies.
                if seed >> 28 <= round % 16 {
                    let spread = 600 / (1 + index / 8 + index % 8) as i32;
                    let value = (seed >> 8).cast_signed() % (2 * spread + 1) - spread;
                    block.values[index] = value as i16;
                    block.last = if index % 8 < 4 && index < 28 { block.last.max(9) } else { 63 };
                }
            }
            for size in [1, 2, 4, 8] {
                let mut out = [7; 8 * 10];
                inverse(&block, size, &mut out, 10);
                for y in 0..size {
                    for x in 0..size {
                        let off = f64::from(out[y * 10 + x]) - exact(&block.values, size, x, y);
                        assert!(off.abs() < 1.0, "size {size} at {x},{y}: off by {off}");
                    }
                    assert!(out[y * 10 + size..(y + 1) * 10].iter().all(|untouched| *untouched == 7));
                }
            }
        }
    }

    #[test]
    fn absurd_coefficients_do_no_harm() {
        let mut seed = 3u32;
        for _ in 0..20_000 {
            let mut block = Block { values: [0; 64], last: 63 };
            for value in &mut block.values {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *value = if seed >> 31 == 0 { i16::MIN } else { (seed >> 8) as i16 | 0x7F00 };
            }
            [1, 2, 4, 8].iter().for_each(|size| inverse(&block, *size, &mut [0; 64], 8));
        }
    }
}
