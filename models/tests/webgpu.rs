//! ONNX Runtime's WebGPU provider against its CPU provider, on a software Vulkan that Dawn takes: SwiftShader, as
//! Chromium brings it. Drivers and providers are a process's own, so every case is a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use tollgate_kernels::crop::{CropSpec, Layout};
use tollgate_kernels::{Filter, Picture, Rect, RgbView};
use tollgate_models::detector::Retina;
use tollgate_models::network::{Job, Network, OnnxRuntimeNet, Output, Provider};
use tollgate_models::pixels::CpuPixels;
use tollgate_models::{Manifest, ModelInfo, Result, Runtime, Store};

/// Tells this program, run again as another process, what to do.
const CHILD: &str = "TOLLGATE_TEST_WEBGPU_CHILD";
const ALLOW_SOFTWARE: &str = "ORT_WEBGPU_EP_ALLOW_SOFTWARE_ADAPTER";
/// Where Debian's and others' Chromium has it.
const SWIFTSHADER: [&str; 3] = [
    "/usr/lib/chromium/vk_swiftshader_icd.json",
    "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
    "/opt/google/chrome/vk_swiftshader_icd.json",
];
/// Of the largest value of an output: both compute in f32, in another order.
const BOUND: f32 = 1e-3;

/// Says aloud what was not tested; with `REQUIRE_GPU=1` that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1"), "REQUIRE_GPU=1, but {why}");
    eprintln!("SKIPPED: ONNX Runtime's WebGPU provider was not tested: {why}");
}

struct Files {
    runtime: PathBuf,
    provider: PathBuf,
    detector: ModelInfo,
    reader: ModelInfo,
}

/// What has to be there; CI fetches it.
fn files() -> std::result::Result<Files, String> {
    let (manifest, store) = (Manifest::shipped().expect("the list"), Store::from_env());
    let find = |name: &str| {
        let artefact = manifest.get(name).map_err(|error| error.to_string())?;
        let found = store.find(artefact).map_err(|error| error.to_string())?;
        Ok::<_, String>((artefact, found.ok_or_else(|| format!("{name} was not fetched"))?))
    };
    let net = |name: &str| {
        let (artefact, path) = find(name)?;
        ModelInfo::shipped(artefact, path).ok_or_else(|| format!("{name} is no net"))
    };
    let (runtime, provider) = (find("onnxruntime")?.1, find("onnxruntime-webgpu")?.1);
    Ok(Files { runtime, provider, detector: net("clp_det")?, reader: net("PP-OCRv6_rec_small")? })
}

/// The driver's file; what was not tested is said where there is none.
fn swiftshader() -> Option<&'static str> {
    let found = SWIFTSHADER.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        skip("there is no SwiftShader; Debian's package chromium has it");
    }
    found
}

/// What a case says in a process of its own, where `driver` is the only Vulkan there is.
fn in_child(case: &str, driver: &str, allow_software: bool) -> String {
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "as_a_child", "--nocapture"]).env(CHILD, case);
    child.env("VK_DRIVER_FILES", driver).env("VK_ICD_FILENAMES", driver).env_remove(ALLOW_SOFTWARE);
    if allow_software {
        child.env(ALLOW_SOFTWARE, "1");
    }
    let output = child.output().expect("this program again");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{}", output.status, said(&output.stdout), said(&output.stderr))
}

/// A case takes half a minute on two slow cores.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(300);

/// The process in which the cases run; nothing when it is not one of them that runs it.
#[test]
fn as_a_child() {
    let Ok(case) = std::env::var(CHILD) else { return };
    // A driver that hangs fails the test; it does not hold it up for ever.
    std::thread::spawn(|| {
        std::thread::sleep(DEADLINE);
        eprintln!("nothing came of it within {DEADLINE:?}");
        std::process::exit(1);
    });
    let files = files().unwrap();
    let runtime = Runtime::open(&files.runtime).unwrap();
    match runtime.register(Provider::WebGpu, &files.provider) {
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            println!("\nREFUSED {error}\nCAUSE {cause}");
        }
        Ok(()) if case == "nets" => {
            println!("\nREGISTERED, software: {}", runtime.is_software(Provider::WebGpu));
            compare(&runtime, &files);
        }
        Ok(()) => println!("\nREGISTERED"),
    }
}

/// Both nets on both providers; says how far apart they are.
fn compare(runtime: &Runtime, files: &Files) {
    let (width, height) = (160, 96);
    let pixels = pattern(width, height);
    let photo = RgbView::new(&pixels, width, height).expect("a picture");
    // Small: a software driver takes seconds for each size of input.
    let spec = Retina::layout(width, height, 160);
    differ(runtime, &files.detector, Job::Letterbox(photo.into(), &spec));
    let layout =
        Layout::PlanarF32 { order: tollgate_kernels::ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
    let spec = CropSpec { out_w: 160, out_h: 48, filter: Filter::Bilinear, layout };
    let rect = Rect { x: 20.0, y: 30.0, w: 90.0, h: 30.0 };
    differ(runtime, &files.reader, Job::Crop(Picture::from(photo), rect, &spec));
}

/// Colours that change with the place, so that every part of the nets has something to see.
fn pattern(width: usize, height: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        [(x * 7 + y * 3) as u8, (x * y / 5) as u8, if (x / 9 + y / 7) % 2 == 0 { 230 } else { 20 }]
    };
    (0..width * height).flat_map(pixel).collect()
}

fn differ(runtime: &Runtime, info: &ModelInfo, job: Job<'_>) {
    let run = |provider| {
        let mut net = OnnxRuntimeNet::load(runtime, info, Box::new(CpuPixels::default()), provider).expect("it loads");
        let mut seen = Vec::new();
        let mut keep = |_: usize, outputs: &[Output<'_>]| -> Result<()> {
            seen.extend(outputs.iter().map(|output| (output.name.to_owned(), output.values.to_vec())));
            Ok(())
        };
        net.run(&[job], &mut keep).expect("it runs");
        seen
    };
    let (expected, found) = (run(Provider::Cpu), run(Provider::WebGpu));
    assert!(!expected.is_empty() && expected.len() == found.len());
    for ((name, expected), (theirs, found)) in expected.iter().zip(&found) {
        assert_eq!((name, expected.len()), (theirs, found.len()));
        let most = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        let away = expected.iter().zip(found).fold(0.0, |away: f32, (a, b)| away.max((a - b).abs()));
        println!("{} {name}: {} values, largest {most}, apart by at most {away}", info.name, expected.len());
        // Two ways to sum cannot be equal to the last bit of thousands of values: equal ones came from the CPU.
        assert!(away > 0.0 && away <= BOUND * most, "{} {name}: {away} of {most}", info.name);
    }
    println!("COMPARED {}", info.name);
}

#[test]
fn nets_give_the_same_as_on_the_cpu() {
    let Some(driver) = swiftshader() else { return };
    if let Err(why) = files() {
        return skip(&why);
    }
    let said = in_child("nets", driver, true);
    eprintln!("{said}");
    for part in ["REGISTERED", "COMPARED clp_det", "COMPARED PP-OCRv6_rec_small", "1 passed"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// No driver at all: a session would be refused only when the first net is loaded, so registering has to find it out.
#[test]
fn a_provider_that_computes_nothing_is_refused() {
    if let Err(why) = files() {
        return skip(&why);
    }
    let said = in_child("refusal", "/dev/null", true);
    for part in ["REFUSED", "webgpu provider", "inference = \"auto\"", "VK_DRIVER_FILES", "adapter", "1 passed"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// A software driver is not taken for a GPU unawares.
#[test]
fn a_software_driver_is_taken_only_when_allowed() {
    let Some(driver) = swiftshader() else { return };
    if let Err(why) = files() {
        return skip(&why);
    }
    let said = in_child("refusal", driver, false);
    // Machines with a GPU offer it, whatever the driver.
    assert!(said.contains("REGISTERED") || said.contains(ALLOW_SOFTWARE), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn a_library_that_is_missing_is_named() {
    let (manifest, store) = (Manifest::shipped().unwrap(), Store::from_env());
    let library = manifest.get("onnxruntime").ok().and_then(|artefact| store.find(artefact).ok().flatten());
    let Some(library) = library else { return skip("ONNX Runtime was not fetched") };
    let runtime = Runtime::open(&library).unwrap();
    let file = library.with_file_name("not-there.so");
    for (provider, advice) in
        [(Provider::Cuda, "ORT_DYLIB_PATH"), (Provider::WebGpu, "models fetch onnxruntime-webgpu")]
    {
        let said = runtime.register(provider, &file).unwrap_err().to_string();
        for part in ["not-there.so", "there is no such file", advice, "inference = \"auto\""] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
