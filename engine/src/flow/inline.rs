//! Everything on the calling thread.

use super::Stage;
use crate::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use tollgate_ingest::{Batch, Source};

/// Runs the source dry through `stage` into `deliver`, unless `stop` is set: then what was taken is still delivered.
///
/// # Errors
/// The first of the source, the stage or the delivery.
pub fn inline<S: Source, T: Stage<S::Item>>(
    source: &mut S,
    stage: &mut T,
    stop: &AtomicBool,
    mut deliver: impl FnMut(Batch<T::Out>) -> Result<()>,
) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let Some(batch) = source.next()? else { break };
        if batch.items.is_empty() {
            continue;
        }
        let end = batch.end;
        deliver(stage.run(batch)?)?;
        source.commit(end)?;
    }
    Ok(())
}
