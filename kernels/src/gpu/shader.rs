//! The shaders of the crate, so that a test can validate each of them without a GPU.

/// A shader: the parts of its source, put together when it is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// The kernel's name.
    pub name: &'static str,
    parts: &'static [&'static str],
    /// Bindings from 0 on that are only read.
    inputs: u32,
    /// Bindings after those, which are written.
    outputs: u32,
}

impl Shader {
    pub(crate) const fn new(name: &'static str, parts: &'static [&'static str], inputs: u32) -> Self {
        Self { name, parts, inputs, outputs: 1 }
    }

    /// The same with several bindings that are written.
    pub(crate) const fn writing(self, outputs: u32) -> Self {
        Self { outputs, ..self }
    }

    /// Whether each binding is only read.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = bool> {
        (0..self.inputs + self.outputs).map(|binding| binding < self.inputs)
    }

    /// The whole WGSL source.
    pub fn source(&self) -> String {
        self.parts.concat()
    }
}

/// All shaders of the crate.
pub fn shaders() -> Vec<Shader> {
    let mut all = vec![
        crate::boxes::gpu::SHADER,
        crate::crop::gpu::SHADER,
        crate::ctc::gpu::SHADER,
        crate::jpeg::gpu::ENTROPY,
        crate::jpeg::gpu::TRANSFORM,
        crate::jpeg::gpu::COLOUR,
        crate::letterbox::gpu::SHADER,
        crate::quality::gpu::SHADER,
    ];
    all.extend(crate::net::SHADERS);
    all
}
