//! Several photos at once on a GPU give what each gives by itself.

mod common;

use common::{Nets, nets};
use std::path::PathBuf;
use std::sync::Arc;
use tollgate_kernels::boxes::Detected;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::gpu::{AdapterChoice, GpuOptions};
use tollgate_kernels::jpeg::{JpegFile, Orientation};
use tollgate_kernels::net::Precision;
use tollgate_kernels::photo::DevicePhoto;
use tollgate_kernels::{Filter, Photo, Rect, RgbImage};
use tollgate_models::detector::Retina;
use tollgate_models::network::{Job, Network, Output, WgpuNet};
use tollgate_models::pixels::SharedGpu;
use tollgate_models::reader::SlotReader;
use tollgate_models::{Detector, ModelInfo, Reader, Reading};

/// What of the sample set is looked at: a small part of each photo, because software adapters are slow.
const SIZE: (u32, u32) = (160, 96);

/// Another device, whose buffers have that many bytes at most, all together.
fn small(max_memory_bytes: Option<u64>) -> Arc<SharedGpu> {
    let options = GpuOptions { max_memory_bytes, ..AdapterChoice::AllowSoftware.into() };
    Arc::new(SharedGpu::open(options).expect("it was opened before"))
}

fn on_gpu(nets: &Nets, gpu: &Arc<SharedGpu>, info: &ModelInfo) -> Box<WgpuNet> {
    let instead = Box::new(nets.on_cpu(info, false));
    Box::new(WgpuNet::load(Arc::clone(gpu), info, Precision::F32, instead).expect("the net loads"))
}

/// Small JPEGs with a car's rear each.
fn files(count: usize) -> Vec<Vec<u8>> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1");
    let labels = std::fs::read_to_string(dir.join("labels.csv")).expect("the sample set");
    let part = |row: &str| {
        let cells: Vec<_> = row.split(',').collect();
        let [x, y] = [cells[1], cells[2]].map(|cell| cell.parse::<u32>().expect("a number"));
        let whole = image::open(dir.join(cells[0])).expect("the sample set").to_rgb8();
        let [x, y] =
            [x.saturating_sub(20).min(whole.width() - SIZE.0), y.saturating_sub(40).min(whole.height() - SIZE.1)];
        let part = image::imageops::crop_imm(&whole, x, y, SIZE.0, SIZE.1).to_image();
        let mut file = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 92).encode_image(&part).expect("it is encoded");
        file
    };
    labels.lines().skip(1).take(count).map(part).collect()
}

/// On the GPU, `at_once` files a batch.
fn on_device(gpu: &SharedGpu, files: &[Vec<u8>], at_once: usize) -> Vec<Photo> {
    let open = |files: &[Vec<u8>]| {
        let jpegs: Vec<_> = files.iter().map(|bytes| JpegFile { bytes, orientation: Orientation::UPRIGHT }).collect();
        let opened = DevicePhoto::open_batch(&gpu.jpeg(), &jpegs, 1 << 26, 64).expect("the batch is decoded");
        let photo = |(file, opened): (&Vec<u8>, std::result::Result<DevicePhoto, _>)| {
            let mut photo = Photo::default();
            photo.set_device(file.clone(), opened.expect("a sound file"));
            photo
        };
        files.iter().zip(opened).map(photo).collect::<Vec<_>>()
    };
    files.chunks(at_once).flat_map(open).collect()
}

type Seen = Vec<(Vec<Detected>, Vec<Reading>)>;

/// What both nets make of photos, `at_once` of them given at a time.
fn recognise(detector: &mut Retina, reader: &mut SlotReader, photos: &mut [Photo], at_once: usize) -> Seen {
    let mut seen = Vec::new();
    for photos in photos.chunks_mut(at_once) {
        let mut photos: Vec<_> = photos.iter_mut().collect();
        let found = detector.detect(&mut photos).expect("plates are looked for");
        let plates: Vec<_> = found.iter().map(Vec::as_slice).collect();
        let readings = reader.read(&mut photos, &plates).expect("plates are read");
        drop(plates);
        seen.extend(found.into_iter().zip(readings));
    }
    seen
}

#[test]
fn photos_at_once_are_seen_as_one_by_one() {
    let Some(nets) = nets() else { return };
    let gpu = &nets.gpu;
    let (Some(finder), Some(reader)) = (nets.info("clp_det"), nets.info("cct_xs_v2_global")) else { return };
    let mut detector = Retina::on(on_gpu(&nets, gpu, &finder), finder.clone()).unwrap();
    let mut slots = SlotReader::on(on_gpu(&nets, gpu, &reader), reader.clone()).unwrap();
    assert!(detector.at_once() > 5 && slots.at_once() > 5);
    let files = files(5);
    let one_by_one = recognise(&mut detector, &mut slots, &mut on_device(gpu, &files, 1), 1);
    let is_read = |(_, readings): &&(Vec<Detected>, Vec<Reading>)| readings.iter().any(|r| r.text.len() >= 5);
    assert!(one_by_one.iter().filter(is_read).count() >= 3, "{one_by_one:?}");
    // One has no pixels on the GPU, and pictures come from batches of two: each kind is done by itself.
    let mut photos = on_device(gpu, &files, 2);
    let whole = image::load_from_memory(&files[3]).unwrap().to_rgb8();
    let mut in_memory = Photo::default();
    in_memory.set_whole(RgbImage::new(whole.into_raw(), SIZE.0 as usize, SIZE.1 as usize).unwrap());
    photos[3] = in_memory;
    let at_once = recognise(&mut detector, &mut slots, &mut photos, 5);
    for (photo, (one, all)) in one_by_one.iter().zip(&at_once).enumerate() {
        let texts = |readings: &[Reading]| readings.iter().map(|r| r.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&one.1), texts(&all.1), "photo {photo}");
        // Another decoder made the pixels of the one in main memory.
        if photo != 3 {
            assert_eq!(one, all, "photo {photo}");
        }
    }
    assert_eq!(gpu.finished_on_cpu(), 0, "the GPU did not do it");
}

/// Where there is memory for a few, these are done at once; nothing goes to the CPU.
#[test]
fn what_is_too_much_at_once_is_done_in_parts() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("cct_xs_v2_global") else { return };
    let read = |max_memory_bytes, at_once: usize| {
        let gpu = small(max_memory_bytes);
        let mut reader = SlotReader::on(on_gpu(&nets, &gpu, &info), info.clone()).unwrap();
        let mut photos = on_device(&gpu, &files(3), 3);
        let rect = Rect { x: 20.0, y: 40.0, w: 60.0, h: 24.0 };
        let plate = [Detected { rect, score: 0.9, class: 0, corners: rect.corners() }];
        let mut readings = Vec::new();
        for photos in photos.chunks_mut(at_once) {
            let mut photos: Vec<_> = photos.iter_mut().collect();
            let plates = vec![plate.as_slice(); photos.len()];
            readings.extend(reader.read(&mut photos, &plates).unwrap());
        }
        assert_eq!(gpu.finished_on_cpu(), 0, "the GPU did not do it");
        (readings, gpu.gpu().usage().peak_bytes)
    };
    let ((one_by_one, least), (at_once, most)) = (read(None, 1), read(None, 3));
    assert_eq!(one_by_one, at_once);
    let (in_parts, held) = read(Some((least + most) / 2), 3);
    assert_eq!(in_parts, at_once);
    assert!(held < most, "all fit: this tests nothing ({least} {held} {most})");
}

/// What a lane keeps for later makes way for what another needs now.
#[test]
fn lanes_make_room_for_each_other() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("cct_xs_v2_global") else { return };
    let spec = CropSpec { out_w: 128, out_h: 64, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
    let photo = RgbImage::new(vec![127; 64 * 32 * 3], 64, 32).unwrap();
    let (view, all) = (photo.view().unwrap(), Rect { x: 0.0, y: 0.0, w: 64.0, h: 32.0 });
    let read = |net: &mut WgpuNet, plates: usize| {
        let mut shown = 0;
        let mut show = |_: usize, _: &[Output<'_>]| {
            shown += 1;
            Ok(())
        };
        net.run(&vec![Job::Crop(view.into(), all, &spec); plates], &mut show).expect("the net runs");
        assert_eq!(shown, plates);
        net.shapes().map(|shape| shape[0]).collect::<Vec<_>>()
    };
    let full = |gpu: &Arc<SharedGpu>| {
        let mut first = on_gpu(&nets, gpu, &info);
        read(&mut first, 1);
        read(&mut first, 2);
        assert_eq!(read(&mut first, 3), [1, 2, 3]);
        first
    };
    let gpu = small(None);
    drop(full(&gpu));
    // Room for the first lane, and for no other.
    let gpu = small(Some(gpu.gpu().usage().peak_bytes));
    let (mut first, mut second) = (full(&gpu), on_gpu(&nets, &gpu, &info));
    read(&mut second, 3);
    let by_cpu = gpu.finished_on_cpu();
    assert!(by_cpu > 0, "there was room for both: this tests nothing");
    assert_eq!(read(&mut first, 1), [1]);
    assert_eq!((read(&mut second, 3), gpu.finished_on_cpu()), (vec![3], by_cpu));
}
