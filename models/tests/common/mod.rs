//! The shipped nets, on the CPU and on an adapter.

use std::path::Path;
use std::sync::Arc;
use tollgate_kernels::gpu::AdapterChoice;
use tollgate_models::network::{OnnxRuntimeNet, Provider};
use tollgate_models::pixels::{CpuPixels, GpuPixels, SharedGpu};
use tollgate_models::{Manifest, ModelInfo, Runtime, Store};

/// What the tests need, of what was fetched; said aloud where it is missing. CI fetches it.
pub(crate) struct Nets {
    pub(crate) runtime: Runtime,
    pub(crate) gpu: Arc<SharedGpu>,
    store: Store,
    manifest: Manifest,
}

pub(crate) fn nets() -> Option<Nets> {
    let required = std::env::var_os("REQUIRE_GPU").is_some_and(|value| value == "1");
    let gpu = match SharedGpu::open(AdapterChoice::AllowSoftware) {
        Ok(gpu) => Arc::new(gpu),
        Err(error) => {
            assert!(!required, "REQUIRE_GPU=1, but: {error}");
            eprintln!("SKIPPED: the nets were not compared: {error}");
            return None;
        }
    };
    let (manifest, store) = (Manifest::shipped().expect("what was fetched is sound"), Store::from_env());
    let library =
        store.find(manifest.get("onnxruntime").expect("what was fetched is sound")).expect("what was fetched is sound");
    let Some(library) = library else {
        assert!(!required, "REQUIRE_GPU=1, but ONNX Runtime was not fetched: `tollgate models fetch`");
        eprintln!("SKIPPED: the nets were not compared: ONNX Runtime was not fetched");
        return None;
    };
    Some(Nets { runtime: Runtime::open(&library).expect("what was fetched is sound"), gpu, store, manifest })
}

impl Nets {
    /// A shipped net's file; `None`, said aloud, where it was not fetched and lies in no folder of shared data.
    pub(crate) fn info(&self, name: &str) -> Option<ModelInfo> {
        let artefact = self.manifest.get(name).expect("what was fetched is sound");
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/fast-alpr").join(&artefact.file);
        let path =
            self.store.find(artefact).expect("what was fetched is sound").or_else(|| beside.exists().then_some(beside));
        if path.is_none() {
            eprintln!("SKIPPED: {name} was not fetched");
        }
        ModelInfo::shipped(artefact, path?)
    }

    pub(crate) fn on_cpu(&self, info: &ModelInfo, gpu_pixels: bool) -> OnnxRuntimeNet {
        let pixels: Box<dyn tollgate_models::Pixels> =
            if gpu_pixels { Box::new(GpuPixels::new(Arc::clone(&self.gpu))) } else { Box::new(CpuPixels::default()) };
        OnnxRuntimeNet::load(&self.runtime, info, pixels, Provider::Cpu).expect("what was fetched is sound")
    }
}
