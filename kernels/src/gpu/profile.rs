//! The time each pass takes on the device, by its own clock.

use std::sync::Mutex;
use std::time::Duration;

use super::Gpu;
use super::device::lock;
use crate::error::{Error, Result};

/// Passes of one profile that are timed; what is more is counted alone.
const MAX_PASSES: u32 = 2048;
const WHAT: &str = "reading timestamps";

/// A pass and the time it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassTime {
    /// The kernel.
    pub kernel: &'static str,
    /// Its entry point.
    pub entry: &'static str,
    /// Milliseconds on the device.
    pub ms: f64,
}

/// What passes a profile has seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PassTimes {
    /// In the order of their recording.
    pub passes: Vec<PassTime>,
    /// Those for which there was no room.
    pub untimed: u64,
}

/// The running profile of a device, if there is one.
#[derive(Debug, Default)]
pub(super) struct Profile {
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    queries: wgpu::QuerySet,
    labels: Vec<(&'static str, &'static str)>,
    untimed: u64,
}

/// Two queries of a pass.
pub(super) struct Slot {
    queries: wgpu::QuerySet,
    first: u32,
}

impl Slot {
    pub(super) fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(self.first),
            end_of_pass_write_index: Some(self.first + 1),
        }
    }
}

impl Profile {
    /// Whether passes are timed now.
    pub(super) fn is_running(&self) -> bool {
        lock(&self.running).is_some()
    }

    /// The queries of the pass that is recorded next, while a profile runs.
    pub(super) fn slot(&self, label: (&'static str, &'static str)) -> Option<Slot> {
        let mut running = lock(&self.running);
        let running = running.as_mut()?;
        let first = running.labels.len() as u32 * 2;
        if first >= MAX_PASSES * 2 {
            running.untimed += 1;
            return None;
        }
        running.labels.push(label);
        Some(Slot { queries: running.queries.clone(), first })
    }
}

impl Gpu {
    /// Whether this device can time its passes.
    pub fn has_timestamps(&self) -> bool {
        self.device().features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Times every pass recorded from here on, of all threads; each is then a pass of its own. Without effect where
    /// the device has no clock.
    ///
    /// # Errors
    /// The GPU's.
    pub fn start_profile(&self) -> Result<()> {
        if !self.has_timestamps() {
            return Ok(());
        }
        let queries = self.scoped("timestamps", 0, || {
            self.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("passes"),
                ty: wgpu::QueryType::Timestamp,
                count: MAX_PASSES * 2,
            })
        })?;
        *lock(&self.profile().running) = Some(Running { queries, labels: Vec::new(), untimed: 0 });
        Ok(())
    }

    /// Ends the profile, waits for the device and says what each pass took; nothing where none was started.
    ///
    /// # Errors
    /// The GPU's.
    pub fn end_profile(&self) -> Result<PassTimes> {
        let Some(running) = lock(&self.profile().running).take() else { return Ok(PassTimes::default()) };
        let count = running.labels.len() as u32 * 2;
        if count == 0 {
            return Ok(PassTimes { passes: Vec::new(), untimed: running.untimed });
        }
        let ticks = self.ticks(&running.queries, count)?;
        let period_ms = f64::from(self.queue().get_timestamp_period()) / 1e6;
        let passes = running.labels.iter().zip(ticks.chunks_exact(2)).map(|((kernel, entry), ticks)| PassTime {
            kernel,
            entry,
            ms: ticks[1].saturating_sub(ticks[0]) as f64 * period_ms,
        });
        Ok(PassTimes { passes: passes.collect(), untimed: running.untimed })
    }

    /// The values of the first queries.
    fn ticks(&self, queries: &wgpu::QuerySet, count: u32) -> Result<Vec<u64>> {
        let bytes = u64::from(count) * 8;
        let buffer = |usage| {
            self.device().create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: bytes,
                usage,
                mapped_at_creation: false,
            })
        };
        let (sender, mapped) = std::sync::mpsc::sync_channel(1);
        let staging = self.scoped(WHAT, bytes, || {
            let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
            let staging = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
            let mut encoder = self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.resolve_query_set(queries, 0..count, &resolved, 0);
            encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, bytes);
            self.queue().submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, 0..bytes, move |done| {
                // Nobody listens where waiting has failed.
                let _ = sender.send(done);
            });
            staging
        })?;
        self.finish()?;
        match mapped.recv_timeout(Duration::from_secs(1)) {
            Ok(Ok(())) => {}
            Ok(Err(source)) => return Err(Error::Gpu { what: WHAT, source: Box::new(source) }),
            Err(source) => return Err(Error::Gpu { what: WHAT, source: Box::new(source) }),
        }
        let view =
            staging.get_mapped_range(0..bytes).map_err(|source| Error::Gpu { what: WHAT, source: Box::new(source) })?;
        Ok(view.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default())).collect())
    }
}
