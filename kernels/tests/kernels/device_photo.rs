//! Photos on a GPU: what is looked at is what the CPU would show, and what the device is said to have done, it did.

use crate::device::gpu;
use crate::jpeg_files::{mutated, picture, usual};
use crate::seeded::Seeded;
use jpeg_encoder::{ColorType, Encoder};
use tollgate_kernels::gpu::{AdapterChoice, Gpu};
use tollgate_kernels::jpeg::{GpuJpeg, JpegFile, Orientation};
use tollgate_kernels::photo::{Declined, DevicePhoto};
use tollgate_kernels::{Error, Photo, Picture, Rect, RgbImage};

const MAX_PIXELS: u64 = 1 << 26;

fn file(bytes: &[u8], exif: u8) -> JpegFile<'_> {
    JpegFile { bytes, orientation: Orientation::from_exif(exif) }
}

fn on_device(bytes: &[u8], opened: DevicePhoto) -> Photo {
    let mut photo = Photo::default();
    photo.set_device(bytes.to_vec(), opened);
    photo
}

/// A picture brought back.
fn pixels(gpu: &Gpu, picture: Picture<'_>) -> RgbImage {
    let Picture::Device(photos) = picture else { panic!("it lies on the GPU") };
    let mut all = photos.download(gpu).expect("it can be read back");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn what_is_looked_at_is_what_the_cpu_shows() {
    let Some(gpu) = gpu() else { return };
    let jpeg = GpuJpeg::new(&gpu).unwrap();
    let files: Vec<_> = (0..3).map(|seed| usual(300 + seed * 17, 200 - seed * 9, seed)).collect();
    let upright: Vec<_> = files.iter().map(|bytes| file(bytes, 1)).collect();
    let opened = DevicePhoto::open_batch(&jpeg, &upright, MAX_PIXELS, 100).unwrap();
    for (bytes, opened) in files.iter().zip(opened) {
        let (mut ours, mut host) = (on_device(bytes, opened.unwrap()), Photo::default());
        assert!(host.open_jpeg(bytes.clone(), MAX_PIXELS, 100).unwrap() && ours.is_on_device());
        assert_eq!((ours.width(), ours.height()), (host.width(), host.height()));
        // In this order, because whoever has the whole picture cuts parts out of it.
        let rect = Rect { x: 41.3, y: 30.0, w: 80.0, h: 33.0 };
        let (found, at) = ours.part(rect).unwrap();
        let found = pixels(&gpu, found);
        let (expected, at_host) = host.part(rect).unwrap();
        assert_eq!((at, found.view().unwrap()), (at_host, expected.host().unwrap()));
        for long in [100, usize::MAX] {
            let found = pixels(&gpu, ours.at_least(long).unwrap());
            assert!(found.view().unwrap() == host.at_least(long).unwrap().host().unwrap(), "long side {long}");
        }
        assert!(matches!(ours.at_least(1).unwrap().host(), Err(Error::Spec { .. })));
        assert_eq!(ours.leave_device().as_ref(), Some(bytes));
        assert!(ours.leave_device().is_none() && ours.at_least(1).is_err());
    }
}

#[test]
fn a_photo_that_lies_on_its_side_is_upright() {
    let Some(gpu) = gpu() else { return };
    let jpeg = GpuJpeg::new(&gpu).unwrap();
    let bytes = usual(120, 64, 1);
    for exif in 1..=8 {
        let opened = DevicePhoto::open_batch(&jpeg, &[file(&bytes, exif)], MAX_PIXELS, 20).unwrap().remove(0).unwrap();
        let expected = if exif < 5 { (120, 64) } else { (64, 120) };
        assert_eq!(opened.size(), expected, "EXIF {exif}");
        let mut photo = on_device(&bytes, opened);
        // The same corner of both: cut from the part, and from the whole.
        let corner = Rect { x: 3.0, y: 5.0, w: 40.0, h: 20.0 };
        let (part, at) = photo.part(corner).unwrap();
        let (part, at) = (pixels(&gpu, part), (at.x as usize, at.y as usize));
        let whole = pixels(&gpu, photo.at_least(usize::MAX).unwrap());
        let row = |image: &RgbImage, x: usize, y: usize| {
            image.view().expect("pixels").data()[(y * image.width() + x) * 3..][..40 * 3].to_vec()
        };
        for y in 0..20 {
            assert_eq!(row(&part, at.0, at.1 + y), row(&whole, 3, 5 + y), "EXIF {exif}, row {y}");
        }
    }
}

#[test]
fn what_is_declined_says_why_and_the_others_are_decoded() {
    let Some(gpu) = gpu() else { return };
    let jpeg = GpuJpeg::new(&gpu).unwrap();
    let good = usual(200, 100, 0);
    let mut progressive = Vec::new();
    let mut encoder = Encoder::new(&mut progressive, 80);
    encoder.set_progressive(true);
    encoder.encode(&picture(64, 48, 1), 64, 48, ColorType::Rgb).unwrap();
    let large = usual(640, 480, 2);
    let cut = &good[..good.len() / 2];
    let files = [&good[..], &progressive, b"\xff\xd8 no photo", &large, cut, &good].map(|bytes| file(bytes, 1));
    let opened = DevicePhoto::open_batch(&jpeg, &files, 200 * 200, 64).unwrap();
    let reasons: Vec<_> = opened.iter().map(|photo| photo.as_ref().err().copied()).collect();
    let unsupported = Some(Declined::Unsupported("progressive files"));
    assert_eq!(reasons[..4], [None, unsupported, Some(Declined::Unsound), Some(Declined::TooLarge)]);
    assert!(matches!(reasons[4], Some(Declined::Damaged | Declined::Unsettled)), "{reasons:?}");
    assert_eq!(reasons[5], None);
    assert!(DevicePhoto::open_batch(&jpeg, &files[1..3], 1 << 20, 64).unwrap().iter().all(Result::is_err));
    assert!(DevicePhoto::open_batch(&jpeg, &[], 1 << 20, 64).unwrap().is_empty());
}

#[test]
fn whatever_the_bytes_a_batch_is_answered() {
    let Some(gpu) = gpu() else { return };
    let jpeg = GpuJpeg::new(&gpu).unwrap();
    let mut seeded = Seeded::new(9);
    let good = usual(64, 40, 3);
    let broken: Vec<_> = (0..24).map(|_| mutated(&good, &mut seeded)).collect();
    let files: Vec<_> = broken.iter().chain([&good]).map(|bytes| file(bytes, 1)).collect();
    let opened = DevicePhoto::open_batch(&jpeg, &files, 1 << 20, 32).unwrap();
    assert!(opened.len() == 25 && opened[24].is_ok());
}

#[test]
fn passes_are_timed_and_bytes_are_counted() {
    if gpu().is_none() {
        return;
    }
    // A device of its own, since others are used by other tests meanwhile.
    let gpu = Gpu::open(AdapterChoice::AllowSoftware).unwrap();
    let jpeg = GpuJpeg::new(&gpu).unwrap();
    let good = usual(320, 240, 3);
    gpu.start_profile().unwrap();
    let mut opened = DevicePhoto::open_batch(&jpeg, &[file(&good, 1)], MAX_PIXELS, 64).unwrap();
    let times = gpu.end_profile().unwrap();
    if gpu.has_timestamps() {
        let entries: Vec<_> = times.passes.iter().map(|pass| pass.entry).collect();
        assert_eq!((entries.first(), entries.last()), (Some(&"guess"), Some(&"colour")), "{entries:?}");
        assert!(
            times.untimed == 0 && times.passes.iter().all(|pass| pass.ms >= 0.0 && pass.ms < 60_000.0),
            "{times:?}"
        );
        assert!(times.passes.iter().map(|pass| pass.ms).sum::<f64>() > 0.0, "{times:?}");
    } else {
        eprintln!("SKIPPED: {} has no clock for its passes", gpu.info());
        assert!(times.passes.is_empty());
    }
    assert!(gpu.end_profile().unwrap().passes.is_empty());
    let before = gpu.usage();
    assert!(before.to_device_bytes as f64 <= good.len() as f64 * 1.1 + 2048.0, "{before:?} for {} bytes", good.len());
    let mut photo = on_device(&good, opened.remove(0).unwrap());
    let image = pixels(&gpu, photo.at_least(64).unwrap());
    let after = gpu.usage();
    let bytes = (image.width() * image.height() * 3) as u64;
    assert!((bytes..bytes + 8).contains(&(after.from_device_bytes - before.from_device_bytes)), "{after:?}");
    assert!(after.peak_bytes >= 320 * 240 * 3, "{after:?}");
}
