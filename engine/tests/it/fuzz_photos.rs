//! Damaged photos by the thousand: whatever the bytes, the flow gives one rejection or a frame, never a panic.
//!
//! Seeded, so that a failure can be run again; `TOLLGATE_FUZZ_SECONDS` makes it go on (default: 3).

use std::time::{Duration, Instant};
use tollgate_engine::pipeline;
use tollgate_kernels::Rect;

/// SplitMix64 (Steele, Lea, Flood 2014), enough for choosing where to damage a file.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Flips, overwrites, cuts, doubles: most in the first 700 bytes, where the headers are.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(8) {
        let reach = if random.below(3) == 0 { bytes.len() } else { bytes.len().min(700) };
        if reach == 0 {
            return;
        }
        let at = random.below(reach);
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => bytes[at] = 0xff,
            _ => {
                let end = (at + random.below(64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

#[test]
fn damaged_photos_never_panic() {
    let seconds = std::env::var("TOLLGATE_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3);
    let lane = crate::common::sample().join("lane-2");
    let jpeg =
        std::fs::read_dir(lane).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|x| x == "jpg"));
    let jpeg = std::fs::read(jpeg.expect("a photo")).unwrap();
    let small = image::load_from_memory(&jpeg).unwrap().resize(160, 90, image::imageops::FilterType::Triangle);
    let mut png = std::io::Cursor::new(Vec::new());
    small.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let mut small_jpeg = std::io::Cursor::new(Vec::new());
    small.write_to(&mut small_jpeg, image::ImageFormat::Jpeg).unwrap();
    let seeds = [small_jpeg.into_inner(), png.into_inner()];
    let (mut random, mut tried, mut refused) = (Random(2026), 0u32, 0u32);
    let end = Instant::now() + Duration::from_secs(seconds);
    while tried < 200 || Instant::now() < end {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        damage(&mut bytes, &mut random);
        let rect = Rect { x: 10.0, y: 10.0, w: 60.0, h: 20.0 };
        refused += u32::from(pipeline::cut_out(bytes, rect, 4_000_000).is_err());
        tried += 1;
    }
    assert!(
        refused > tried / 10 && refused < tried,
        "{refused} of {tried} were refused: the damage is not of both kinds"
    );
    eprintln!("{tried} damaged photos, {refused} refused");
}
