//! JPEG files for the tests: generated ones of every kind, real ones where they are at hand, broken ones.

use std::path::Path;

use jpeg_encoder::SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};
use jpeg_encoder::{ColorType, Encoder};

use crate::encoder::{Kind, Picture, encode};
use crate::seeded::Seeded;

const SAMPLINGS: [Option<(usize, usize)>; 5] = [None, Some((1, 1)), Some((2, 1)), Some((1, 2)), Some((2, 2))];

/// Waves of colour with some noise: detail of every frequency, without saturating everywhere.
pub(crate) fn picture(width: usize, height: usize, seed: u64) -> Vec<u8> {
    let mut seeded = Seeded::new(seed);
    let mut data = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let wave = |fx: f32, fy: f32| 128.0 + 90.0 * (x as f32 * fx + y as f32 * fy).sin();
            for level in [wave(0.3, 0.1), wave(0.05, 0.4), wave(0.02, -0.03)] {
                data.push((level + seeded.unit() * 30.0) as u8);
            }
        }
    }
    data
}

/// Every subsampling with several qualities and restart intervals.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    SAMPLINGS.into_iter().flat_map(|sampling| {
        [(0, 1, false), (1, 4, true), (3, 20, false), (0, 9, true)].map(|(restart, step, long_codes)| Kind {
            sampling,
            restart,
            step,
            long_codes,
        })
    })
}

/// A generated file.
pub(crate) fn generated(width: usize, height: usize, seed: u64, kind: Kind) -> Vec<u8> {
    encode(Picture { width, height, data: &picture(width, height, seed) }, kind)
}

/// A file as other encoders write them, with the standard's Huffman tables. By the seed: every subsampling, quality 30 to
/// 98, restart markers in every second.
pub(crate) fn usual(width: usize, height: usize, seed: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, [30, 75, 90, 98][seed / 4 % 4]);
    encoder.set_sampling_factor([F_1_1, F_2_1, F_1_2, F_2_2][seed % 4]);
    encoder.set_restart_interval([0, 7, 0, 50][seed / 3 % 4]);
    let data = picture(width, height, seed as u64);
    encoder.encode(&data, width as u16, height as u16, ColorType::Rgb).expect("the sizes fit");
    out
}

/// A file with up to six bytes changed, taken out or put in.
pub(crate) fn mutated(file: &[u8], seeded: &mut Seeded) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..seeded.range(1, 6) {
        let at = seeded.range(0, file.len() - 1);
        match seeded.range(0, 3) {
            0 => file[at] = seeded.range(0, 255) as u8,
            1 => file[at] = 0xFF,
            2 => drop(file.remove(at)),
            _ => file.insert(at, seeded.range(0, 255) as u8),
        }
    }
    file
}

/// The photos beside the checkout, by name; none, said aloud, where they are not there.
pub(crate) fn real_photos() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/plates");
    let mut paths = Vec::new();
    for area in ["us", "eu", "br"] {
        let entries = std::fs::read_dir(folder.join(area)).into_iter().flatten().flatten();
        paths.extend(entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "jpg")));
    }
    paths.sort();
    if paths.is_empty() {
        eprintln!("SKIPPED: no photos in {}", folder.display());
    }
    let read = |path: &std::path::PathBuf| (path.display().to_string(), std::fs::read(path).expect("it is readable"));
    paths.iter().map(read).collect()
}
