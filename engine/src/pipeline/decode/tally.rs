//! Where photos were decoded, and why there.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Photos by where they were decoded, of a run whose pixels are worked on by a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decoding {
    /// On the GPU.
    pub on_gpu: u64,
    /// On the CPU, by the reason why not on the GPU.
    pub on_cpu: BTreeMap<&'static str, u64>,
    /// Nowhere: refused, by the code that their events have.
    pub refused: BTreeMap<&'static str, u64>,
}

impl fmt::Display for Decoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<&str, u64>| {
            let each: Vec<_> = counts.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
            if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
        };
        let (on_cpu, refused): (u64, u64) = (self.on_cpu.values().sum(), self.refused.values().sum());
        write!(f, "decoded: {} on the GPU, {on_cpu} on the CPU{}, ", self.on_gpu, list(&self.on_cpu))?;
        write!(f, "{refused} refused{}", list(&self.refused))
    }
}

/// Counts them; shared by all lanes.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Tally(Mutex<Decoding>);

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Decoding> {
        // Counts are whole whatever happened elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn on_gpu(&self) {
        self.lock().on_gpu += 1;
    }

    pub(super) fn on_cpu(&self, reason: &'static str) {
        *self.lock().on_cpu.entry(reason).or_default() += 1;
    }

    pub(super) fn refused(&self, code: &'static str) {
        *self.lock().refused.entry(code).or_default() += 1;
    }

    /// A photo that was on the GPU is begun anew on the CPU.
    pub(in crate::pipeline) fn moved(&self, reason: &'static str) {
        let mut decoding = self.lock();
        decoding.on_gpu = decoding.on_gpu.saturating_sub(1);
        *decoding.on_cpu.entry(reason).or_default() += 1;
    }

    pub(super) fn counts(&self) -> Decoding {
        self.lock().clone()
    }
}
