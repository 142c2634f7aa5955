//! One opened adapter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::adapter::choose;
use super::pipelines::Kept;
use super::pool::Pool;
use super::profile::Profile;
use super::{AdapterInfo, GpuOptions, Shader, Usage};
use crate::error::{Error, Result};

/// What is used where the adapter has it.
const WANTED: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY.union(wgpu::Features::PIPELINE_CACHE).union(EXTRA);
/// Of that, what gives a kernel another form.
const EXTRA: wgpu::Features = wgpu::Features::SHADER_F16.union(wgpu::Features::SUBGROUP);
/// Lanes of the subgroups that shaders are written for.
const SUBGROUPS: std::ops::RangeInclusive<u32> = 4..=128;

/// An open GPU, shared by cloning. Safe to use from several threads at once.
#[derive(Clone, Debug)]
pub struct Gpu {
    inner: Arc<Inner>,
}

/// A shader's form and an entry point of it.
type PipelineKey = ((&'static str, u8), &'static str);

#[derive(Debug)]
struct Inner {
    info: AdapterInfo,
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: wgpu::Limits,
    has_subgroups: bool,
    lost: Arc<OnceLock<String>>,
    pool: Arc<Pool>,
    profile: Profile,
    pipelines: Mutex<HashMap<PipelineKey, wgpu::ComputePipeline>>,
    kept: Kept,
}

impl Gpu {
    /// Opens the best adapter that the options (or an [`AdapterChoice`](super::AdapterChoice)) allow, with all of its
    /// limits.
    ///
    /// # Errors
    /// There is no such adapter, or its driver gives no device.
    pub fn open(options: impl Into<GpuOptions>) -> Result<Self> {
        let options = options.into();
        let (info, adapter) = choose(options.adapter)?;
        let limits = limits(&adapter, options.max_buffer_bytes);
        let wanted = if options.plain { WANTED - EXTRA } else { WANTED };
        let request = wgpu::DeviceDescriptor {
            label: Some("tollgate"),
            required_limits: limits.clone(),
            required_features: adapter.features() & wanted,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&request))
            .map_err(|source| Error::NoDevice { adapter: info.to_string(), source: Box::new(source) })?;
        let lost = Arc::new(OnceLock::new());
        let (by_callback, by_error) = (Arc::clone(&lost), Arc::clone(&lost));
        device.set_device_lost_callback(move |reason, message| {
            by_callback.get_or_init(|| format!("{reason:?} {message}").trim().to_owned());
        });
        // Everything is called inside error scopes; what still comes here can be assigned to no call, so nothing
        // this device computes can be trusted any more.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            by_error.get_or_init(|| error.to_string());
        }));
        let pool = Arc::new(Pool::new(options.max_memory_bytes.unwrap_or(u64::MAX)));
        let (profile, pipelines) = (Profile::default(), Mutex::default());
        let has_subgroups = device.features().contains(wgpu::Features::SUBGROUP) && is_even(&adapter.get_info());
        let kept = Kept::open(&options, &adapter.get_info(), &device);
        let inner = Inner { info, device, queue, limits, has_subgroups, lost, pool, profile, pipelines, kept };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The adapter that was opened.
    pub fn info(&self) -> &AdapterInfo {
        &self.inner.info
    }

    /// Fails once the device was lost.
    pub fn check(&self) -> Result<()> {
        match self.inner.lost.get() {
            None => Ok(()),
            Some(reason) => Err(Error::DeviceLost { reason: reason.clone() }),
        }
    }

    /// Gives the device up, as a driver reset would: whatever runs on it fails with
    /// [`Error::DeviceLost`](crate::Error::DeviceLost). For tests of what the caller does then.
    pub fn lose(&self) {
        self.inner.device.destroy();
        self.inner.lost.get_or_init(|| "given up by this program".to_owned());
    }

    /// Whether shaders may read and write 16-bit floats.
    pub fn has_halves(&self) -> bool {
        self.device().features().contains(wgpu::Features::SHADER_F16)
    }

    /// Whether kernels that have a form with subgroup operations run in that form.
    pub fn has_subgroups(&self) -> bool {
        self.inner.has_subgroups
    }

    /// What went to the device and came back from it so far, and the memory it held.
    pub fn usage(&self) -> Usage {
        self.inner.pool.meter.usage()
    }

    pub(super) fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.inner.kept
    }

    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    pub(crate) fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    pub(crate) fn limits(&self) -> &wgpu::Limits {
        &self.inner.limits
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.inner.pool
    }

    /// The pipeline of a shader's entry point, compiled at its first use.
    pub(crate) fn pipeline(&self, shader: Shader, entry: &'static str) -> Result<wgpu::ComputePipeline> {
        self.check()?;
        let mut known = lock(&self.inner.pipelines);
        if let Some(pipeline) = known.get(&(shader.key(), entry)) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.scoped("a shader", 0, || self.compile(shader, entry))?;
        known.insert((shader.key(), entry), pipeline.clone());
        self.kept().compiled();
        Ok(pipeline)
    }

    /// All entry points of a shader get the same layout, so that one set of buffers serves them all.
    fn compile(&self, shader: Shader, entry: &'static str) -> wgpu::ComputePipeline {
        let device = self.device();
        let entries: Vec<_> =
            shader.bindings().zip(0..).map(|(is_read_only, binding)| storage(binding, is_read_only)).collect();
        let bindings = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(shader.name), entries: &entries });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(shader.name),
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        let source = wgpu::ShaderSource::Wgsl(shader.source(self.has_subgroups()).into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(shader.name), source });
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: self.kept().cache(),
        })
    }

    /// Runs calls of the device and turns the errors that they raise into a result.
    pub(crate) fn scoped<T>(&self, what: &'static str, bytes: u64, calls: impl FnOnce() -> T) -> Result<T> {
        self.check()?;
        let device = self.device();
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let value = calls();
        // Popped in reverse order; natively the futures are ready at once.
        let validation = pollster::block_on(validation.pop());
        let internal = pollster::block_on(internal.pop());
        let memory = pollster::block_on(memory.pop());
        // A lost device refuses everything; that is the cause then, not the call.
        self.check()?;
        if memory.is_some() {
            return Err(Error::OutOfMemory { what, bytes });
        }
        match validation.or(internal) {
            None => Ok(value),
            Some(source) => Err(Error::Gpu { what, source: Box::new(source) }),
        }
    }
}

/// What the device is asked for: all that the adapter has, but for the size of buffers where less is wanted.
fn limits(adapter: &wgpu::Adapter, max_buffer_bytes: Option<u64>) -> wgpu::Limits {
    let mut limits = adapter.limits();
    if let Some(most) = max_buffer_bytes {
        limits.max_buffer_size = limits.max_buffer_size.min(most);
        limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(most);
    }
    limits
}

/// Whether all subgroups have the same size, and one that shaders are written for. Where sizes vary, what a shader is
/// told of its own is not to be relied on with every driver.
fn is_even(info: &wgpu::AdapterInfo) -> bool {
    info.subgroup_min_size == info.subgroup_max_size && SUBGROUPS.contains(&info.subgroup_min_size)
}

fn storage(binding: u32, read_only: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}

/// Locks; a panic elsewhere does not spoil tables that are only ever added to.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
