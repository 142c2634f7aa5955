//! Seeded random numbers and photos.

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// `low..=high`.
    pub(crate) fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.next() as usize % (high - low + 1)
    }

    /// `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1u32 << 24) as f32
    }
}

/// Noise over a gradient, so that both single pixels and long runs matter.
pub(crate) fn photo(width: usize, height: usize, seed: u64) -> Vec<u8> {
    let mut seeded = Seeded::new(seed);
    (0..width * height * 3).map(|i| ((i / 3 % width) * 255 / width) as u8 ^ seeded.range(0, 255) as u8).collect()
}
