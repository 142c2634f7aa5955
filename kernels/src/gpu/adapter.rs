//! Which GPUs there are, and which one is taken.

use std::fmt;

use crate::error::{Error, Result};

/// What kind of thing an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// A GPU that shares the CPU's memory.
    Integrated,
    /// A GPU lent to a virtual machine.
    Virtual,
    /// A GPU whose driver does not say.
    Other,
    /// No GPU at all: a driver that computes on the CPU. Good for tests, useless for speed.
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete GPU",
            Self::Integrated => "integrated GPU",
            Self::Virtual => "virtual GPU",
            Self::Other => "GPU of unknown kind",
            Self::Software => "software, no GPU",
        })
    }
}

/// What is known of an adapter without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// The adapter's name as its driver gives it.
    pub name: String,
    /// The interface it is reached through: `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// The driver's name and version.
    pub driver: String,
    /// What kind it is.
    pub kind: AdapterKind,
    /// Whether it computes on the CPU; the same as `kind == Software`.
    pub software: bool,
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}, {})", self.name, self.kind, self.backend, self.driver)
    }
}

/// Which adapters may be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdapterChoice {
    /// A GPU: discrete first, then integrated, virtual, unknown. Never a software adapter.
    #[default]
    Hardware,
    /// As before, and a software adapter where there is no GPU. To be asked for by a person or a test.
    AllowSoftware,
    /// A software adapter, whatever else there is.
    Software,
}

impl AdapterChoice {
    fn allows(self, kind: AdapterKind) -> bool {
        match self {
            Self::Hardware => kind != AdapterKind::Software,
            Self::AllowSoftware => true,
            Self::Software => kind == AdapterKind::Software,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hardware => "GPU",
            Self::AllowSoftware => "GPU or software adapter",
            Self::Software => "software adapter",
        }
    }
}

/// Lists the adapters of this machine, the one that would be taken first at the head.
pub fn adapters() -> Vec<AdapterInfo> {
    sorted().into_iter().map(|(info, _)| info).collect()
}

/// The first adapter that the choice allows.
pub(super) fn choose(choice: AdapterChoice) -> Result<(AdapterInfo, wgpu::Adapter)> {
    let all = sorted();
    let names: Vec<_> = all.iter().map(|(info, _)| info.to_string()).collect();
    all.into_iter().find(|(info, _)| choice.allows(info.kind)).ok_or_else(|| Error::NoAdapter {
        asked: choice.name(),
        present: if names.is_empty() { "none".to_owned() } else { names.join("; ") },
    })
}

fn sorted() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let mut all: Vec<_> = found.into_iter().map(|adapter| (describe(&adapter.get_info()), adapter)).collect();
    all.sort_by_key(|(info, _)| info.kind);
    all
}

fn describe(info: &wgpu::AdapterInfo) -> AdapterInfo {
    let kind = kind(info.device_type, &info.name);
    AdapterInfo {
        name: info.name.clone(),
        backend: info.backend.to_string().to_lowercase(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        kind,
        software: kind == AdapterKind::Software,
    }
}

/// Some software drivers call themselves GPUs, so the names of the known ones are looked at as well.
fn kind(device_type: wgpu::DeviceType, name: &str) -> AdapterKind {
    const SOFTWARE: [&str; 4] = ["llvmpipe", "lavapipe", "swiftshader", "basic render"];
    let name = name.to_lowercase();
    if SOFTWARE.iter().any(|known| name.contains(known)) {
        return AdapterKind::Software;
    }
    match device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Other => AdapterKind::Other,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_never_counts_as_hardware() {
        assert_eq!(kind(wgpu::DeviceType::Cpu, "anything"), AdapterKind::Software);
        assert_eq!(kind(wgpu::DeviceType::DiscreteGpu, "SwiftShader Device"), AdapterKind::Software);
        assert_eq!(kind(wgpu::DeviceType::DiscreteGpu, "NVIDIA H100"), AdapterKind::Discrete);
        assert!(!AdapterChoice::Hardware.allows(AdapterKind::Software));
        assert!(AdapterChoice::AllowSoftware.allows(AdapterKind::Software));
        assert!(!AdapterChoice::Software.allows(AdapterKind::Discrete));
    }

    #[test]
    fn better_kinds_come_first() {
        let mut kinds = [AdapterKind::Software, AdapterKind::Virtual, AdapterKind::Discrete, AdapterKind::Integrated];
        kinds.sort();
        assert_eq!(kinds[0], AdapterKind::Discrete);
        assert_eq!(kinds[1], AdapterKind::Integrated);
        assert_eq!(kinds[3], AdapterKind::Software);
    }
}
