//! The CPU path against the GPU path, stage by stage and end to end, in turns and on the same photos.
//!
//! What is timed is what the flow runs: the same kernels, nets and assembly. A stage's time is that of one thread, a
//! photo; end to end all lanes work, as in a replay. Times are medians, with the tenth and ninetieth percentile.

mod agreement;
mod chart;
mod end_to_end;
mod memory;
mod page;
mod path;
mod peers;
mod photos;
mod report;
mod spread;
mod stages;
mod table;

pub use photos::PhotoSet;
pub use report::{Agreement, EndToEnd, Memory, Moved, PassRow, Peer, Report, StageRow};
pub use spread::Spread;

use crate::config::{Config, Inference, Precision};
use crate::setup::{Backend, Opened, Setup};
use crate::{Error, Result};
use agreement::Found;
use end_to_end::Rig;
use path::Path as StagePath;
use peers::Peers;
use photos::Photos;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tollgate_kernels::gpu::{Gpu, Usage};
use tollgate_models::{Progress, Store};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Request {
    /// On which photos.
    pub photos: PhotoSet,
    /// Photos that are decoded at once.
    pub batch: NonZeroUsize,
    /// Seconds for the stages of each path, and for each path end to end.
    pub seconds: f64,
    /// Lanes end to end.
    pub workers: NonZeroUsize,
    /// Where the nets of the GPU path run; none decides by the adapter.
    pub inference: Option<Inference>,
    /// What our own executor stores values as, where the nets run there.
    pub precision: Precision,
    /// The interpreter that peers are run with.
    pub python: PathBuf,
}

/// Is told how far a measurement is; also of model transfers.
pub trait Watcher: Progress {
    /// This is seen to next.
    fn begins(&self, what: &str);
}

/// Carries it out. `None` when `stop` was set, or when there was no photo to measure with.
///
/// # Errors
/// A photo or model that cannot be had, an adapter that is there and does not work.
pub fn run(request: &Request, store: &Store, stop: &AtomicBool, watcher: &dyn Watcher) -> Result<Option<Report>> {
    watcher.begins("the photos are loaded");
    let photos = Photos::load(&request.photos)?;
    if photos.records.is_empty() {
        return Ok(None);
    }
    let mut notices = Vec::new();
    let gpu = match Backend::Gpu.open(store) {
        Ok(opened) => Some(opened),
        Err(error @ Error::Backend { .. }) => {
            notices.push(format!("no GPU path: {error}"));
            None
        }
        Err(other) => return Err(other),
    };
    let inference = inference(request, gpu.as_ref(), &mut notices);
    if request.precision == Precision::F16 {
        let is_used = inference == Inference::Wgpu && gpu.as_ref().and_then(device).is_some_and(|gpu| gpu.has_halves());
        let notice = if is_used { "the nets' values are 16-bit floats" } else { "no net has 16-bit floats here" };
        notices.push(notice.into());
    }
    let prepare = |backend, config: &Config| Setup::prepare(config, backend, store, watcher);
    let cpu = prepare(Opened::Cpu, &of_cpu(request))?;
    let gpu = gpu.map(|opened| prepare(opened, &of_gpu(request, inference))).transpose()?;
    Bench { request, photos, cpu, gpu, inference, notices, stop, watcher }.run()
}

/// Where the nets of the GPU path run: where they were asked to, and else on the GPU, unless it is none.
fn inference(request: &Request, gpu: Option<&Opened>, notices: &mut Vec<String>) -> Inference {
    let is_software = gpu.and_then(device).is_some_and(|gpu| gpu.info().software);
    if is_software {
        notices.push("the adapter is software, no GPU: its times say nothing about a GPU's".into());
    }
    match request.inference {
        Some(asked) => asked,
        None if is_software => {
            notices.push("nets of the GPU path run on ONNX Runtime's CPU provider; --inference says otherwise".into());
            Inference::OnnxRuntime
        }
        None => Inference::Wgpu,
    }
}

fn device(opened: &Opened) -> Option<Gpu> {
    opened.device().map(|device| device.gpu().gpu())
}

/// The CPU path as a replay has it, with its small batches: it does one photo after the other in any case, and large ones
/// would leave lanes idle at the end of a turn.
fn of_cpu(request: &Request) -> Config {
    let mut config = Config::default();
    config.engine.workers = Some(request.workers);
    config
}

fn of_gpu(request: &Request, inference: Inference) -> Config {
    let mut config = of_cpu(request);
    config.engine.batch_records = Some(request.batch);
    config.models.inference = inference;
    config.models.precision = if inference == Inference::Wgpu { request.precision } else { Precision::F32 };
    config
}

/// Everything that was prepared.
struct Bench<'a> {
    request: &'a Request,
    photos: Photos,
    cpu: Setup,
    gpu: Option<Setup>,
    inference: Inference,
    notices: Vec<String>,
    stop: &'a AtomicBool,
    watcher: &'a dyn Watcher,
}

impl Bench<'_> {
    fn run(mut self) -> Result<Option<Report>> {
        self.watcher.begins("the stages");
        let stages = self.stages()?;
        self.watcher.begins("both paths end to end");
        let flow = self.flow()?;
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.watcher.begins("peers, where they are installed");
        let (request, photos, chosen) = (self.request, &self.photos, &self.cpu.chosen);
        let peers = Peers { request, photos, chosen, expected: &flow.expected }.measure(&mut self.notices);
        let gpu = self.gpu.as_ref().map(|setup| &setup.backend);
        Ok(Some(Report {
            version: env!("CARGO_PKG_VERSION").into(),
            machine: memory::machine(),
            photos: self.photos.about(),
            batch: self.request.batch.get(),
            seconds: self.request.seconds,
            workers: self.request.workers.get(),
            adapter: gpu.and_then(device).map(|gpu| gpu.info().into()),
            inference: format!("{:?}", self.inference).to_lowercase(),
            timestamps: gpu.and_then(device).is_some_and(|gpu| gpu.has_timestamps()),
            stages: stages.rows,
            passes: stages.passes,
            end_to_end: flow.end_to_end,
            agreement: flow.agreement,
            moved: flow.moved,
            decoding: flow.decoding,
            memory: Memory {
                peak_rss_bytes: memory::peak_rss_bytes(),
                device_peak_bytes: gpu.and_then(device).map(|gpu| gpu.usage().peak_bytes),
            },
            peers,
            notices: self.notices,
        }))
    }

    fn stages(&self) -> Result<stages::Measured> {
        let limits = of_cpu(self.request).engine.max_pixels();
        let mut cpu = StagePath::new(&self.cpu, limits)?;
        let mut gpu = self.gpu.as_ref().map(|setup| StagePath::new(setup, limits)).transpose()?;
        let chunks = self.photos.chunks(self.request.batch.get(), &mut cpu)?;
        stages::measure(&chunks, &mut cpu, gpu.as_mut(), self.request.seconds, self.stop)
    }

    /// Both paths as a replay runs them: results first, to compare them, then the pace in turns.
    fn flow(&self) -> Result<Flow> {
        let mut cpu = Rig::new(&self.cpu, &of_cpu(self.request))?;
        let expected = cpu.results(&self.photos, self.stop)?;
        let Some(setup) = &self.gpu else {
            let [cpu, _] = end_to_end::paces([Some(&mut cpu), None], &self.photos, self.request.seconds, self.stop)?;
            let end_to_end = EndToEnd { cpu, gpu: None };
            return Ok(Flow { expected, end_to_end, agreement: None, moved: None, decoding: None });
        };
        let mut gpu = Rig::new(setup, &of_gpu(self.request, self.inference))?;
        let found = gpu.results(&self.photos, self.stop)?;
        let decoding = setup.backend.device().map(|device| device.decoding());
        // What moves once, such as the nets' weights, has moved now.
        let before = device(&setup.backend).map(|gpu| gpu.usage());
        gpu.results(&self.photos, self.stop)?;
        let after = device(&setup.backend).map(|gpu| gpu.usage());
        let rigs = [Some(&mut cpu), Some(&mut gpu)];
        let [cpu, gpu] = end_to_end::paces(rigs, &self.photos, self.request.seconds, self.stop)?;
        Ok(Flow {
            end_to_end: EndToEnd { cpu, gpu },
            agreement: Some(agreement::compare(&expected, &found)),
            expected,
            moved: before.zip(after).map(|usage| moved(&self.photos, usage)),
            decoding,
        })
    }
}

/// What the assembled paths came to.
struct Flow {
    /// What the CPU path found.
    expected: Found,
    end_to_end: EndToEnd,
    agreement: Option<Agreement>,
    moved: Option<Moved>,
    decoding: Option<crate::pipeline::Decoding>,
}

/// Bytes a photo.
fn moved(photos: &Photos, (before, after): (Usage, Usage)) -> Moved {
    let each = |before: u64, after: u64| (after - before) as f64 / photos.records.len() as f64;
    Moved {
        photo_bytes: photos.mean_bytes(),
        to_device_bytes: each(before.to_device_bytes, after.to_device_bytes),
        from_device_bytes: each(before.from_device_bytes, after.from_device_bytes),
    }
}

/// Writes the page to `html`, and the numbers beside it as `.json`; returns where those are.
///
/// # Errors
/// A file that cannot be written.
pub fn write(report: &Report, html: &Path) -> Result<PathBuf> {
    let json = html.with_extension("json");
    let put = |path: &Path, text: String| {
        std::fs::write(path, text).map_err(|source| Error::Io { what: "write", path: path.into(), source })
    };
    put(html, page::page(report))?;
    put(&json, serde_json::json!(report).to_string() + "\n")?;
    Ok(json)
}

/// The report for a terminal.
pub fn text(report: &Report) -> String {
    table::text(report)
}
