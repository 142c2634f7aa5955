//! The shaders of the crate, so that a test can validate each of them without a GPU.

/// Bindings of tensors that may be stored as 16-bit floats: four that are read, from 1 on, and the one written.
const TENSORS: [&str; 5] = ["In1", "In2", "In3", "In4", "Out"];

/// What a workgroup's lane is told of itself (`Lane`), and what in a form for subgroups.
pub(crate) const LANE: &str = include_str!("lane.wgsl");
pub(crate) const SUBGROUP_LANE: &str = include_str!("lane_subgroup.wgsl");

/// A shader: the parts of its source, put together when it is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// The kernel's name.
    pub name: &'static str,
    parts: &'static [&'static str],
    /// Its parts for adapters with subgroups of one size, where it has others for them.
    subgroup_parts: Option<&'static [&'static str]>,
    /// Bindings from 0 on that are only read.
    inputs: u32,
    /// Bindings after those, which are written.
    outputs: u32,
    /// Whether its source leaves open what [`TENSORS`] are stored as.
    is_open: bool,
    /// Which of them are 16-bit floats, a bit each.
    halves: u8,
}

/// A shader as some adapters get it.
#[derive(Clone, Debug)]
pub struct Form {
    /// The whole WGSL source.
    pub source: String,
    /// Whether it needs 16-bit floats.
    pub has_halves: bool,
    /// Whether it needs subgroup operations.
    pub has_subgroups: bool,
}

impl Shader {
    pub(crate) const fn new(name: &'static str, parts: &'static [&'static str], inputs: u32) -> Self {
        Self { name, parts, subgroup_parts: None, inputs, outputs: 1, is_open: false, halves: 0 }
    }

    /// The same with several bindings that are written.
    pub(crate) const fn writing(self, outputs: u32) -> Self {
        Self { outputs, ..self }
    }

    /// The same with a source in which bindings 1 to 4 are arrays of `In1` to `In4` and what is written of `Out`, which
    /// `out` makes of a number; they are 32-bit floats unless [`Shader::with_halves`] says otherwise.
    pub(crate) const fn over_tensors(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// The form for tensors of which these are stored as 16-bit floats.
    pub(crate) fn with_halves(self, is_half: [bool; 5]) -> Self {
        let halves = is_half.iter().rev().fold(0, |bits, half| bits << 1 | u8::from(*half));
        Self { halves, ..self }
    }

    /// The same with other parts for adapters with subgroups of one size, 4 to 128 lanes.
    pub(crate) const fn with_subgroups(self, parts: &'static [&'static str]) -> Self {
        Self { subgroup_parts: Some(parts), ..self }
    }

    /// What tells it from every other shader and form.
    pub(crate) fn key(&self) -> (&'static str, u8) {
        (self.name, self.halves)
    }

    /// Whether each binding is only read.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = bool> {
        (0..self.inputs + self.outputs).map(|binding| binding < self.inputs)
    }

    /// The whole WGSL source, in its form for subgroups where it has one and that is wanted.
    pub(crate) fn source(&self, subgroups: bool) -> String {
        let parts = self.subgroup_parts.filter(|_| subgroups).unwrap_or(self.parts).concat();
        if self.is_open { self.types() + &parts } else { parts }
    }

    /// What the tensors are stored as, and the function that stores.
    fn types(&self) -> String {
        let is_half = |at: usize| self.halves >> at & 1 == 1;
        let alias =
            |(at, name): (usize, &&str)| format!("alias {name} = {};\n", if is_half(at) { "f16" } else { "f32" });
        let aliases: String = TENSORS.iter().enumerate().map(alias).collect();
        let enable = if self.halves == 0 { "" } else { "enable f16;\n" };
        // What a conversion makes of a number out of range is the driver's choice.
        let stored = if is_half(TENSORS.len() - 1) { "f16(clamp(value, -65504.0, 65504.0))" } else { "value" };
        format!("{enable}{aliases}fn out(value: f32) -> Out {{\n    return {stored};\n}}\n")
    }

    /// Every form of it.
    pub fn forms(&self) -> Vec<Form> {
        let masks = if self.is_open { 0..1 << TENSORS.len() } else { 0..1 };
        let form = |halves: u8, has_subgroups: bool| {
            let source = Self { halves, ..*self }.source(has_subgroups);
            Form { source, has_halves: halves != 0, has_subgroups }
        };
        let subgroups = self.subgroup_parts.map(|_| true);
        let both = std::iter::once(false).chain(subgroups);
        both.flat_map(|has_subgroups| masks.clone().map(move |halves| form(halves, has_subgroups))).collect()
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
