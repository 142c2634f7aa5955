//! Constants that lie on a GPU once, however many nets read them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use super::precision::half;
use crate::error::Result;
use crate::gpu::{Gpu, Pooled, lock};

const WHAT: &str = "a net's weights in bytes";

/// The constants of nets on one GPU. A [`GpuNet`](super::GpuNet) is made for one size of a batch, so a file becomes many of
/// them: graphs whose constants are the same `Arc` read the same buffer. It is freed with the last net that reads it.
#[derive(Debug, Default)]
pub struct Weights {
    known: Mutex<HashMap<Key, Held>>,
}

/// The values' address, and whether they are stored as 16-bit floats.
type Key = (usize, bool);

#[derive(Debug)]
struct Held {
    /// As long as they are here, nothing else has their address.
    _values: Arc<[f32]>,
    buffer: Weak<Pooled>,
}

impl Weights {
    /// The buffer of these values, uploaded if none is there. Others wait for that: they are about to want the same.
    pub(super) fn get(&self, gpu: &Gpu, values: &Arc<[f32]>, is_half: bool) -> Result<Arc<Pooled>> {
        let key = (values.as_ptr().addr(), is_half);
        let mut known = lock(&self.known);
        let held = known.get(&key).and_then(|held| held.buffer.upgrade());
        // What a GPU that was lost held is of no use on the one opened in its place.
        if let Some(buffer) = held.filter(|buffer| buffer.check_of(gpu).is_ok()) {
            return Ok(buffer);
        }
        known.retain(|_, held| held.buffer.strong_count() > 0);
        let buffer = Arc::new(upload(gpu, values, is_half)?);
        known.insert(key, Held { _values: Arc::clone(values), buffer: Arc::downgrade(&buffer) });
        Ok(buffer)
    }
}

fn upload(gpu: &Gpu, values: &[f32], is_half: bool) -> Result<Pooled> {
    if is_half {
        let halves: Vec<u16> = values.iter().map(|value| half(*value)).collect();
        gpu.upload(&halves, WHAT)
    } else {
        gpu.upload(values, WHAT)
    }
}
