//! What was found, as `--json` prints it.

use super::spread::Spread;
use crate::pipeline::Decoding;
use serde::Serialize;
use tollgate_kernels::gpu::AdapterInfo;

/// A finished measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Of the program.
    pub version: String,
    /// Processor and cores.
    pub machine: String,
    /// What was measured with.
    pub photos: About,
    /// Photos that were decoded at once.
    pub batch: usize,
    /// Seconds that each path had for its stages, and end to end.
    pub seconds: f64,
    /// Lanes end to end.
    pub workers: usize,
    /// The adapter of the GPU path; none where there is no such path.
    pub adapter: Option<Adapter>,
    /// Where the nets of the GPU path ran.
    pub inference: String,
    /// Whether the device has a clock for its passes. `gpu_ms` are wall times with a wait in any case.
    pub timestamps: bool,
    /// Each stage, and their sum as `total`.
    pub stages: Vec<StageRow>,
    /// By the device's clock: each pass of one batch.
    pub passes: Vec<PassRow>,
    /// Images a second.
    pub end_to_end: EndToEnd,
    /// Whether both paths see the same.
    pub agreement: Option<Agreement>,
    /// Bytes over the bus, a photo.
    pub moved: Option<Moved>,
    /// Where the GPU path decoded.
    pub decoding: Option<Decoding>,
    /// At most, of this process.
    pub memory: Memory,
    /// Others on the same photos.
    pub peers: Vec<Peer>,
    /// What a reader of the numbers must know.
    pub notices: Vec<String>,
}

/// The photos.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// The folder, or how they were generated.
    pub source: String,
    /// How many.
    pub count: usize,
    /// Bytes of one, on average.
    pub mean_bytes: f64,
}

/// The adapter.
#[derive(Clone, Debug, Serialize)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// The interface it is reached through.
    pub backend: String,
    /// Whether it computes on the CPU.
    pub software: bool,
}

impl From<&AdapterInfo> for Adapter {
    fn from(info: &AdapterInfo) -> Self {
        let AdapterInfo { name, driver, backend, software, .. } = info.clone();
        Self { name, driver, backend, software }
    }
}

/// Milliseconds a photo in one stage, on one thread.
#[derive(Clone, Debug, Serialize)]
pub struct StageRow {
    /// The stage.
    pub name: &'static str,
    /// What is done in it.
    pub about: &'static str,
    /// Median of the CPU path.
    pub cpu_ms: Option<f64>,
    /// Its spread.
    pub cpu: Option<Spread>,
    /// Median of the GPU path: wall time, until the device is done.
    pub gpu_ms: Option<f64>,
    /// Its spread.
    pub gpu: Option<Spread>,
    /// By the device's clock: the sum of the passes in it, of one batch.
    pub gpu_busy_ms: Option<f64>,
}

/// Milliseconds a photo in one kind of pass.
#[derive(Clone, Debug, Serialize)]
pub struct PassRow {
    /// The stage.
    pub stage: &'static str,
    /// The kernel.
    pub kernel: &'static str,
    /// Its entry point.
    pub entry: &'static str,
    /// Dispatches in the batch.
    pub passes: usize,
    /// All of them, a photo.
    pub ms: f64,
}

/// Images a second as a replay has them.
#[derive(Clone, Debug)]
pub struct EndToEnd {
    /// The CPU path.
    pub cpu: Option<Spread>,
    /// The GPU path.
    pub gpu: Option<Spread>,
}

impl Serialize for EndToEnd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "cpu_images_per_s": self.cpu.map(|spread| spread.median), "cpu": self.cpu,
            "gpu_images_per_s": self.gpu.map(|spread| spread.median), "gpu": self.gpu,
        })
        .serialize(serializer)
    }
}

/// How far both paths see the same.
#[derive(Clone, Debug, Serialize)]
pub struct Agreement {
    /// Photos compared.
    pub photos: usize,
    /// Of them: with the same texts on all plates.
    pub same_text: usize,
    /// The same as a share, 0 to 1.
    pub same_text_share: f64,
    /// Photos whose best plate has a box on both.
    pub boxes: usize,
    /// Mean overlap of those boxes.
    pub mean_iou: Option<f64>,
    /// The least.
    pub least_iou: Option<f64>,
    /// Some that differ: file, the texts of the CPU path, those of the GPU path.
    pub differing: Vec<(String, Vec<String>, Vec<String>)>,
}

/// Bytes over the bus, a photo; the pictures that events carry for people are among them.
#[derive(Clone, Debug, Serialize)]
pub struct Moved {
    /// The compressed photo itself.
    pub photo_bytes: f64,
    /// To the device.
    pub to_device_bytes: f64,
    /// Back from it.
    pub from_device_bytes: f64,
}

/// Memory of this process, which runs both paths.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    /// Resident set; none where the system does not say.
    pub peak_rss_bytes: Option<u64>,
    /// Buffers of the device, those kept to be used again among them.
    pub device_peak_bytes: Option<u64>,
}

/// Somebody else's way to do a stage or two, or all of them.
#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    /// Its name and version.
    pub name: String,
    /// What it did.
    pub about: String,
    /// Median a photo, on one thread.
    pub ms: f64,
    /// Its spread.
    pub spread: Spread,
    /// Of one that reads plates: the share of photos whose best plate has the text of the CPU path, 0 to 1.
    pub same_text_share: Option<f64>,
}
