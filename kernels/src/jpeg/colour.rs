//! From planes to RGB: chroma interpolated to the luma's size, then the colour matrix of JFIF.
//!
//! Interpolation weighs the nearer sample three to one each way, with libjpeg's roundings ("fancy upsampling"), and so
//! does the matrix: 16 fractional bits.

use super::planes::{Grid, Plane, Planes};
use crate::geometry::PixelRect;

/// Row buffers.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Vertically blended chroma.
    blend: Vec<i16>,
    /// Chroma at the luma's size.
    blue: Vec<u8>,
    red: Vec<u8>,
    /// Pixels, one a word.
    words: Vec<u32>,
}

/// Writes the pixels of `rect` into `out`, interleaved RGB.
pub(super) fn to_rgb(planes: &Planes, grid: &Grid, is_grey: bool, rect: PixelRect, rows: &mut Rows, out: &mut [u8]) {
    let columns = rect.x..rect.x + rect.width;
    for (y, out) in (rect.y..).zip(out.chunks_exact_mut(rect.width * 3)) {
        let luma = &planes.planes[0].row(y)[columns.clone()];
        if is_grey {
            out.as_chunks_mut::<3>().0.iter_mut().zip(luma).for_each(|(pixel, level)| *pixel = [*level; 3]);
            continue;
        }
        if grid.ratio == (1, 1) {
            let [blue, red] = [1, 2].map(|plane| &planes.planes[plane].row(y)[columns.clone()]);
            convert(luma, blue, red, &mut rows.words, out);
            continue;
        }
        upsample(&planes.planes[1], grid, y, rect, &mut rows.blend, &mut rows.blue);
        upsample(&planes.planes[2], grid, y, rect, &mut rows.blend, &mut rows.red);
        convert(luma, &rows.blue, &rows.red, &mut rows.words, out);
    }
}

/// Brings one row of a chroma plane to the luma's size, for the rectangle's columns.
fn upsample(plane: &Plane, grid: &Grid, y: usize, rect: PixelRect, blend: &mut Vec<i16>, out: &mut Vec<u8>) {
    let (width, height) = grid.chroma_size();
    let (across, down) = grid.ratio;
    let near = plane.row(y / down);
    out.clear();
    if !grid.is_fancy() {
        out.extend((rect.x..rect.x + rect.width).map(|x| near[x / across]));
        return;
    }
    let neighbour = if y % 2 == 1 { (y / 2 + 1).min(height - 1) } else { (y / 2).saturating_sub(1) };
    let far = plane.row(if down == 2 { neighbour } else { y });
    let vertical = |near: u8, far: u8| 3 * i16::from(near) + i16::from(far);
    if across == 1 {
        // The rounding alternates so that it does not drift.
        let bias = 1 + (y % 2) as i16;
        let pairs = near[rect.x..][..rect.width].iter().zip(&far[rect.x..]);
        out.extend(pairs.map(|(near, far)| ((vertical(*near, *far) + bias) >> 2) as u8));
        return;
    }
    // The samples under the rectangle with one more on either side, the plane's last ones repeated.
    let (first, last) = (rect.x / 2, (rect.x + rect.width - 1) / 2);
    let (low, high) = (first.saturating_sub(1), (last + 1).min(width - 1));
    let at = |x: usize| if down == 2 { vertical(near[x], far[x]) } else { i16::from(near[x]) };
    blend.clear();
    if first == 0 {
        blend.push(at(0));
    }
    let pairs = near[low..=high].iter().zip(&far[low..=high]);
    if down == 2 {
        blend.extend(pairs.map(|(near, far)| vertical(*near, *far)));
    } else {
        blend.extend(pairs.map(|(near, _)| i16::from(*near)));
    }
    if last + 1 == width {
        blend.push(at(last));
    }
    let spread = if down == 2 { spread::<8, 7, 4> } else { spread::<1, 2, 2> };
    spread(blend, out);
    out.drain(..rect.x % 2);
    out.truncate(rect.width);
}

/// Makes two samples of each but the first and the last, leaning to its left and to its right neighbour.
fn spread<const LEFT_BIAS: i16, const RIGHT_BIAS: i16, const SHIFT: u32>(blend: &[i16], out: &mut Vec<u8>) {
    let count = blend.len().saturating_sub(2);
    out.resize(2 * count, 0);
    let [left, own, right] = [0, 1, 2].map(|start| &blend[start..start + count]);
    for (pair, ((left, own), right)) in out.as_chunks_mut::<2>().0.iter_mut().zip(left.iter().zip(own).zip(right)) {
        *pair = [((3 * own + left + LEFT_BIAS) >> SHIFT) as u8, ((3 * own + right + RIGHT_BIAS) >> SHIFT) as u8];
    }
}

/// YCbCr to RGB (JFIF 1.02): first a word a pixel, in a loop that vectorises, then the words packed.
fn convert(luma: &[u8], blue: &[u8], red: &[u8], words: &mut Vec<u32>, out: &mut [u8]) {
    words.clear();
    words.extend(luma.iter().zip(blue).zip(red).map(|((luma, blue), red)| to_word(*luma, *blue, *red)));
    let (fours, rest) = words.as_chunks::<4>();
    let (packed, tail) = out.split_at_mut(fours.len() * 12);
    for (out, [a, b, c, d]) in packed.as_chunks_mut::<12>().0.iter_mut().zip(fours) {
        let three = [a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8];
        out.copy_from_slice(three.map(u32::to_le_bytes).as_flattened());
    }
    for (out, word) in tail.as_chunks_mut::<3>().0.iter_mut().zip(rest) {
        out.copy_from_slice(&word.to_le_bytes()[..3]);
    }
}

/// `value * 2¹⁶`, rounded.
const fn fixed(value: f64) -> i16 {
    (value * 65_536.0 + 0.5) as i16
}

/// `value * by / 2¹⁶` to the nearest whole number, halves upwards, by 16-bit arithmetic alone.
#[inline(always)]
fn scaled(value: i16, by: i16) -> i16 {
    let twice = ((i32::from(2 * value) * i32::from(by)) >> 16) as i16;
    (twice + 1) >> 1
}

/// Red, green and blue from the lowest byte up.
///
/// The factors less what makes them fit 16 bits: 1.402 is 1 + 0.402, 1.772 is 2 - 0.228, 0.71414 is 1 - 0.28586.
#[inline(always)]
fn to_word(luma: u8, blue: u8, red: u8) -> u32 {
    let (luma, blue, red) = (i16::from(luma), i16::from(blue) - 128, i16::from(red) - 128);
    let part = i32::from(red) * i32::from(fixed(0.285_86)) - i32::from(blue) * i32::from(fixed(0.344_14));
    let green = ((part + (1 << 15)) >> 16) as i16 - red;
    let level = |part: i16| (luma + part).clamp(0, 255) as u32;
    let (red, blue) = (red + scaled(red, fixed(0.402)), 2 * blue + scaled(blue, -fixed(0.228)));
    level(red) | level(green) << 8 | level(blue) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_jfifs() {
        let mut worst = 0.0f64;
        for code in 0..4096u32 {
            let [y, cb, cr] = [code & 15, code >> 4 & 15, code >> 8].map(|level| (level * 17) as u8);
            let [r, g, b, _] = to_word(y, cb, cr).to_le_bytes();
            let [y, cb, cr] = [y, cb, cr].map(f64::from);
            let exact = [
                y + 1.402 * (cr - 128.0),
                y - 0.344_136 * (cb - 128.0) - 0.714_136 * (cr - 128.0),
                y + 1.772 * (cb - 128.0),
            ];
            for (level, exact) in [r, g, b].into_iter().zip(exact) {
                worst = worst.max((f64::from(level) - exact.clamp(0.0, 255.0)).abs());
            }
        }
        assert!(worst <= 0.51, "{worst}");
    }
}
