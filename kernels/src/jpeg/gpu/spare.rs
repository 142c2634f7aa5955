//! Main memory that is used again.

use std::sync::Mutex;

use crate::gpu::lock;

/// Bytes that are kept at most, in all lanes together.
const MAX_BYTES: usize = 64 << 20;

/// Buffers of coded data. Fresh memory of a photo's size comes from the system page by page, which took as long as all
/// that is done with it.
#[derive(Debug, Default)]
pub(super) struct Spare {
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Spare {
    /// An empty buffer.
    pub(super) fn take(&self) -> Vec<u8> {
        lock(&self.buffers).pop().unwrap_or_default()
    }

    /// Keeps buffers for the next batch, as far as there is room.
    pub(super) fn give_back(&self, buffers: Vec<Vec<u8>>) {
        let mut kept = lock(&self.buffers);
        let mut bytes: usize = kept.iter().map(Vec::capacity).sum();
        for mut buffer in buffers {
            bytes += buffer.capacity();
            if bytes > MAX_BYTES {
                return;
            }
            buffer.clear();
            kept.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_empty_and_bounded() {
        let spare = Spare::default();
        spare.give_back(vec![vec![1; 100], Vec::with_capacity(MAX_BYTES), vec![2; 100]]);
        let first = spare.take();
        assert!(first.is_empty() && first.capacity() >= 100);
        assert_eq!(spare.take().capacity(), 0);
    }
}
