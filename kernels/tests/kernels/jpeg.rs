//! The JPEG kernel against a general decoder, against itself, and against broken files.

use crate::encoder::{Kind, Picture, encode};
use crate::jpeg_files::{kinds, mutated, picture, real_photos};
use crate::seeded::Seeded;
use tollgate_kernels::jpeg::{JpegDecoder, Scale};
use tollgate_kernels::{Error, PixelRect, RgbImage};

const MAX_PIXELS: u64 = 50_000_000;
const SIZES: [(usize, usize); 9] = [(1, 1), (2, 3), (5, 7), (8, 8), (16, 16), (17, 33), (64, 3), (3, 50), (49, 41)];

fn decoded(decoder: &mut JpegDecoder, file: &[u8], scale: Scale) -> (RgbImage, bool) {
    let mut out = RgbImage::default();
    let mut jpeg = decoder.open(file, MAX_PIXELS).expect("the headers are sound");
    let outcome = jpeg.scaled(scale, &mut out).expect("the size is allowed");
    (out, outcome.is_complete)
}

fn pixels(image: &RgbImage) -> &[u8] {
    image.view().expect("something was decoded").data()
}

/// The general decoder's pixels. It rounds in other places: compared by mean and maximum.
fn reference(file: &[u8]) -> Vec<u8> {
    let image = image::load_from_memory_with_format(file, image::ImageFormat::Jpeg);
    image.expect("the general decoder takes the file").to_rgb8().into_raw()
}

fn differences(found: &[u8], expected: &[u8]) -> (u8, f64) {
    assert_eq!(found.len(), expected.len());
    let off = || found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
    (off().max().unwrap_or(0), off().map(f64::from).sum::<f64>() / found.len() as f64)
}

#[test]
fn files_of_every_kind_decode_as_elsewhere() {
    let mut decoder = JpegDecoder::default();
    for (index, kind) in kinds().enumerate() {
        for (width, height) in SIZES {
            let data = picture(width, height, index as u64);
            let file = encode(Picture { width, height, data: &data }, kind);
            let (found, is_complete) = decoded(&mut decoder, &file, Scale::Full);
            assert!(is_complete, "{kind:?} {width}x{height}");
            assert_eq!((found.width(), found.height()), (width, height));
            let (most, mean) = differences(pixels(&found), &reference(&file));
            // Where chroma is a sample or two wide, decoders differ in whether they interpolate it at all.
            let (most_allowed, mean_allowed) = if width < 16 { (30, 8.0) } else { (4, 0.5) };
            assert!(most <= most_allowed && mean < mean_allowed, "{kind:?} {width}x{height}: {most} {mean}");
        }
    }
}

/// FNV-1a, 64 bits.
fn hash(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn every_sample_is_libjpegs() {
    // Over all files in this order, and over their pixels as decoded by libjpeg-turbo 3.2.0 (accurate integer
    // transform, fancy upsampling).
    const FILES: u64 = 0x973A_1EBE_C4DD_B11A;
    const PIXELS: u64 = 0x328A_49A6_CE1A_A476;
    let (mut files, mut levels) = (0xCBF2_9CE4_8422_2325, 0xCBF2_9CE4_8422_2325);
    let mut decoder = JpegDecoder::default();
    for (index, kind) in kinds().enumerate() {
        for (width, height) in SIZES {
            let file = encode(Picture { width, height, data: &picture(width, height, index as u64) }, kind);
            files = hash(files, &file);
            levels = hash(levels, pixels(&decoded(&mut decoder, &file, Scale::Full).0));
        }
    }
    if files == FILES {
        assert_eq!(levels, PIXELS, "{levels:#x}");
    } else {
        eprintln!("SKIPPED: this platform's cosine rounds otherwise, so its files ({files:#x}) are not those recorded");
    }
}

#[test]
fn a_rectangle_is_a_part_of_the_whole() {
    let mut decoder = JpegDecoder::default();
    let mut seeded = Seeded::new(77);
    for kind in kinds() {
        let (width, height) = (seeded.range(1, 90), seeded.range(1, 90));
        let file = encode(Picture { width, height, data: &picture(width, height, 5) }, kind);
        let (whole, _) = decoded(&mut decoder, &file, Scale::Full);
        for round in 0..6 {
            let (x, y) = (seeded.range(0, width - 1), seeded.range(0, height - 1));
            let rect = PixelRect { x, y, width: seeded.range(1, width - x), height: seeded.range(1, height - y) };
            let mut jpeg = decoder.open(&file, MAX_PIXELS).unwrap();
            let mut out = RgbImage::default();
            if round % 2 == 0 {
                // With the decoder's states noted by a pass before, and without.
                jpeg.scaled(Scale::Quarter, &mut out).unwrap();
            }
            assert!(jpeg.rect(rect, &mut out).unwrap().is_complete);
            for row in 0..rect.height {
                let expected = &pixels(&whole)[((rect.y + row) * width + rect.x) * 3..][..rect.width * 3];
                assert_eq!(&pixels(&out)[row * rect.width * 3..][..rect.width * 3], expected, "{kind:?} {rect:?}");
            }
        }
        let mut jpeg = decoder.open(&file, MAX_PIXELS).unwrap();
        let outside = PixelRect { x: width, y: 0, width: 1, height: 1 };
        assert!(jpeg.rect(outside, &mut RgbImage::default()).is_err());
        let empty = PixelRect { x: 0, y: 0, width: 0, height: 1 };
        assert!(jpeg.rect(empty, &mut RgbImage::default()).is_err());
        let huge = PixelRect { x: 0, y: 0, width: usize::MAX, height: 1 };
        assert!(jpeg.rect(huge, &mut RgbImage::default()).is_err());
    }
}

#[test]
fn scaled_pictures_look_like_the_whole() {
    let mut decoder = JpegDecoder::default();
    let smooth: Vec<u8> = (0..97 * 83).flat_map(|i| [(i % 97 * 2) as u8, (i / 97 * 3) as u8, 128]).collect();
    for kind in kinds().filter(|kind| kind.step < 10) {
        let file = encode(Picture { width: 97, height: 83, data: &smooth }, kind);
        let (whole, _) = decoded(&mut decoder, &file, Scale::Full);
        for (scale, factor) in [(Scale::Half, 2), (Scale::Quarter, 4), (Scale::Eighth, 8)] {
            let (small, is_complete) = decoded(&mut decoder, &file, scale);
            assert!(is_complete);
            assert_eq!((small.width(), small.height()), (97usize.div_ceil(factor), 83usize.div_ceil(factor)));
            assert_eq!(scale.size(97, 83), (small.width(), small.height()));
            // The middle of what a pixel covers, away from the filling at the right and bottom edges.
            for y in 0..small.height() - 1 {
                for x in 0..small.width() - 1 {
                    for channel in 0..3 {
                        let at = |y: usize, x: usize| i32::from(pixels(&whole)[(y * 97 + x) * 3 + channel]);
                        let (y0, x0) = (y * factor + factor / 2, x * factor + factor / 2);
                        let middle = (at(y0, x0) + at(y0 - 1, x0) + at(y0, x0 - 1) + at(y0 - 1, x0 - 1)) / 4;
                        let found = i32::from(pixels(&small)[(y * small.width() + x) * 3 + channel]);
                        assert!((found - middle).abs() <= 12, "{kind:?} {scale:?} {x},{y}: {found} for {middle}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_cut_file_is_sound_up_to_the_cut() {
    let mut decoder = JpegDecoder::default();
    let data = picture(64, 64, 3);
    for kind in kinds() {
        let file = encode(Picture { width: 64, height: 64, data: &data }, kind);
        let (whole, _) = decoded(&mut decoder, &file, Scale::Full);
        let headers = file.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
        for end in (0..file.len() - 2).step_by(97) {
            let Ok(mut jpeg) = decoder.open(&file[..end], MAX_PIXELS) else {
                assert!(end <= headers + 20, "{kind:?} cut at {end}");
                continue;
            };
            let mut out = RgbImage::default();
            assert!(!jpeg.scaled(Scale::Full, &mut out).unwrap().is_complete, "{kind:?} cut at {end}");
            // The first rows of MCUs are whole once two thirds of the file are there.
            if end > file.len() * 2 / 3 {
                assert_eq!(&pixels(&out)[..64 * 3 * 8], &pixels(&whole)[..64 * 3 * 8]);
            }
        }
    }
}

#[test]
fn damage_stays_in_its_interval() {
    let kind = Kind { sampling: Some((1, 1)), restart: 8, step: 4, long_codes: false };
    let mut file = encode(Picture { width: 64, height: 64, data: &picture(64, 64, 9) }, kind);
    let mut decoder = JpegDecoder::default();
    let (whole, _) = decoded(&mut decoder, &file, Scale::Full);
    let marker = |number: u8| move |pair: &[u8]| pair == [0xFF, 0xD0 + number];
    let start = file.windows(2).position(marker(2)).unwrap() + 2;
    let end = file.windows(2).position(marker(3)).unwrap();
    // All ones are no code in these tables.
    file.splice(start..end, [0xFF, 0x00].repeat(12));
    let (broken, is_complete) = decoded(&mut decoder, &file, Scale::Full);
    assert!(!is_complete);
    let row = 64 * 3 * 8;
    assert_eq!(pixels(&broken)[..3 * row], pixels(&whole)[..3 * row]);
    assert_ne!(pixels(&broken)[3 * row..4 * row], pixels(&whole)[3 * row..4 * row]);
    assert_eq!(pixels(&broken)[4 * row..], pixels(&whole)[4 * row..]);
}

#[test]
fn broken_files_do_no_harm() {
    let mut decoder = JpegDecoder::default();
    let mut seeded = Seeded::new(2024);
    let data = picture(40, 40, 1);
    let files: Vec<_> = kinds().map(|kind| encode(Picture { width: 40, height: 40, data: &data }, kind)).collect();
    let mut out = RgbImage::default();
    let mut decodings = 0;
    for round in 0..6000 {
        let file = mutated(&files[round % files.len()], &mut seeded);
        let Ok(mut jpeg) = decoder.open(&file, 1 << 18) else { continue };
        let (width, height) = (jpeg.width(), jpeg.height());
        let rect = PixelRect { x: width / 2, y: height / 2, width: width.div_ceil(3), height: height.div_ceil(3) };
        jpeg.rect(rect, &mut out).unwrap();
        jpeg.scaled([Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth][round % 4], &mut out).unwrap();
        decodings += 1;
    }
    assert!(decodings > 2000, "{decodings} of 6000 files could be opened");
}

#[test]
fn what_is_not_done_is_said() {
    let kind = Kind { sampling: Some((2, 2)), restart: 0, step: 8, long_codes: false };
    let good = encode(Picture { width: 20, height: 20, data: &picture(20, 20, 1) }, kind);
    let frame = good.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut decoder = JpegDecoder::default();
    let mut with = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file.splice(at..at + bytes.len(), bytes.iter().copied());
        decoder.open(&file, MAX_PIXELS).map(|jpeg| (jpeg.width(), jpeg.height()))
    };
    assert_eq!(with(frame, &[0xFF, 0xC1]).unwrap(), (20, 20));
    for marker in [0xC2, 0xC3, 0xC5, 0xC9] {
        assert!(matches!(with(frame, &[0xFF, marker]), Err(Error::JpegUnsupported { .. })), "{marker:#x}");
    }
    // Twelve bits, a height to come, odd subsampling.
    assert!(matches!(with(frame + 4, &[12]), Err(Error::JpegUnsupported { .. })));
    assert!(matches!(with(frame + 5, &[0, 0]), Err(Error::JpegUnsupported { .. })));
    assert!(matches!(with(frame + 11, &[0x41]), Err(Error::JpegUnsupported { .. })));
    // A bomb of a header, and one beyond every limit.
    assert!(matches!(with(frame + 5, &[0x75, 0x30]), Ok((20, 30_000))));
    assert!(matches!(with(frame + 5, &[0x75, 0x30, 0x75, 0x30]), Err(Error::TooManyPixels { .. })));
    assert!(matches!(with(frame + 5, &[0xFF, 0xFF, 0, 20]), Err(Error::TooLarge { .. })));
    assert!(matches!(with(0, b"text"), Err(Error::Jpeg { .. })));
    assert!(matches!(decoder.open(&[], MAX_PIXELS), Err(Error::Jpeg { .. })));
}

#[test]
fn real_photos_decode_as_elsewhere() {
    let mut decoder = JpegDecoder::default();
    for (name, file) in real_photos().iter().step_by(8) {
        let (found, is_complete) = decoded(&mut decoder, file, Scale::Full);
        assert!(is_complete, "{name}");
        let (most, mean) = differences(pixels(&found), &reference(file));
        assert!(most <= 12 && mean < 0.5, "{name}: {most} {mean}");
    }
}
