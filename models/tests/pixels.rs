//! Inputs of nets made on a GPU against those made on the CPU, on photos of the sample set.

use std::path::PathBuf;
use std::sync::Arc;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::gpu::AdapterChoice;
use tollgate_kernels::jpeg::{JpegFile, Orientation};
use tollgate_kernels::photo::DevicePhoto;
use tollgate_kernels::resample::level_bound;
use tollgate_kernels::{ChannelOrder, Error, Filter, Photo, Rect, RgbView};
use tollgate_models::detector::Retina;
use tollgate_models::pixels::{CpuPixels, GpuPixels, Pixels, SharedGpu};

/// A GPU or a software adapter; `None`, said aloud, where there is neither. With `REQUIRE_GPU=1` that is a failure.
fn shared() -> Option<Arc<SharedGpu>> {
    match SharedGpu::open(AdapterChoice::AllowSoftware) {
        Ok(shared) => Some(Arc::new(shared)),
        Err(error) if std::env::var_os("REQUIRE_GPU").is_some_and(|value| value == "1") => {
            panic!("REQUIRE_GPU=1, but: {error}");
        }
        Err(error) => {
            eprintln!("SKIPPED: GPU and CPU inputs were not compared: {error}");
            None
        }
    }
}

/// Three photos of the sample set.
fn photos() -> impl Iterator<Item = Photo> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample");
    let mut files: Vec<_> = walk(dir);
    files.sort();
    files.into_iter().step_by(13).map(|file| {
        let mut photo = Photo::default();
        let bytes = std::fs::read(&file).expect("a photo of the sample set");
        photo.open_jpeg(bytes, 1 << 26, 64).expect("a baseline JPEG");
        photo
    })
}

fn walk(dir: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("the sample set");
    let paths = entries.map(|entry| entry.expect("an entry of the sample set").path());
    let nested = paths.flat_map(|path| if path.is_dir() { walk(path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|end| end == "jpg")).collect()
}

/// Parts of a photo: a plate's size inside, one over the edge, one that is enlarged, nearly all of it.
fn rects(view: RgbView<'_>) -> [Rect; 4] {
    let (w, h) = (view.width() as f32, view.height() as f32);
    [
        Rect { x: w * 0.4, y: h * 0.55, w: w * 0.17, h: h * 0.09 },
        Rect { x: w * 0.9, y: -5.0, w: w * 0.3, h: h * 0.2 },
        Rect { x: w * 0.2 + 0.3, y: h * 0.7, w: 31.0, h: 13.0 },
        Rect { x: 3.0, y: 2.0, w: w - 7.0, h: h - 3.0 },
    ]
}

const FLOATS: Layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Both twins' tensors of one specification, and how far apart they may be.
fn assert_letterboxes(gpu: &mut GpuPixels, view: RgbView<'_>) {
    let spec = Retina::layout(view.width(), view.height(), 320);
    let mut out = [vec![f32::NAN; spec.output_len()], vec![f32::NAN; spec.output_len()]];
    CpuPixels::default().letterbox(view.into(), &spec, &mut out[0]).expect("on the CPU");
    gpu.letterbox(view.into(), &spec, &mut out[1]).expect("on the GPU");
    // Each twin may be that far from the plain reference.
    let bound = 2.0 * level_bound((view.width(), view.height()), (spec.content_w, spec.content_h), spec.filter);
    let off = farthest(&out[0], &out[1]);
    assert!(off <= bound, "letterbox: {off}, bound {bound}");
}

fn assert_crops(gpu: &mut GpuPixels, view: RgbView<'_>, rect: Rect, filter: Filter) {
    let bytes = CropSpec { out_w: 128, out_h: 64, filter, layout: Layout::NhwcU8Rgb };
    let floats = CropSpec { layout: FLOATS, ..bytes };
    let mut cpu = CpuPixels::default();
    let mut levels = [vec![0; bytes.output_len()], vec![0; bytes.output_len()]];
    cpu.crop_u8(view.into(), rect, &bytes, &mut levels[0]).expect("on the CPU");
    gpu.crop_u8(view.into(), rect, &bytes, &mut levels[1]).expect("on the GPU");
    let off = levels[0].iter().zip(&levels[1]).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(off <= Some(1), "{rect:?}: {off:?} levels");
    let mut values = [vec![f32::NAN; bytes.output_len()], vec![f32::NAN; bytes.output_len()]];
    cpu.crop_f32(view.into(), rect, &floats, &mut values[0]).expect("on the CPU");
    gpu.crop_f32(view.into(), rect, &floats, &mut values[1]).expect("on the GPU");
    let part = rect.pixels(view.width(), view.height()).expect("a part of the photo");
    let bound = 2.0 * level_bound((part.width, part.height), (bytes.out_w, bytes.out_h), filter) / 127.5;
    let off = farthest(&values[0], &values[1]);
    assert!(off <= bound, "{rect:?}: {off}, bound {bound}");
}

#[test]
fn the_gpu_makes_what_the_cpu_makes() {
    let Some(shared) = shared() else { return };
    let mut gpu = GpuPixels::new(Arc::clone(&shared));
    let mut compared = 0;
    for mut photo in photos() {
        assert_letterboxes(&mut gpu, photo.at_least(320).unwrap().host().unwrap());
        let view = photo.at_least(usize::MAX).unwrap().host().unwrap();
        for rect in rects(view) {
            assert_crops(&mut gpu, view, rect, Filter::Bilinear);
            assert_crops(&mut gpu, view, rect, Filter::Area);
        }
        compared += 1;
    }
    assert!(compared >= 3, "{compared} photos");
    assert_eq!(shared.finished_on_cpu(), 0);
}

#[test]
fn the_cpu_finishes_for_a_lost_gpu() {
    let Some(shared) = shared() else { return };
    let mut gpu = GpuPixels::new(Arc::clone(&shared));
    let mut photo = photos().next().unwrap();
    let view = photo.at_least(320).unwrap().host().unwrap();
    assert_letterboxes(&mut gpu, view);
    assert_eq!(shared.finished_on_cpu(), 0);
    for times in 1..=3 {
        shared.gpu().lose();
        // The CPU does what the loss was seen at; the GPU is then there again, for every lane.
        assert_letterboxes(&mut gpu, view);
        assert_crops(&mut GpuPixels::new(Arc::clone(&shared)), view, rects(view)[0], Filter::Bilinear);
        assert_eq!((shared.finished_on_cpu(), shared.reopened()), (times, times));
    }
    // One that is lost again and again is given up.
    shared.gpu().lose();
    assert_letterboxes(&mut gpu, view);
    assert_crops(&mut gpu, view, rects(view)[0], Filter::Bilinear);
    assert_letterboxes(&mut GpuPixels::new(Arc::clone(&shared)), view);
    assert_eq!((shared.finished_on_cpu(), shared.reopened()), (7, 3));
    assert!(shared.is_given_up());
}

/// What lay on a lost GPU is out of reach of the one opened anew: an error that has the photo begun anew, no wrong pixels.
#[test]
fn a_photo_of_a_lost_gpu_is_refused_by_the_next() {
    let Some(shared) = shared() else { return };
    let file = walk(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1")).remove(0);
    let bytes = std::fs::read(file).unwrap();
    let jpeg = JpegFile { bytes: &bytes, orientation: Orientation::UPRIGHT };
    let opened = DevicePhoto::open_batch(&shared.jpeg(), &[jpeg], 1 << 26, 320).unwrap().remove(0).unwrap();
    let mut photo = Photo::default();
    photo.set_device(bytes.clone(), opened);
    let mut gpu = GpuPixels::new(Arc::clone(&shared));
    let spec = Retina::layout(photo.width(), photo.height(), 320);
    let mut out = vec![f32::NAN; spec.output_len()];
    gpu.letterbox(photo.at_least(320).unwrap(), &spec, &mut out).unwrap();
    shared.gpu().lose();
    let mut letterbox = |photo: &mut Photo| gpu.letterbox(photo.at_least(320)?, &spec, &mut out);
    for opened in [1, 1] {
        let error = letterbox(&mut photo).unwrap_err();
        assert!(error.is_of_gpu() && shared.reopened() == opened, "{error}");
    }
    let file = photo.leave_device().unwrap();
    photo.open_jpeg(file, 1 << 26, 64).unwrap();
    letterbox(&mut photo).unwrap();
    assert_eq!(shared.finished_on_cpu(), 0);
}

#[test]
fn the_cpu_finishes_what_is_too_much_for_a_gpu() {
    let Some(shared) = shared() else { return };
    let mut gpu = GpuPixels::new(Arc::clone(&shared));
    let data = vec![7; 300 * 300 * 3];
    let view = RgbView::new(&data, 300, 300).unwrap();
    let spec = CropSpec { out_w: 1, out_h: 1, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
    let whole = Rect { x: 0.0, y: 0.0, w: 300.0, h: 300.0 };
    let mut out = [0; 3];
    gpu.crop_u8(view.into(), whole, &spec, &mut out).unwrap();
    assert_eq!((out, shared.finished_on_cpu()), ([7; 3], 1));
    // What the CPU would refuse as well is no reason to ask it.
    let outside = Rect { x: 400.0, ..whole };
    assert!(matches!(gpu.crop_u8(view.into(), outside, &spec, &mut out), Err(Error::OutsidePhoto { .. })));
    assert!(matches!(
        gpu.crop_u8(view.into(), whole, &spec, &mut []),
        Err(Error::Length { .. } | Error::GpuLimit { .. })
    ));
    // The next one goes to the GPU again.
    gpu.crop_u8(view.into(), whole, &CropSpec { out_w: 8, ..spec }, &mut [0; 24]).unwrap();
}
