//! `tollgate doctor`: what was found here, and what to do about what is missing.

use super::Exit;
use super::args::DoctorArgs;
use crate::Result;
use serde::Serialize;
use std::path::Path;
use tollgate_models::{Manifest, Provider, Role, Runtime, Store};

/// How one thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Note,
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Good, found: found.into(), advice: None }
    }

    fn other(state: State, what: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), state, found: found.into(), advice: Some(advice.into()) }
    }
}

pub(super) fn run(args: &DoctorArgs) -> Result<Exit> {
    let (manifest, store) = (Manifest::shipped()?, Store::from_env());
    let mut findings = vec![cpu(), python(), cache(store.dir())];
    findings.extend(models(&manifest, &store));
    findings.push(runtime(&manifest, &store));
    findings.extend(adapters());
    findings.extend(providers(&manifest, &store));
    let bad = findings.iter().any(|f| f.state == State::Bad);
    if args.json {
        println!("{}", serde_json::json!({ "findings": findings }));
    } else {
        findings.iter().for_each(print);
    }
    Ok(if bad { Exit::Failed } else { Exit::Done })
}

fn print(finding: &Finding) {
    let mark = match finding.state {
        State::Good => "ok  ",
        State::Note => "note",
        State::Bad => "BAD ",
    };
    println!("{mark} {:<28} {}", finding.what, finding.found);
    if let Some(advice) = &finding.advice {
        println!("     {:<28} → {advice}", "");
    }
}

fn cpu() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = format!("{cores} cores, {}", features().join(" "));
    Finding::good("CPU", found)
}

/// The vector extensions that ONNX Runtime and the kernels make use of.
#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let known = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx512_vnni", std::arch::is_x86_feature_detected!("avx512vnni")),
    ];
    known.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    vec![std::env::consts::ARCH]
}

fn python() -> Finding {
    let out = std::process::Command::new("python3").args(["-m", "pip", "--version"]).output();
    match out {
        Ok(out) if out.status.success() => {
            Finding::good("python3 with pip", String::from_utf8_lossy(&out.stdout).trim().to_owned())
        }
        Ok(_) => {
            Finding::other(State::Note, "python3 with pip", "python3 has no pip", "install python3-pip to fetch models")
        }
        Err(e) => Finding::other(
            State::Note,
            "python3 with pip",
            e.to_string(),
            "install python3 and python3-pip to fetch models",
        ),
    }
}

fn cache(dir: &Path) -> Finding {
    let what = "model cache";
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    let tried = std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::good(what, format!("{} can be written", dir.display())),
        Err(e) => Finding::other(
            State::Bad,
            what,
            format!("{}: {e}", dir.display()),
            "set TOLLGATE_CACHE to a folder that can be written",
        ),
    }
}

fn models(manifest: &Manifest, store: &Store) -> Vec<Finding> {
    let nets = manifest.artefacts.iter().filter(|a| a.role != Role::Runtime);
    nets.map(|a| match store.find(a) {
        Ok(Some(path)) => Finding::good(&a.name, path.display().to_string()),
        Ok(None) => Finding::other(
            State::Note,
            &a.name,
            "not fetched yet",
            format!("`tollgate models fetch {}`, or wait for the first use", a.name),
        ),
        Err(e) => Finding::other(State::Bad, &a.name, e.to_string(), format!("delete {}", store.path(a).display())),
    })
    .collect()
}

fn runtime(manifest: &Manifest, store: &Store) -> Finding {
    let what = "ONNX Runtime";
    let named = std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()).map(std::path::PathBuf::from);
    let path = match named {
        Some(path) => Ok(Some(path)),
        None => manifest.get("onnxruntime").and_then(|a| store.find(a)),
    };
    match path.and_then(|p| p.map(|p| Runtime::open(&p)).transpose()) {
        Ok(Some(runtime)) => Finding::good(what, format!("{} opens", runtime.path().display())),
        Ok(None) => Finding::other(
            State::Note,
            what,
            "not fetched yet",
            "`tollgate models fetch onnxruntime`, or wait for the first use",
        ),
        Err(e) => Finding::other(
            State::Bad,
            what,
            e.to_string(),
            "ORT_DYLIB_PATH names a libonnxruntime.so of version 1.24 or later",
        ),
    }
}

fn adapters() -> Vec<Finding> {
    let found = tollgate_kernels::gpu::adapters();
    if found.is_empty() {
        let advice = "none is needed; for the software one: apt-get install mesa-vulkan-drivers";
        return vec![Finding::other(State::Note, "GPU adapter", "none", advice)];
    }
    found.iter().map(|a| Finding::good("GPU adapter", a.to_string())).collect()
}

/// Where nets can run with `--backend gpu`: opened and tried as a run would.
fn providers(manifest: &Manifest, store: &Store) -> Vec<Finding> {
    let Some(runtime) = opened(manifest, store) else { return Vec::new() };
    let cuda = runtime.path().with_file_name("libonnxruntime_providers_cuda.so");
    let mut findings = vec![provided(&runtime, Provider::Cuda, &cuda)];
    // None on systems that it is not built for.
    if let Ok(artefact) = manifest.get("onnxruntime-webgpu") {
        findings.push(match store.find(artefact) {
            Ok(found) => provided(&runtime, Provider::WebGpu, &found.unwrap_or_else(|| store.path(artefact))),
            Err(error) => {
                let advice = format!("delete {}", store.path(artefact).display());
                Finding::other(State::Bad, &artefact.name, error.to_string(), advice)
            }
        });
    }
    findings
}

fn provided(runtime: &Runtime, provider: Provider, library: &Path) -> Finding {
    let what = format!("inference = \"{}\"", provider.name());
    match runtime.register(provider, library) {
        Ok(()) => {
            let on = if runtime.is_software(provider) { "a software adapter, which is slow" } else { "a GPU" };
            Finding::good(what, format!("{} computes, on {on}", library.display()))
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(" ({})", cause.to_string().trim()));
            let found = format!("{error}{}", cause.unwrap_or_default());
            Finding::other(State::Note, what, found, "it is needed only where the config says so")
        }
    }
}

/// ONNX Runtime, if it is there and opens; `runtime` says why it does not.
fn opened(manifest: &Manifest, store: &Store) -> Option<Runtime> {
    let named = std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()).map(std::path::PathBuf::from);
    let path = named.or_else(|| manifest.get("onnxruntime").and_then(|a| store.find(a)).ok().flatten())?;
    Runtime::open(&path).ok()
}
