//! The adapter that the twin tests run on.

use std::sync::OnceLock;

use tollgate_kernels::gpu::{AdapterChoice, Gpu};

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
