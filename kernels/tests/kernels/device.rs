//! The adapter that the twin tests run on.

use std::sync::OnceLock;

use tollgate_kernels::gpu::{AdapterChoice, Gpu, GpuOptions};

/// A GPU, or a software adapter where there is none; `None`, said aloud, where there is no adapter at all. With
/// `REQUIRE_GPU=1` in the environment that is a failure.
pub(crate) fn gpu() -> Option<Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let opened = GPU.get_or_init(|| match Gpu::open(AdapterChoice::AllowSoftware) {
        Ok(gpu) => {
            eprintln!("twin tests run on {}", gpu.info());
            Some(gpu)
        }
        Err(error) if std::env::var_os("REQUIRE_GPU").is_some_and(|value| value == "1") => {
            panic!("REQUIRE_GPU=1, but: {error}");
        }
        Err(error) => {
            eprintln!("SKIPPED: the GPU twins were not compared: {error}");
            None
        }
    });
    opened.clone()
}

/// The same adapter twice where its kernels have subgroup operations: with them and without. One of them where not, said
/// aloud; none where there is no adapter.
pub(crate) fn both_forms() -> Vec<Gpu> {
    static PLAIN: OnceLock<Gpu> = OnceLock::new();
    let Some(gpu) = gpu() else { return Vec::new() };
    if !gpu.has_subgroups() {
        eprintln!("SKIPPED: {} has no subgroups of one size; their forms of kernels were not compared", gpu.info());
        return vec![gpu];
    }
    let options = GpuOptions { plain: true, ..AdapterChoice::AllowSoftware.into() };
    let plain = PLAIN.get_or_init(|| Gpu::open(options).expect("it was opened before"));
    assert!(!plain.has_subgroups() && !plain.has_halves());
    vec![gpu, plain.clone()]
}
