//! Photos decoded on a GPU: what it does, what it leaves to the CPU, and that both come to the same.

use crate::common::{events, number, replay, sample, shared};
use image::{DynamicImage, ImageFormat};
use jpeg_encoder::{ColorType, Encoder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tollgate_engine::config::Config;
use tollgate_engine::flow::Stage;
use tollgate_engine::setup::{Backend, Opened, Setup};
use tollgate_ingest::{ReplayOptions, ReplaySource, Source};
use tollgate_kernels::gpu::adapters;
use tollgate_models::{Quiet, Store};

/// Whether there is an adapter; said aloud where not, and with `REQUIRE_GPU=1` a failure.
fn has_adapter() -> bool {
    let has = !adapters().is_empty();
    if !has {
        assert!(std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1"), "REQUIRE_GPU=1, but no adapter");
        eprintln!("SKIPPED: there is no adapter to run --backend gpu on");
    }
    has
}

fn good() -> Vec<u8> {
    fs::read(sample().join("lane-1/20260314T081544_0003.jpg")).expect("a photo of the sample set")
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("a picture can be encoded");
    out.into_inner()
}

fn progressive(image: &DynamicImage) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 90);
    encoder.set_progressive(true);
    let size = (image.width() as u16, image.height() as u16);
    encoder.encode(&image.to_rgb8(), size.0, size.1, ColorType::Rgb).expect("a picture can be encoded");
    out
}

/// Stored turned, with an EXIF block that says so (orientation 6).
fn rotated(image: &DynamicImage) -> Vec<u8> {
    let jpeg = encoded(&image.rotate270(), ImageFormat::Jpeg);
    let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

/// Bytes in the middle of the coded data overwritten.
fn damaged() -> Vec<u8> {
    let mut jpeg = good();
    let middle = jpeg.len() / 2;
    jpeg[middle..middle + 400].fill(0x55);
    jpeg
}

/// A folder of one photo in every form that matters here.
fn mixed(dir: &Path) {
    let image = image::load_from_memory(&good()).expect("a photo of the sample set");
    fs::create_dir(dir).expect("a folder");
    for (name, bytes) in [
        ("baseline.jpg", good()),
        ("progressive.jpg", progressive(&image)),
        ("rotated.jpg", rotated(&image)),
        ("other.png", encoded(&image, ImageFormat::Png)),
        ("cut.jpg", good()[..good().len() / 2].to_vec()),
        ("damaged.jpg", damaged()),
        ("text.jpg", b"no picture at all".to_vec()),
    ] {
        fs::write(dir.join(name), bytes).expect("a file can be written");
    }
}

/// Texts, boxes and reasons of each photo.
fn seen(out: &Path) -> BTreeMap<String, Vec<(Value, Value, Value)>> {
    let mut seen = BTreeMap::<_, Vec<_>>::new();
    for event in events(out) {
        let data = &event["data"];
        let file = data["fileName"].as_str().expect("a file name").to_owned();
        let found = (event["type"].clone(), data["licensePlateText"].clone(), data["reason"]["code"].clone());
        seen.entry(file).or_default().push(found);
    }
    seen
}

#[test]
fn what_the_gpu_leaves_to_the_cpu_is_counted() {
    if !has_adapter() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    mixed(&photos);
    let cpu = replay(&photos, &dir.path().join("cpu"), &["--backend", "cpu"]);
    assert!(cpu.get("decoding").is_none(), "{cpu}");
    let gpu = replay(&photos, &dir.path().join("gpu"), &["--backend", "gpu"]);
    let decoding = &gpu["decoding"];
    assert_eq!(decoding["on_gpu"], json!(2), "baseline and rotated: {decoding}");
    assert_eq!(decoding["on_cpu"]["progressive files"], json!(1), "{decoding}");
    assert_eq!(decoding["on_cpu"]["no JPEG"], json!(1), "the PNG: {decoding}");
    assert_eq!(decoding["refused"]["truncated-image"], json!(1), "{decoding}");
    assert_eq!(decoding["refused"]["not-an-image"], json!(1), "{decoding}");
    let all = |key: &str| decoding[key].as_object().expect("counts").values().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(2 + all("on_cpu") + all("refused"), 7, "{decoding}");
    assert_eq!(seen(&dir.path().join("gpu")), seen(&dir.path().join("cpu")));
    let report = fs::read_to_string(dir.path().join("gpu/report.html")).unwrap();
    assert!(report.contains("decoded: 2 on the GPU"), "the report does not say where photos were decoded");
}

/// A GPU that is lost between batches: the next batch is the CPU's, and the one after it the GPU's again.
#[test]
fn a_lost_gpu_costs_no_photo() {
    if !has_adapter() {
        return;
    }
    let cache = Store::from_env().dir().to_path_buf();
    let store = Store::new(cache, shared().map(|s| s.join("models/fast-alpr")));
    let mut config = Config::default();
    config.engine.workers = Some(std::num::NonZeroUsize::MIN);
    let run = |backend: Opened, lose_after: Option<usize>| {
        let setup = Setup::prepare(&config, backend, &store, &Quiet).expect("the nets are here");
        let mut assembly = setup.lane(&config).expect("the nets load");
        let mut source = ReplaySource::open(&[sample().join("lane-3")], &ReplayOptions::default()).expect("photos");
        let records = source.next().expect("it can be read").expect("photos").items;
        let mut texts = Vec::new();
        for (index, records) in records.chunks(3).take(3).enumerate() {
            if lose_after == Some(index) {
                let Opened::Gpu(device) = &setup.backend else { panic!("a GPU was opened") };
                device.gpu().gpu().lose();
            }
            let batch = tollgate_ingest::Batch { end: 0, items: records.to_vec() };
            let judged = assembly.run(batch).expect("a lost GPU breaks nothing").items;
            assert_eq!(judged.len(), records.len());
            let entries = judged.into_iter().flat_map(|judged| judged.entries);
            texts.extend(entries.map(|entry| entry.event.data.license_plate_text.clone()));
        }
        (texts, setup.backend.device().map(|device| device.decoding()))
    };
    let (expected, none) = run(Opened::Cpu, None);
    assert!(none.is_none() && expected.iter().any(|text| !text.is_empty()));
    let (found, decoding) = run(Backend::Gpu.open(&store).unwrap(), Some(1));
    let decoding = decoding.unwrap();
    assert_eq!((decoding.on_gpu, decoding.on_cpu.get("the GPU failed")), (6, Some(&3)), "{decoding}");
    assert_eq!(found, expected);
}

/// All development photos; long on a software adapter, so by hand: `cargo test … -- --ignored --nocapture`.
#[test]
#[ignore = "minutes on a software adapter"]
fn all_real_photos_are_read_as_on_the_cpu() {
    let (true, Some(shared)) = (has_adapter(), shared()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let photos = shared.join("plates");
    let run = |backend: &str| replay(&photos, &dir.path().join(backend), &["--backend", backend]);
    let (cpu, gpu) = (run("cpu"), run("gpu"));
    eprintln!("cpu {cpu}\ngpu {gpu}");
    let (expected, found) = (seen(&dir.path().join("cpu")), seen(&dir.path().join("gpu")));
    let texts = |plates: &[(Value, Value, Value)]| plates.iter().map(|plate| plate.1.clone()).collect::<Vec<_>>();
    let same = expected.iter().filter(|(file, plates)| {
        let found = found.get(*file).map(|plates| texts(plates)).unwrap_or_default();
        let is_same = found == texts(plates);
        if !is_same {
            eprintln!("{file}: cpu {:?}, gpu {found:?}", texts(plates));
        }
        is_same
    });
    let share = same.count() as f64 / expected.len() as f64;
    assert!(share >= 0.99, "{share} of {} photos", expected.len());
    for key in ["recall", "exact", "exact_folded"] {
        assert!((number(&cpu, key) - number(&gpu, key)).abs() <= 0.5, "{key}: {cpu} {gpu}");
    }
}
