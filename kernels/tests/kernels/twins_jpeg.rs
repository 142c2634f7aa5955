//! The parallel JPEG decoder: its CPU twin against the sequential decoder, and the GPU against both.

use std::time::{Duration, Instant};

use crate::device::{both_forms, gpu};
use crate::jpeg_files::{generated, kinds, mutated, real_photos, usual};
use crate::seeded::Seeded;
use tollgate_kernels::gpu::Gpu;
use tollgate_kernels::jpeg::{GpuJpeg, JpegDecoder, JpegFile, Orientation, Scale, Status, cpu};
use tollgate_kernels::{PixelRect, RgbImage};

const MAX_PIXELS: u64 = 50_000_000;
const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];
const SIZES: [(usize, usize); 9] = [(1, 1), (2, 3), (5, 7), (8, 8), (17, 33), (64, 3), (3, 50), (25, 24), (1, 9)];

/// What the sequential decoder makes of a file: a picture and whether it is complete.
fn sequential(file: &[u8], scale: Scale) -> Option<(RgbImage, bool)> {
    let mut decoder = JpegDecoder::default();
    let mut jpeg = decoder.open(file, MAX_PIXELS).ok()?;
    let mut out = RgbImage::default();
    let outcome = jpeg.scaled(scale, &mut out).expect("the size is allowed");
    Some((out, outcome.is_complete))
}

fn turned(image: &RgbImage, orientation: Orientation) -> RgbImage {
    let stored = (image.width(), image.height());
    let (width, height) = orientation.size(stored.0, stored.1);
    let data = pixels(image);
    let at = |index: usize| {
        let (x, y) = orientation.stored_pixel(index % width, index / width, stored);
        <[u8; 3]>::try_from(&data[(y * stored.0 + x) * 3..][..3]).expect("three bytes")
    };
    RgbImage::new((0..width * height).flat_map(at).collect(), width, height).expect("the size is the same")
}

fn pixels(image: &RgbImage) -> &[u8] {
    image.view().expect("something was decoded").data()
}

fn part(image: &RgbImage, rect: PixelRect) -> Vec<u8> {
    let row = |y: usize| pixels(image)[(y * image.width() + rect.x) * 3..][..rect.width * 3].to_vec();
    (rect.y..rect.y + rect.height).flat_map(row).collect()
}

fn some_rect(seeded: &mut Seeded, (width, height): (usize, usize)) -> PixelRect {
    let (x, y) = (seeded.range(0, width - 1), seeded.range(0, height - 1));
    PixelRect { x, y, width: seeded.range(1, width - x), height: seeded.range(1, height - y) }
}

/// Compares the twin's whole pictures and some parts with the sequential decoder's.
fn check_twin(file: &[u8], orientation: Orientation, seeded: &mut Seeded, context: &str) {
    let twin = cpu::decode(file, orientation, MAX_PIXELS).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(twin.status(), Status::Decoded, "{context}");
    let mut found = RgbImage::default();
    for scale in SCALES {
        let (whole, is_complete) = sequential(file, scale).expect("it was opened before");
        let whole = turned(&whole, orientation);
        assert!(is_complete, "{context}");
        twin.scaled(scale, &mut found).expect("the kernel runs");
        assert_eq!((found.width(), found.height()), (whole.width(), whole.height()), "{context}");
        assert!(pixels(&found) == pixels(&whole), "{context} {scale:?}");
        if scale == Scale::Full {
            let rect = some_rect(seeded, (whole.width(), whole.height()));
            twin.rect(rect, &mut found).expect("the kernel runs");
            assert!(pixels(&found) == part(&whole, rect), "{context} {rect:?}");
        }
    }
}

#[test]
fn the_parallel_order_decodes_as_the_sequential_one() {
    let mut seeded = Seeded::new(4);
    for (index, kind) in kinds().enumerate() {
        for (size, (width, height)) in SIZES.into_iter().enumerate() {
            let file = generated(width, height, index as u64, kind);
            let orientation = Orientation::from_exif(1 + (index + size) as u8 % 8);
            check_twin(&file, orientation, &mut seeded, &format!("{kind:?} {width}x{height}"));
        }
    }
}

/// Large enough for several groups of chunks.
const LARGE: [(usize, usize); 4] = [(801, 610), (333, 750), (500, 97), (640, 480)];

fn usual_files() -> Vec<(String, Vec<u8>)> {
    let files = (0..48).map(|seed| (seed, LARGE[seed % 7 % 4]));
    files.map(|(seed, (w, h))| (format!("usual {seed} {w}x{h}"), usual(w, h, seed))).collect()
}

#[test]
fn the_parallel_order_decodes_usual_files() {
    let mut seeded = Seeded::new(9);
    for (index, (name, file)) in usual_files().iter().enumerate() {
        check_twin(file, Orientation::from_exif(1 + index as u8 % 8), &mut seeded, name);
    }
}

#[test]
fn codes_that_never_fall_into_step_are_left_to_the_sequential_decoder() {
    // Codes of one length, over many chunks.
    let kind = kinds().nth(4).expect("there are kinds");
    let file = generated(300, 300, 1, kind);
    let twin = cpu::decode(&file, Orientation::UPRIGHT, MAX_PIXELS).unwrap();
    assert_eq!(twin.status(), Status::Unsettled);
    assert!(twin.scaled(Scale::Full, &mut RgbImage::default()).is_err());
    assert!(sequential(&file, Scale::Full).expect("it is sound").1);
}

#[test]
fn the_parallel_order_decodes_real_photos() {
    let mut seeded = Seeded::new(5);
    for (name, file) in real_photos().iter().step_by(9) {
        if sequential(file, Scale::Eighth).is_some() {
            check_twin(file, Orientation::UPRIGHT, &mut seeded, name);
        }
    }
}

/// Decodes a batch on the GPU and compares statuses, whole pictures at the scales given, and parts.
fn check_batch(gpu: &Gpu, files: &[(String, Vec<u8>)], scales: &[Scale], seeded: &mut Seeded) -> usize {
    let kernel = GpuJpeg::new(gpu).expect("the kernel runs");
    let orientation = |index: usize| Orientation::from_exif(1 + index as u8 % 8);
    let jobs = files.iter().enumerate();
    let jobs = jobs.map(|(index, (_, bytes))| JpegFile { bytes, orientation: orientation(index) });
    let mut batch = kernel.submit(&jobs.collect::<Vec<_>>(), MAX_PIXELS).expect("the kernel runs");
    let allowed: usize = files.iter().map(|(_, file)| file.len() * 11 / 10 + 1024).sum();
    assert!(batch.uploaded_bytes() <= allowed as u64, "{} bytes, {allowed} are allowed", batch.uploaded_bytes());
    let statuses = batch.statuses().expect("the kernel runs");
    let mut pictures = Vec::new();
    for (index, (name, file)) in files.iter().enumerate() {
        let twin = cpu::decode(file, orientation(index), MAX_PIXELS).ok();
        assert_eq!(statuses[index], twin.map(|twin| twin.status()), "{name}");
        assert_eq!(batch.refusal(index).is_some(), statuses[index].is_none(), "{name}");
        if statuses[index] == Some(Status::Decoded) {
            pictures.push((index, scales[index % scales.len()]));
        }
    }
    if pictures.is_empty() {
        return 0;
    }
    let found = kernel.scaled(&batch, &pictures).expect("the kernel runs").download(gpu).expect("the kernel runs");
    let mut rects = Vec::new();
    let mut parts = Vec::new();
    for ((index, scale), found) in pictures.iter().zip(&found) {
        let (name, file) = &files[*index];
        let (whole, is_complete) = sequential(file, *scale).expect("the GPU took it");
        assert!(is_complete, "{name}");
        let whole = turned(&whole, orientation(*index));
        assert_eq!((found.width(), found.height()), (whole.width(), whole.height()), "{name}");
        assert!(pixels(found) == pixels(&whole), "{name} {scale:?}");
        let (full, _) = sequential(file, Scale::Full).expect("the GPU took it");
        let full = turned(&full, orientation(*index));
        assert_eq!(batch.size(*index).expect("the kernel runs"), (full.width(), full.height()));
        let rect = some_rect(seeded, (full.width().min(400), full.height().min(400)));
        parts.push(part(&full, rect));
        rects.push((*index, rect));
    }
    let found = kernel.rects(&batch, &rects).expect("the kernel runs").download(gpu).expect("the kernel runs");
    for (((index, rect), found), expected) in rects.iter().zip(&found).zip(parts) {
        assert!(pixels(found) == expected, "{} {rect:?}", files[*index].0);
    }
    pictures.len()
}

#[test]
fn the_gpu_decodes_every_kind_to_the_bit() {
    let gpus = both_forms();
    let mut seeded = Seeded::new(6);
    for (round, scale) in SCALES.into_iter().enumerate() {
        let files = kinds().enumerate().flat_map(|(index, kind)| {
            let sizes = SIZES.into_iter().skip((index + round) % 2).step_by(2);
            sizes.map(move |(width, height)| {
                (format!("{kind:?} {width}x{height}"), generated(width, height, (index + round) as u64, kind))
            })
        });
        let files: Vec<_> = files.collect();
        for gpu in &gpus {
            assert_eq!(check_batch(gpu, &files, &[scale], &mut seeded), files.len());
        }
    }
}

#[test]
fn the_gpu_decodes_usual_files_to_the_bit() {
    let gpus = both_forms();
    let files: Vec<_> = usual_files().into_iter().step_by(5).collect();
    for gpu in &gpus {
        assert_eq!(check_batch(gpu, &files, &SCALES, &mut Seeded::new(10)), files.len());
    }
}

#[test]
fn the_gpu_decodes_real_photos_to_the_bit() {
    let Some(gpu) = gpu() else { return };
    let mut seeded = Seeded::new(7);
    let photos = real_photos();
    let sampled = photos.iter().enumerate().filter(|(i, (_, file))| (file.len() < 50_000 && i % 4 == 0) || i % 32 == 0);
    let sampled: Vec<_> = sampled.map(|(_, photo)| photo.clone()).collect();
    for files in sampled.chunks(6) {
        let found = check_batch(&gpu, files, &[Scale::Half, Scale::Full, Scale::Quarter, Scale::Half], &mut seeded);
        let ours = files.iter().filter(|(_, file)| sequential(file, Scale::Eighth).is_some()).count();
        assert_eq!(found, ours);
    }
}

#[test]
fn the_gpu_finds_damage_where_its_twin_does() {
    let Some(gpu) = gpu() else { return };
    let mut seeded = Seeded::new(8);
    let mut decoded = 0;
    for round in 0..6 {
        let files = (0..24).map(|seed| {
            let file = usual(150, 130, seed);
            let file = if round == 0 { file[..file.len() * 3 / 4].to_vec() } else { mutated(&file, &mut seeded) };
            (format!("round {round} file {seed}"), file)
        });
        let files: Vec<_> = files.collect();
        decoded += check_batch(&gpu, &files, &SCALES, &mut Seeded::new(round));
    }
    assert!(decoded > 0, "some damage is none to a decoder");
}

#[test]
fn the_gpus_interface_refuses_what_cannot_be() {
    let Some(gpu) = gpu() else { return };
    let kernel = GpuJpeg::new(&gpu).unwrap();
    let good = generated(30, 20, 1, kinds().last().expect("there are kinds"));
    let file = |bytes| JpegFile { bytes, orientation: Orientation::from_exif(6) };
    let mut batch = kernel.submit(&[file(b"text"), file(&good)], MAX_PIXELS).unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (2, false));
    assert!(batch.refusal(0).is_some() && batch.refusal(1).is_none());
    assert!(batch.size(0).is_err());
    assert_eq!(batch.size(1).unwrap(), (20, 30));
    let rect = PixelRect { x: 0, y: 0, width: 20, height: 30 };
    assert!(kernel.rects(&batch, &[(1, rect)]).is_ok());
    assert!(kernel.rects(&batch, &[(1, PixelRect { x: 1, ..rect })]).is_err());
    assert!(kernel.rects(&batch, &[(0, rect)]).is_err());
    assert!(kernel.scaled(&batch, &[(2, Scale::Full)]).is_err());
    assert!(kernel.scaled(&batch, &[]).is_err());
    // Asked twice, answered twice.
    assert_eq!(batch.statuses().unwrap(), [None, Some(Status::Decoded)]);
    assert_eq!(batch.statuses().unwrap(), [None, Some(Status::Decoded)]);
    let mut none = kernel.submit(&[file(b"text")], MAX_PIXELS).unwrap();
    assert_eq!(none.statuses().unwrap(), [None]);
    assert!(kernel.submit(&[file(&good)], 100).unwrap().refusal(0).is_some());
}

/// Mutated files: the twin ends, stays inside, and never takes for whole what the sequential decoder finds broken.
#[test]
fn broken_files_do_no_harm_in_parallel() {
    let seconds = std::env::var("TOLLGATE_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(2);
    let kinds = kinds().map(|kind| generated(25, 20, 1, kind));
    let files: Vec<_> = kinds.chain((0..24).map(|seed| usual(150, 130, seed))).collect();
    let mut seeded = Seeded::new(2026);
    let (mut decoded, mut damaged, mut round) = (0, 0, 0);
    let began = Instant::now();
    while round < files.len() * 3 || began.elapsed() < Duration::from_secs(seconds) {
        let file = mutated(&files[round % files.len()], &mut seeded);
        round += 1;
        let Ok(twin) = cpu::decode(&file, Orientation::UPRIGHT, 1 << 18) else { continue };
        let (expected, is_complete) = sequential(&file, SCALES[round % 4]).expect("the twin took it");
        match twin.status() {
            Status::Decoded => {
                let mut found = RgbImage::default();
                twin.scaled(SCALES[round % 4], &mut found).unwrap();
                assert!(is_complete && pixels(&found) == pixels(&expected), "round {round}");
                decoded += 1;
            }
            Status::Damaged => {
                assert!(!is_complete, "round {round}");
                damaged += 1;
            }
            // Its chunks did not agree in time, which says nothing of the file.
            Status::Unsettled => {}
        }
    }
    assert!(decoded > 0 && damaged > 0, "{decoded} decoded, {damaged} damaged of {round}");
}
