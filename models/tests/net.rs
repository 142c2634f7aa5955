//! The shipped nets in the executor against ONNX Runtime's CPU provider, on photos of the sample set.

mod common;

use common::{Nets, nets};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::gpu::{AdapterChoice, GpuOptions, PipelineFile};
use tollgate_kernels::jpeg::{JpegFile, Orientation};
use tollgate_kernels::net::Precision;
use tollgate_kernels::photo::DevicePhoto;
use tollgate_kernels::{ChannelOrder, Filter, Photo, Picture, Rect, iou};
use tollgate_models::detector::Retina;
use tollgate_models::net::OnnxNet;
use tollgate_models::network::{Job, Network, Output, WgpuNet};
use tollgate_models::pixels::SharedGpu;
use tollgate_models::reader::SlotReader;
use tollgate_models::{Decode, ModelInfo, Reader, Reading, Result};

/// Of probabilities, absolutely; of other outputs, of the largest value.
const BOUND: f32 = 1e-3;

fn photo(index: usize) -> Photo {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1");
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .expect("the net and its photo are there")
        .map(|entry| entry.expect("the net and its photo are there").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "jpg"));
    files.sort();
    let mut photo = Photo::default();
    photo
        .open_jpeg(std::fs::read(&files[index]).expect("the net and its photo are there"), 1 << 26, 64)
        .expect("the net and its photo are there");
    photo
}

fn outputs(net: &mut dyn Network, job: Job<'_>) -> Vec<(String, Vec<f32>)> {
    let mut seen = Vec::new();
    let mut keep = |_: usize, outputs: &[Output<'_>]| -> Result<()> {
        seen.extend(outputs.iter().map(|output| (output.name.to_owned(), output.values.to_vec())));
        Ok(())
    };
    net.run(&[job], &mut keep).expect("the net and its photo are there");
    seen
}

/// Runs a job on both and compares all outputs.
fn compare(nets: &Nets, info: &ModelInfo, job: Job<'_>) {
    // The same input for both: made on the GPU.
    let mut expected = nets.on_cpu(info, true);
    let mut net = WgpuNet::load(Arc::clone(&nets.gpu), info, Precision::F32, Box::new(nets.on_cpu(info, false)))
        .expect("the net and its photo are there");
    let (expected, found) = (outputs(&mut expected, job), outputs(&mut net, job));
    assert_eq!(nets.gpu.finished_on_cpu(), 0, "the GPU did not do it");
    assert_eq!(expected.len(), found.len());
    for ((name, expected), (ours, found)) in expected.iter().zip(&found) {
        assert_eq!((name, expected.len()), (ours, found.len()));
        let most = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        let away = expected.iter().zip(found).fold(0.0, |away: f32, (a, b)| away.max((a - b).abs()));
        eprintln!("{} {name}: {} values, largest {most}, differing by at most {away}", info.name, expected.len());
        assert!(away <= BOUND * most, "{} {name}: {away} of {most}", info.name);
    }
}

#[test]
fn the_detector_sees_the_same() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("clp_det") else { return };
    let mut photo = photo(3);
    // Small, because software adapters are slow; the sides are no multiples of each other.
    let spec = Retina::layout(photo.width(), photo.height(), 320);
    compare(&nets, &info, Job::Letterbox(photo.at_least(320).unwrap(), &spec));
}

fn plate(view: Picture<'_>) -> Rect {
    let (w, h) = (view.width() as f32, view.height() as f32);
    Rect { x: w * 0.4, y: h * 0.55, w: w * 0.17, h: h * 0.09 }
}

#[test]
fn the_slot_reader_reads_the_same() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("cct_xs_v2_global") else { return };
    let mut photo = photo(5);
    let spec = CropSpec { out_w: 128, out_h: 64, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
    let picture = photo.at_least(usize::MAX).unwrap();
    compare(&nets, &info, Job::Crop(picture, plate(picture), &spec));
}

/// The same with a photo whose pixels lie on the GPU, the input made at once with the run and by itself.
#[test]
fn the_slot_reader_reads_a_photo_that_lies_on_the_gpu() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("cct_xs_v2_global") else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/sample/lane-1/20260314T081544_0003.jpg");
    let bytes = std::fs::read(file).unwrap();
    let jpeg = JpegFile { bytes: &bytes, orientation: Orientation::UPRIGHT };
    let opened = DevicePhoto::open_batch(&nets.gpu.jpeg(), &[jpeg], 1 << 26, 64).unwrap().remove(0).unwrap();
    let mut photo = Photo::default();
    photo.set_device(bytes.clone(), opened);
    let spec = CropSpec { out_w: 128, out_h: 64, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
    let rect = Rect { x: photo.width() as f32 * 0.4, y: photo.height() as f32 * 0.55, w: 170.0, h: 60.0 };
    let (picture, rect) = photo.part(rect).unwrap();
    assert!(matches!(picture, Picture::Device(_)));
    let job = Job::Crop(picture, rect, &spec);
    compare(&nets, &info, job);
    let mut net =
        WgpuNet::load(Arc::clone(&nets.gpu), &info, Precision::F32, Box::new(nets.on_cpu(&info, false))).unwrap();
    net.make_inputs(&[job]).unwrap();
    let made = outputs(&mut net, Job::Made(job.shape()));
    assert_eq!(made, outputs(&mut net, job));
    let mut on_cpu = nets.on_cpu(&info, true);
    on_cpu.make_inputs(&[job]).unwrap();
    assert_eq!(outputs(&mut on_cpu, Job::Made(job.shape())), outputs(&mut nets.on_cpu(&info, true), job));
}

#[test]
fn the_text_reader_reads_the_same() {
    let Some(nets) = nets() else { return };
    let Some(info) = nets.info("PP-OCRv6_rec_small") else { return };
    let mut photo = photo(7);
    let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
    let spec = CropSpec { out_w: 160, out_h: 48, filter: Filter::Bilinear, layout };
    let picture = photo.at_least(usize::MAX).unwrap();
    compare(&nets, &info, Job::Crop(picture, plate(picture), &spec));
}

/// What an H100 estimate stands on; `--nocapture` shows it.
#[test]
fn the_nets_are_as_large_as_they_are_said_to_be() {
    let Some(nets) = nets() else { return };
    let cases: [(&str, &[usize], std::ops::Range<u64>, usize); 3] = [
        ("clp_det", &[1, 3, 640, 640], 800_000_000..4_000_000_000, 90),
        ("cct_xs_v2_global", &[1, 64, 128, 3], 50_000_000..1_000_000_000, 140),
        ("PP-OCRv6_rec_small", &[1, 3, 48, 160], 500_000_000..2_000_000_000, 120),
    ];
    for (name, shape, flops, most_ops) in cases {
        let Some(info) = nets.info(name) else { continue };
        let graph = OnnxNet::open(name, &info.path).unwrap().graph(&[shape]).unwrap();
        let (total, plan) = (graph.total(), tollgate_kernels::net::Plan::new(&graph));
        eprintln!(
            "{name} {shape:?}: {} passes, {total:?}, {} bytes of activations held",
            graph.ops().len(),
            plan.bytes()
        );
        for (op, cost) in graph.ops().iter().zip(graph.costs()) {
            eprintln!("  {:10} {:>12} {:>10} {:>9}", op.name(), cost.flops, cost.activation_bytes, cost.constant_bytes);
        }
        assert!(
            flops.contains(&total.flops) && graph.ops().len() <= most_ops,
            "{name}: {total:?}, {}",
            graph.ops().len()
        );
    }
}

#[test]
fn an_unknown_operation_is_named() {
    let Some(nets) = nets() else { return };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/fast-alpr");
    let file = dir.join("yolo-v9-t-416-license-plate-end2end.onnx");
    if !file.exists() {
        eprintln!("SKIPPED: there is no net here with operations that are not known");
        return;
    }
    let net = OnnxNet::open("yolo", &file).unwrap();
    let said = net.graph(&[&[1, 3, 416, 416]]).unwrap_err().to_string();
    assert!(said.contains("does not know the operation") && said.contains("--backend cpu"), "{said}");
    let damaged = nets.info("clp_det").map(|info| std::fs::read(info.path).unwrap());
    if let Some(bytes) = damaged {
        let path = tempfile::tempdir().unwrap().keep().join("cut.onnx");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let said = OnnxNet::open("cut", &path).unwrap_err().to_string();
        assert!(said.contains("no ONNX file, or damaged"), "{said}");
    }
}

/// Real photos that lie beside the checkout, if they do: some of each country.
fn real_photos() -> Vec<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/plates");
    let some = |country: &str| {
        let entries = std::fs::read_dir(dir.join(country)).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "jpg"));
        files.sort();
        files.into_iter().step_by(17).take(2)
    };
    ["br", "eu", "us"].into_iter().flat_map(some).collect()
}

/// With 16-bit floats the same plates are found and the same texts read.
#[test]
fn halves_find_and_read_the_same_plates() {
    let Some(nets) = nets() else { return };
    if !nets.gpu.gpu().has_halves() {
        eprintln!("SKIPPED: {} has no 16-bit floats", nets.gpu.gpu().info());
        return;
    }
    let (Some(finder), Some(reader)) = (nets.info("clp_det"), nets.info("cct_xs_v2_global")) else { return };
    let files = real_photos();
    if files.is_empty() {
        eprintln!("SKIPPED: no real photos lie beside the checkout");
        return;
    }
    let net = |info: &ModelInfo, precision| -> Box<dyn Network> {
        let instead = Box::new(nets.on_cpu(info, false));
        Box::new(WgpuNet::load(Arc::clone(&nets.gpu), info, precision, instead).unwrap())
    };
    let mut pairs = [Precision::F32, Precision::F16].map(|precision| {
        let detector = Retina::on(net(&finder, precision), finder.clone()).unwrap();
        (detector, SlotReader::on(net(&reader, precision), reader.clone()).unwrap())
    });
    let (mut plates, mut further) = (0, (0.0f32, 0.0f32));
    for file in files {
        let [whole, half] = pairs.each_mut().map(|(detector, reader)| {
            let mut photo = Photo::default();
            photo.open_jpeg(std::fs::read(&file).unwrap(), 1 << 26, 64).unwrap();
            // Small, because software adapters are slow.
            let spec = Retina::layout(photo.width(), photo.height(), 320);
            let job = Job::Letterbox(photo.at_least(320).unwrap(), &spec);
            let mut found = detector.find(&[job]).unwrap().remove(0);
            // In the photo as the detector saw it, whose plates are large enough on these photos.
            let scale = photo.width() as f32 / spec.content_w as f32;
            found.iter_mut().for_each(|plate| plate.rect = plate.rect.scale(scale, scale));
            let readings = reader.read(&mut [&mut photo], &[&found]).unwrap().remove(0);
            (found, readings)
        });
        assert_eq!(whole.0.len(), half.0.len(), "{}", file.display());
        for (a, b) in whole.0.iter().zip(&half.0) {
            further = (further.0.max(1.0 - iou(&a.rect, &b.rect)), further.1.max((a.score - b.score).abs()));
        }
        let texts = |readings: &[Reading]| readings.iter().map(|reading| reading.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&whole.1), texts(&half.1), "{}", file.display());
        plates += whole.1.iter().filter(|reading| reading.text.len() >= 5).count();
    }
    eprintln!("{plates} plates read; boxes overlap by all but {:.4}, scores differ by {:.4}", further.0, further.1);
    assert!(plates >= 3 && further.0 < 0.05 && further.1 < 0.02, "{plates} {further:?}");
    assert_eq!(nets.gpu.finished_on_cpu(), 0, "the GPU did not do it");
}

/// A second start finds what the first compiled; `--nocapture` shows what that is worth here.
#[test]
fn the_nets_pipelines_are_kept() {
    let Some(nets) = nets() else { return };
    let infos: Vec<_> = ["cct_xs_v2_global", "clp_det"].iter().filter_map(|name| nets.info(name)).collect();
    let dir = tempfile::tempdir().unwrap();
    let options = GpuOptions { pipelines: Some(dir.path().join("made")), ..AdapterChoice::AllowSoftware.into() };
    let mut photo = photo(5);
    let (width, height) = (photo.width(), photo.height());
    let picture = photo.at_least(usize::MAX).unwrap();
    let crop = CropSpec { out_w: 128, out_h: 64, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
    let letterbox = Retina::layout(width, height, 64);
    let starts: Vec<_> = (0..3)
        .map(|start| {
            let begun = std::time::Instant::now();
            let gpu = Arc::new(SharedGpu::open(options.clone()).unwrap());
            let opened = begun.elapsed();
            let jobs = infos.iter().map(|info| match info.decode {
                Decode::Retina => (info, Job::Letterbox(picture, &letterbox)),
                _ => (info, Job::Crop(picture, plate(picture), &crop)),
            });
            let found: Vec<_> = jobs
                .map(|(info, job)| {
                    let instead = Box::new(nets.on_cpu(info, false));
                    outputs(&mut WgpuNet::load(Arc::clone(&gpu), info, Precision::F32, instead).unwrap(), job)
                })
                .collect();
            assert_eq!(gpu.finished_on_cpu(), 0, "the GPU did not do it");
            let state = gpu.gpu().pipeline_file().clone();
            eprintln!("start {start}: {state:?}, open after {opened:?}, first passes done after {:?}", begun.elapsed());
            (state, found)
        })
        .collect();
    let states: Vec<_> = starts.iter().map(|(state, _)| state).collect();
    match states[..] {
        [PipelineFile::Unsupported, ..] => eprintln!("SKIPPED: this adapter gives no compiled pipelines out"),
        // The second start compiled nothing that the third would find more of.
        [PipelineFile::New, PipelineFile::Found { bytes: second }, PipelineFile::Found { bytes: third }] => {
            assert!(second == third && *second > 0, "{second} {third}");
        }
        _ => panic!("{states:?}"),
    }
    assert!(starts.windows(2).all(|pair| pair[0].1 == pair[1].1), "the outputs differ");
}
