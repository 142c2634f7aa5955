//! The program's backends: same plates on each, and a report that says which it was.

use crate::common::{events, number, replay, sample, shared, summary, text, tollgate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tollgate_kernels::gpu::{AdapterInfo, adapters};
use tollgate_models::{Manifest, Store};

/// The adapter that `--backend gpu` takes; `None`, said aloud, where there is none. With `REQUIRE_GPU=1` that is a
/// failure.
fn adapter() -> Option<AdapterInfo> {
    let first = adapters().into_iter().next();
    if first.is_none() {
        assert!(std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1"), "REQUIRE_GPU=1, but no adapter");
        eprintln!("SKIPPED: there is no adapter to run --backend gpu on");
    }
    first
}

/// The texts read on each photo, in order.
fn plates(out: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut plates = BTreeMap::<_, Vec<_>>::new();
    for event in events(out) {
        let data = &event["data"];
        let file = data["fileName"].as_str().expect("a file name").to_owned();
        plates.entry(file).or_default().push(data["licensePlateText"].clone());
    }
    plates
}

/// Replays on both; the share of photos with the same texts.
fn same(photos: &Path, dir: &Path) -> (f64, usize) {
    let cpu = replay(photos, &dir.join("cpu"), &["--backend", "cpu"]);
    let gpu = replay(photos, &dir.join("gpu"), &["--backend", "gpu"]);
    eprintln!("{} s on the CPU, {} s with --backend gpu", number(&cpu, "seconds"), number(&gpu, "seconds"));
    let (cpu, gpu) = (plates(&dir.join("cpu")), plates(&dir.join("gpu")));
    assert!(cpu.values().flatten().any(|text| text.as_str().is_some_and(|t| !t.is_empty())), "no plate was read");
    let differing: Vec<_> = cpu.iter().filter(|(file, texts)| gpu.get(*file) != Some(*texts)).collect();
    differing.iter().for_each(|(file, texts)| eprintln!("{file}: cpu {texts:?}, gpu {:?}", gpu.get(*file)));
    (1.0 - differing.len() as f64 / cpu.len() as f64, cpu.len())
}

#[test]
fn the_gpu_reads_the_sample_set_as_the_cpu_does() {
    let Some(adapter) = adapter() else { return };
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(same(&sample(), dir.path()), (1.0, 35));
    let report = std::fs::read_to_string(dir.path().join("gpu/report.html")).unwrap();
    assert!(report.contains(&format!("gpu: {}", adapter.name)), "the report does not name the adapter");
    assert_eq!(report.contains("software adapter: correct, not fast"), adapter.software);
    // A run goes on where it was started, and `auto` is a name for one of the two.
    let resume = |backend: &str, run: &str| {
        let out = dir.path().join(run);
        tollgate().arg("replay").arg(sample()).arg("--out").arg(out).args(["--resume", "--backend", backend]).output()
    };
    let other = resume("cpu", "gpu").unwrap();
    assert!(!other.status.success() && text(&other).contains("cannot resume"), "{}", text(&other));
    let auto = resume("auto", "cpu").unwrap();
    assert!(auto.status.success(), "{}", text(&auto));
}

#[test]
fn the_gpu_reads_real_photos_as_the_cpu_does() {
    let (Some(_), Some(shared)) = (adapter(), shared()) else { return };
    let dir = tempfile::tempdir().unwrap();
    // A few of each area, because software adapters are slow; `gpu.rs` has a test of all, to be run by hand.
    let photos = dir.path().join("photos");
    for area in ["us", "eu", "br"] {
        let mut files: Vec<_> = std::fs::read_dir(shared.join("plates").join(area)).unwrap().flatten().collect();
        files.retain(|file| file.path().extension().is_some_and(|end| end == "jpg"));
        files.sort_by_key(std::fs::DirEntry::file_name);
        std::fs::create_dir_all(photos.join(area)).unwrap();
        for file in files.iter().step_by(files.len().div_ceil(6)) {
            std::fs::copy(file.path(), photos.join(area).join(file.file_name())).unwrap();
        }
    }
    let (share, photos) = same(&photos, dir.path());
    assert!(photos >= 12 && share * photos as f64 >= photos as f64 - 1.0, "{share} of {photos} photos");
}

/// A car's part of three photos of the sample set, 256 × 160: the detector then looks at 320 × 192. A software adapter
/// takes a quarter of the time that it would for whole photos, and all that nets on a GPU do is done all the same.
fn parts_of_photos(dir: &Path) {
    std::fs::create_dir(dir).expect("a folder");
    for (lane, number) in [("lane-1", 3), ("lane-2", 17), ("lane-3", 32)] {
        let labels = std::fs::read_to_string(sample().join(lane).join("labels.csv")).expect("labels");
        let row: Vec<_> = labels
            .lines()
            .find(|row| row.contains(&format!("_{number:04}.jpg")))
            .expect("a label")
            .split(',')
            .collect();
        let [x, y] = [row[1], row[2]].map(|number| number.parse::<u32>().expect("a number"));
        let photo = image::open(sample().join(lane).join(row[0])).expect("a photo");
        let [x, y] = [x.saturating_sub(60).min(photo.width() - 256), y.saturating_sub(64).min(photo.height() - 160)];
        photo.crop_imm(x, y, 256, 160).save(dir.join(format!("{number}.jpg"))).expect("a photo can be written");
    }
}

/// `replay --backend gpu` of photos with this config, into `gpu` in the folder.
fn on_gpu(dir: &Path, photos: &Path, config: &str) -> Command {
    let file = dir.join("tollgate.toml");
    std::fs::write(&file, config).expect("a config");
    let mut command = tollgate();
    command.arg("replay").arg(photos).arg("--out").arg(dir.join("gpu"));
    command.args(["--backend", "gpu", "--config"]).arg(file);
    command
}

/// From the photo's bytes to its texts on the adapter alone: decoded there, found there, read there.
#[test]
fn nets_on_the_gpu_read_the_same() {
    let Some(adapter) = adapter() else { return };
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    parts_of_photos(&photos);
    replay(&photos, &dir.path().join("cpu"), &["--backend", "cpu"]);
    let config = "[engine]\nworkers = 1\n[models]\ninference = \"wgpu\"\n";
    let output = on_gpu(dir.path(), &photos, config).arg("--json").output().unwrap();
    assert!(output.status.success() && !text(&output).contains("in place of the GPU"), "{}", text(&output));
    assert_eq!(summary(&output)["decoding"]["on_gpu"], 3, "{}", text(&output));
    let (cpu, gpu) = (plates(&dir.path().join("cpu")), plates(&dir.path().join("gpu")));
    let is_read = |texts: &Vec<Value>| texts.iter().any(|text| text.as_str().is_some_and(|t| t.len() >= 5));
    assert!(cpu.len() == 3 && cpu.values().all(is_read), "{cpu:?}");
    assert_eq!(cpu, gpu);
    let report = std::fs::read_to_string(dir.path().join("gpu/report.html")).unwrap();
    assert!(report.contains(&format!("nets run on {}", adapter.name)), "the report does not say where the nets ran");
}

/// A provider that finds no GPU is an error that says what to do, not a slow run.
#[test]
fn a_provider_that_is_not_here_is_named() {
    if adapter().is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let said = text(&on_gpu(dir.path(), &sample(), "[models]\ninference = \"cuda\"\n").output().unwrap());
    // Machines with CUDA have it elsewhere than beside the fetched library, whose build is for the CPU alone.
    assert!(said.contains("ONNX Runtime's cuda provider") && said.contains("inference = \"auto\""), "{said}");
}

/// Fetched, it opens; but a software adapter is not taken for a GPU unless that was asked for.
#[test]
fn the_webgpu_provider_says_why_it_does_not_run() {
    let Some(adapter) = adapter() else { return };
    let (manifest, store) = (Manifest::shipped().unwrap(), Store::from_env());
    let fetched = manifest.get("onnxruntime-webgpu").ok().and_then(|artefact| store.find(artefact).ok().flatten());
    if !adapter.software {
        eprintln!("SKIPPED: there is a GPU for the WebGPU provider");
        return;
    }
    if fetched.is_none() {
        let required = std::env::var_os("REQUIRE_GPU").is_some_and(|value| value == "1");
        assert!(!required, "REQUIRE_GPU=1, but: `tollgate models fetch onnxruntime-webgpu`");
        eprintln!("SKIPPED: the WebGPU provider was not fetched");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = on_gpu(dir.path(), &sample(), "[models]\ninference = \"webgpu\"\n");
    let output = command.env_remove("ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER").output().unwrap();
    let said = text(&output);
    assert!(!output.status.success() && !dir.path().join("gpu").exists(), "{said}");
    for part in ["webgpu provider", "ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER=1", "inference = \"auto\""] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// A user's detector of another rule runs where nothing else was built for it; that is said.
#[test]
fn a_net_that_stays_on_the_cpu_is_named() {
    let (Some(_), Some(shared)) = (adapter(), shared()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    std::fs::write(photos.join("no-picture.jpg"), "no picture at all").unwrap();
    let detector = shared.join("models/fast-alpr/yolo-v9-t-416-license-plate-end2end.onnx");
    let detector = format!("{{ path = {detector:?}, decode = \"end-to-end\" }}");
    let models = format!("[models]\ninference = \"wgpu\"\nsecond_opinion = false\ndetector = {detector}\n");
    let said = text(&on_gpu(dir.path(), &photos, &models).output().unwrap());
    assert!(said.contains("but yolo-v9-t-416-license-plate-end2end on ONNX Runtime's CPU provider"), "{said}");
}

/// The Vulkan loader then finds no driver; other interfaces there are only on other systems.
#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_the_reason_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = tollgate();
    command.env("VK_DRIVER_FILES", "/dev/null").env("VK_ICD_FILENAMES", "/dev/null");
    command.arg("replay").arg(sample()).arg("--out").arg(dir.path().join("out")).args(["--backend", "gpu"]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let said = text(&output);
    assert!(said.contains("backend gpu cannot be used") && said.contains("--backend cpu"), "{said}");
    assert!(!dir.path().join("out").exists());
}
