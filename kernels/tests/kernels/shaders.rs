//! Every shader is parsed and validated without a GPU, in each of its forms, with no optional capability switched on but
//! those that the form is for.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use tollgate_kernels::gpu::shaders;

/// Bytes of workgroup memory that every WebGPU adapter has.
const MAX_WORKGROUP_BYTES: u32 = 16_384;

#[test]
fn every_shader_is_valid() {
    let found = wgsl_files();
    assert!(found.len() >= shaders().len(), "{found:?}");
    let mut sources = String::new();
    for (shader, form) in shaders().iter().flat_map(|shader| shader.forms().into_iter().map(move |form| (shader, form)))
    {
        let source = form.source;
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}: {}", shader.name, error.emit_to_string(&source)));
        let halves = if form.has_halves { Capabilities::SHADER_FLOAT16 } else { Capabilities::empty() };
        let subgroups = if form.has_subgroups { Capabilities::SUBGROUP } else { Capabilities::empty() };
        let mut validator = Validator::new(ValidationFlags::all(), halves | subgroups);
        validator
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", shader.name, error.emit_to_string(&source)));
        assert!(!module.entry_points.is_empty(), "{} has no entry point", shader.name);
        for entry in &module.entry_points {
            assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{}", entry.name);
        }
        let memory = module.global_variables.iter().filter(|(_, global)| global.space == naga::AddressSpace::WorkGroup);
        let bytes: u32 = memory.map(|(_, global)| module.types[global.ty].inner.size(module.to_ctx())).sum();
        assert!(bytes <= MAX_WORKGROUP_BYTES, "{} takes {bytes} bytes of workgroup memory", shader.name);
        sources.push_str(&source);
    }
    for (name, text) in found {
        assert!(sources.contains(&text), "{name} is part of no shader that is validated");
    }
}

/// The WGSL files of the crate: none may escape the test above.
fn wgsl_files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wgsl") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(!text.is_empty(), "{} is empty", path.display());
                found.push((path.display().to_string(), text));
            }
        }
    }
    found
}
