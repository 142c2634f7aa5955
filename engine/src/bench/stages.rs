//! The stages of both paths, in turns.

use super::path::{Path, STAGES, Taken};
use super::photos::Target;
use super::report::{PassRow, StageRow};
use super::spread::Spread;
use crate::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tollgate_kernels::gpu::PassTimes;

/// What was measured.
pub(super) struct Measured {
    pub(super) rows: Vec<StageRow>,
    pub(super) passes: Vec<PassRow>,
}

/// Milliseconds a photo of each stage, and of all together, chunk by chunk.
#[derive(Default)]
struct Samples {
    stages: [Vec<f64>; STAGES.len()],
    totals: Vec<f64>,
    seconds: f64,
}

impl Samples {
    /// Runs a chunk and keeps its times, unless the time is up and it was run before.
    fn take(&mut self, path: &mut Path<'_>, chunk: &[Target], most_s: f64) -> Result<()> {
        if self.seconds >= most_s && !self.totals.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        let taken = path.run(chunk, false)?;
        self.seconds += start.elapsed().as_secs_f64();
        let each = |ms: f64| ms / chunk.len() as f64;
        for (samples, (ms, _)) in self.stages.iter_mut().zip(&taken) {
            samples.push(each(*ms));
        }
        self.totals.push(each(taken.iter().map(|(ms, _)| ms).sum()));
        Ok(())
    }

    fn spread(&self, stage: Option<usize>) -> Option<Spread> {
        Spread::of(stage.map_or(&self.totals, |stage| &self.stages[stage]))
    }
}

/// Warms both up with the first chunk, then takes them through all in turns until each had its seconds.
pub(super) fn measure(
    chunks: &[Vec<Target>],
    cpu: &mut Path<'_>,
    mut gpu: Option<&mut Path<'_>>,
    seconds: f64,
    stop: &AtomicBool,
) -> Result<Measured> {
    let (mut of_cpu, mut of_gpu) = (Samples::default(), Samples::default());
    let Some(first) = chunks.first() else { return Ok(Measured { rows: Vec::new(), passes: Vec::new() }) };
    cpu.run(first, false)?;
    if let Some(gpu) = &mut gpu {
        gpu.run(first, false)?;
    }
    for chunk in chunks.iter().cycle() {
        of_cpu.take(cpu, chunk, seconds)?;
        if let Some(gpu) = &mut gpu {
            of_gpu.take(gpu, chunk, seconds)?;
        }
        let is_done = of_cpu.seconds >= seconds && (gpu.is_none() || of_gpu.seconds >= seconds);
        if is_done || stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let timed = match gpu {
        Some(gpu) if gpu.gpu().is_some_and(|gpu| gpu.has_timestamps()) => Some(gpu.run(first, true)?),
        _ => None,
    };
    let photos = first.len() as f64;
    let rows = rows(&of_cpu, &of_gpu, timed.as_ref().map(|taken| busy(taken, photos)));
    Ok(Measured { rows, passes: timed.map(|taken| passes(&taken, photos)).unwrap_or_default() })
}

fn rows(cpu: &Samples, gpu: &Samples, busy: Option<[f64; STAGES.len()]>) -> Vec<StageRow> {
    let row = |name, about, stage: Option<usize>| {
        let (cpu, gpu) = (cpu.spread(stage), gpu.spread(stage));
        let gpu_busy_ms = busy.map(|busy| stage.map_or(busy.iter().sum(), |stage| busy[stage]));
        let median = |spread: Option<Spread>| spread.map(|spread| spread.median);
        StageRow { name, about, cpu_ms: median(cpu), cpu, gpu_ms: median(gpu), gpu, gpu_busy_ms }
    };
    let stages = STAGES.iter().enumerate().map(|(stage, (name, about))| row(name, about, Some(stage)));
    stages.chain([row("total", "all of them, one after the other", None)]).collect()
}

/// Milliseconds a photo by the device's clock.
fn busy(taken: &Taken, photos: f64) -> [f64; STAGES.len()] {
    let sum = |times: &PassTimes| times.passes.iter().fold(0.0, |sum, pass| sum + pass.ms) / photos;
    std::array::from_fn(|stage| sum(&taken[stage].1))
}

/// Passes of one kind together, in the order of their first one.
fn passes(taken: &Taken, photos: f64) -> Vec<PassRow> {
    let mut rows: Vec<PassRow> = Vec::new();
    for ((stage, _), (_, times)) in STAGES.iter().zip(taken) {
        for pass in &times.passes {
            let same = |row: &&mut PassRow| row.stage == *stage && row.kernel == pass.kernel && row.entry == pass.entry;
            match rows.iter_mut().find(same) {
                Some(row) => (row.passes, row.ms) = (row.passes + 1, row.ms + pass.ms / photos),
                None => rows.push(PassRow {
                    stage,
                    kernel: pass.kernel,
                    entry: pass.entry,
                    passes: 1,
                    ms: pass.ms / photos,
                }),
            }
        }
    }
    rows
}
