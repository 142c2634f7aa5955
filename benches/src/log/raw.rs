//! The disk by itself: one synchronous write after another (`O_DSYNC`), as fast as a log could be that does nothing else.

use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Instant;

use super::Sample;

/// Where the blocks of a file are when they are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Nowhere yet: the file grows with each write.
    New,
    /// Where they were written before.
    Written,
}

/// `count` writes of `bytes` each, by `writers` threads, each into a file of its own.
pub(super) fn writes(dir: &Path, blocks: Blocks, bytes: usize, writers: usize, count: usize) -> Result<Sample> {
    let each = count / writers;
    let files = (0..writers).map(|i| file(&dir.join(format!("raw-{i}")), blocks, bytes, each));
    let files = files.collect::<Result<Vec<_>>>()?;
    let begin = Instant::now();
    let latencies = thread::scope(|scope| {
        let threads: Vec<_> = files.iter().map(|file| scope.spawn(move || sequence(file, bytes, each))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let latencies: Result<Vec<Vec<f64>>> = latencies;
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Sample::of((each * writers) as f64, bytes, seconds, latencies?.concat()))
}

fn file(path: &Path, blocks: Blocks, bytes: usize, count: usize) -> Result<File> {
    let mut file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    if blocks == Blocks::Written {
        std::io::copy(&mut std::io::Read::take(std::io::repeat(0), (bytes * count) as u64), &mut file)?;
    }
    file.sync_all()?;
    Ok(OpenOptions::new().write(true).custom_flags(libc::O_DSYNC).open(path)?)
}

/// Microseconds of each write.
fn sequence(file: &File, bytes: usize, count: usize) -> Result<Vec<f64>> {
    let content = vec![0x5a; bytes];
    let mut latencies = Vec::with_capacity(count);
    for i in 0..count {
        let begin = Instant::now();
        file.write_all_at(&content, (i * bytes) as u64)?;
        latencies.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    Ok(latencies)
}
