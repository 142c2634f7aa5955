//! Photo buffers that are used again: a decoded photo is megabytes, and fresh pages cost more than the decoding of a
//! small one.

use crossbeam_channel::{Receiver, Sender, bounded};
use tollgate_kernels::Photo;

/// A bounded stock of buffers, shared by the first and the last stage of a lane.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    free: Receiver<Photo>,
    back: Sender<Photo>,
}

impl Pool {
    /// Keeps at most `most` buffers; more than that are freed.
    pub(super) fn new(most: usize) -> Self {
        let (back, free) = bounded(most);
        Self { free, back }
    }

    /// A buffer, a used one if there is one.
    pub(super) fn take(&self) -> Photo {
        self.free.try_recv().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub(super) fn give(&self, photo: Photo) {
        // A full pool drops it, which is what a bound is for.
        drop(self.back.try_send(photo));
    }
}
