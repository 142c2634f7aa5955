//! Compiled pipelines, kept in a file from one start to the next where the driver gives them out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::device::lock;
use super::shader::shaders;
use super::{Gpu, GpuOptions};
use crate::error::{Error, Result};

/// A file's first bytes; its form is the last of them.
const MAGIC: &[u8] = b"tollgate pipelines 1\n";
/// What is larger is neither read nor written.
const MAX_BYTES: u64 = 256 << 20;

/// What became of the file of compiled pipelines when a GPU was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PipelineFile {
    /// No folder was named.
    NotAsked,
    /// The adapter's interface gives none out; of those there are, Vulkan alone does.
    Unsupported,
    /// There was none yet.
    New,
    /// They are used.
    Found {
        /// Bytes of the pipelines.
        bytes: usize,
    },
    /// There was one that is not fit to be used; the next save writes over it.
    Refused {
        /// Why not.
        reason: String,
    },
}

/// A device's pipelines as its driver keeps them, and the file they go to.
#[derive(Debug)]
pub(super) struct Kept {
    state: PipelineFile,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    cache: wgpu::PipelineCache,
    path: PathBuf,
    /// What a file must have been written for: this adapter, its driver, these shaders.
    stamp: String,
    /// Bytes of the pipelines that the file holds.
    saved: Mutex<usize>,
    /// Pipelines made since they were saved.
    compiled: AtomicUsize,
}

impl Kept {
    /// What is kept of the adapter's pipelines; never an error, since all of them can be compiled again.
    pub(super) fn open(options: &GpuOptions, info: &wgpu::AdapterInfo, device: &wgpu::Device) -> Self {
        let none = |state| Self { state, open: None };
        let Some(folder) = &options.pipelines else { return none(PipelineFile::NotAsked) };
        let key = wgpu::util::pipeline_cache_key(info);
        let (Some(key), true) = (key, device.features().contains(wgpu::Features::PIPELINE_CACHE)) else {
            return none(PipelineFile::Unsupported);
        };
        if let Err(error) = private(folder) {
            return none(PipelineFile::Refused { reason: format!("{}: {error}", folder.display()) });
        }
        let (path, stamp) = (folder.join(key), stamp(info));
        let (mut state, data) = match read(&path, &stamp) {
            Ok(None) => (PipelineFile::New, None),
            Ok(Some(data)) => (PipelineFile::Found { bytes: data.len() }, Some(data)),
            Err(error) => (PipelineFile::Refused { reason: format!("{}: {error}", path.display()) }, None),
        };
        let mut made = create(device, data.as_deref());
        if let (Err(error), true) = (&made, data.is_some()) {
            state = PipelineFile::Refused { reason: format!("{}: {error}", path.display()) };
            made = create(device, None);
        }
        match made {
            Err(error) => none(PipelineFile::Refused { reason: error.to_string() }),
            Ok(cache) => {
                let saved = if let PipelineFile::Found { bytes } = state { bytes } else { 0 };
                let (saved, compiled) = (Mutex::new(saved), AtomicUsize::new(0));
                Self { state, open: Some(Open { cache, path, stamp, saved, compiled }) }
            }
        }
    }

    /// What new pipelines are made with.
    pub(super) fn cache(&self) -> Option<&wgpu::PipelineCache> {
        self.open.as_ref().map(|open| &open.cache)
    }

    /// One more was made.
    pub(super) fn compiled(&self) {
        if let Some(open) = &self.open {
            open.compiled.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Gpu {
    /// What became of the file of compiled pipelines when this GPU was opened.
    pub fn pipeline_file(&self) -> &PipelineFile {
        &self.kept().state
    }

    /// Writes the compiled pipelines to their file, if some were made since it was last written and it grows by them;
    /// whether it was written. To be called when what a program needs was compiled.
    ///
    /// # Errors
    /// The file cannot be written. Nothing is lost by that but the time to compile them at the next start.
    pub fn save_pipelines(&self) -> Result<bool> {
        let Some(open) = &self.kept().open else { return Ok(false) };
        // Of a lost device the driver is asked for nothing.
        if open.compiled.swap(0, Ordering::Relaxed) == 0 || self.check().is_err() {
            return Ok(false);
        }
        let mut saved = lock(&open.saved);
        match open.cache.get_data() {
            Some(data) if data.len() > *saved && data.len() as u64 <= MAX_BYTES => {
                let io = |source| Error::PipelineFile { path: open.path.clone(), source };
                let written = write(&open.path, &open.stamp, &data).map_err(io)?;
                if written {
                    *saved = data.len();
                }
                Ok(written)
            }
            _ => Ok(false),
        }
    }
}

/// The adapter and its driver, and a checksum of all shaders: those of another version would only take up room, since
/// nothing ever leaves a driver's store.
fn stamp(info: &wgpu::AdapterInfo) -> String {
    let sources = shaders().iter().fold(0, |sum, shader| crc32c::crc32c_append(sum, shader.source(true).as_bytes()));
    let (name, driver) = (&info.name, &info.driver);
    format!("{name} | {driver} {} | {:x}:{:x} | {sources:08x}", info.driver_info, info.vendor, info.device)
}

/// Makes the folder, or fails where others than this user can reach into it.
fn private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        builder.mode(0o700).create(folder)?;
        // Of a folder of somebody else that is closed to others, nothing could be read here.
        let mode = fs::metadata(folder)?.mode();
        if mode & 0o077 != 0 {
            return Err(io::Error::other(format!("open to other users (mode {:03o}): chmod 700 it", mode & 0o777)));
        }
        Ok(())
    }
    #[cfg(not(unix))]
    builder.create(folder)
}

/// The pipelines of a file; `None` where there is none.
fn read(path: &Path, stamp: &str) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(found) if found.len() > MAX_BYTES => return Err(io::Error::other("too large to be one of ours")),
        Ok(_) => {}
    }
    let bytes = fs::read(path)?;
    let parted = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk());
    let (sum, rest) = parted.ok_or_else(|| io::Error::other("not a file of pipelines"))?;
    if u32::from_le_bytes(*sum) != crc32c::crc32c(rest) {
        return Err(io::Error::other("damaged: its checksum is another"));
    }
    let data = rest.strip_prefix(stamp.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
    let data = data.ok_or_else(|| io::Error::other("of another adapter, driver or version of this program"))?;
    Ok(Some(data.to_vec()))
}

/// Makes the file appear whole; `false` where another process does so right now.
fn write(path: &Path, stamp: &str, data: &[u8]) -> io::Result<bool> {
    let lock = File::create(path.with_extension("lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(false),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let head = [stamp.as_bytes(), b"\n"].concat();
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head), data);
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    for bytes in [MAGIC, &sum.to_le_bytes(), &head, data] {
        file.write_all(bytes)?;
    }
    file.sync_all()?;
    fs::rename(&part, path)?;
    Ok(true)
}

/// A driver's store of pipelines, with those that a file held.
#[expect(unsafe_code, reason = "wgpu takes a driver's own bytes back, and cannot prove that they are")]
fn create(device: &wgpu::Device, data: Option<&[u8]>) -> Result<wgpu::PipelineCache> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let descriptor = wgpu::PipelineCacheDescriptor { label: Some("tollgate"), data, fallback: false };
    // SAFETY: the bytes must be what `PipelineCache::get_data` once returned. They come from `read` alone, which passes
    // on what `write` wrote, and that is such data: the checksum over stamp and data rules out damage (every burst of
    // 32 bits, and all else but one in 2³²), and the stamp rules out another adapter or driver, as wgpu's own header
    // does once more. Nobody but this user could forge it, since the folder is closed to others (by its mode on Unix, by
    // what folders of a user have elsewhere); this user could replace the program as well.
    let cache = unsafe { device.create_pipeline_cache(&descriptor) };
    match pollster::block_on(scope.pop()) {
        None => Ok(cache),
        Some(source) => Err(Error::Gpu { what: "its pipelines of before", source: Box::new(source) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::AdapterChoice;

    #[test]
    fn a_file_is_read_for_its_stamp_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert!(read(&path, "this").unwrap().is_none());
        assert!(write(&path, "this", b"pipelines").unwrap());
        assert_eq!(read(&path, "this").unwrap().as_deref(), Some(b"pipelines".as_slice()));
        for other in ["that", "thi", "this\npipe", ""] {
            assert!(read(&path, other).unwrap_err().to_string().contains("another adapter"), "{other}");
        }
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                fs::write(&path, bytes).unwrap();
                assert!(read(&path, "this").is_err(), "byte {at}, bit {bit}");
            }
            fs::write(&path, &whole[..at]).unwrap();
            assert!(read(&path, "this").is_err(), "cut at {at}");
        }
        // While another process writes, this one leaves it.
        let lock = File::create(path.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        assert!(!write(&path, "this", b"more").unwrap());
    }

    /// What passes our checks and not wgpu's.
    #[test]
    fn bytes_that_are_no_pipelines_are_refused_by_wgpu() {
        let dir = tempfile::tempdir().unwrap();
        let options = GpuOptions { pipelines: Some(dir.path().join("made")), ..AdapterChoice::AllowSoftware.into() };
        let opened = Gpu::open(options.clone());
        let Some((gpu, open)) = opened.as_ref().ok().and_then(|gpu| Some((gpu, gpu.kept().open.as_ref()?))) else {
            assert!(std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1"), "REQUIRE_GPU=1, but: {opened:?}");
            eprintln!("SKIPPED: no adapter here that keeps pipelines");
            return;
        };
        assert!(write(&open.path, &open.stamp, b"no pipelines").unwrap());
        let again = Gpu::open(options).unwrap();
        let state = again.pipeline_file();
        assert!(
            matches!(state, PipelineFile::Refused { reason } if reason.contains("pipelines of before")),
            "{state:?}"
        );
        assert!(again.kept().cache().is_some() && again.check().is_ok() && gpu.check().is_ok());
    }
}
