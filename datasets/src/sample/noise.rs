//! Seeded noise from integer hashes: the same on every machine, in any order of drawing.

use super::geometry::mix;

/// A well-mixed 32-bit hash (C. Wellons, "Prospecting for Hash Functions", 2018: lowbias32).
pub(super) fn hash(mut v: u32) -> u32 {
    v ^= v >> 16;
    v = v.wrapping_mul(0x7feb_352d);
    v ^= v >> 15;
    v = v.wrapping_mul(0x846c_a68b);
    v ^ (v >> 16)
}

/// Uniform in 0..1 for a lattice point.
pub(super) fn at(seed: u32, x: i32, y: i32) -> f32 {
    let v = hash(hash(seed ^ (x as u32).wrapping_mul(0x9e37_79b9)).wrapping_add(y as u32));
    (v >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise in 0..1 that changes over about 1 unit.
pub(super) fn smooth(seed: u32, x: f32, y: f32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (i, j) = (fx as i32, fy as i32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - fx), ease(y - fy));
    let row = |j: i32| mix(at(seed, i, j), at(seed, i.wrapping_add(1), j), u);
    mix(row(j), row(j.wrapping_add(1)), v)
}

/// About normal with mean 0 and deviation 1: four uniform bytes, added.
pub(super) fn gauss(v: u32) -> f32 {
    let sum = (v & 255) + (v >> 8 & 255) + (v >> 16 & 255) + (v >> 24);
    // Four uniform bytes have mean 510 and deviation 147.8.
    (sum as f32 - 510.0) / 147.8
}
