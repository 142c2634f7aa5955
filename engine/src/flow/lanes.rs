//! One copy of the assembly a worker, dealt batches in turn.
//!
//! Batch k goes to lane k mod n, and results are taken from the lanes in the same turn: order holds by construction,
//! with nothing to sort. All channels are bounded, so a slow lane or a slow delivery holds the source back.

use super::Stage;
use crate::Result;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use tollgate_ingest::{Batch, Source};

/// How many batches may wait before and after each lane.
#[derive(Clone, Copy, Debug)]
pub struct Depth(pub NonZeroUsize);

/// Runs the source dry through `stages` (one a lane) into `deliver`, which is called on this thread in the source's
/// order. When `stop` is set no more is taken from the source; what was taken is still delivered. Offsets are
/// committed to the source once `deliver` has returned for them.
///
/// # Errors
/// The first of a delivery, a stage or the source; the others are then stopped.
pub fn lanes<S, T>(
    source: &mut S,
    stages: Vec<T>,
    depth: Depth,
    stop: &AtomicBool,
    mut deliver: impl FnMut(Batch<T::Out>) -> Result<()>,
) -> Result<()>
where
    S: Source + Send,
    S::Item: Send,
    T: Stage<S::Item> + Send,
    T::Out: Send,
{
    let delivered = AtomicU64::new(0);
    thread::scope(|scope| {
        let (inputs, outputs): (Vec<_>, Vec<_>) = stages.into_iter().map(|stage| start(scope, stage, depth)).unzip();
        let (source, delivered) = (&mut *source, &delivered);
        // The senders move into the feeder, where their end closes the lanes.
        let feeder = scope.spawn(move || feed(source, &inputs, delivered, stop));
        let outcome = collect(&outputs, |batch| {
            let end = batch.end;
            deliver(batch)?;
            delivered.store(end, Ordering::Release);
            Ok(())
        });
        // Closed outputs make the lanes end, ended lanes close their inputs, and the feeder ends on those.
        drop(outputs);
        let fed = feeder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        outcome.and(fed)
    })?;
    // Nothing delivered leaves the cursor where it was, which need not be 0.
    match delivered.into_inner() {
        0 => Ok(()),
        end => Ok(source.commit(end)?),
    }
}

type Ends<I, O> = (Sender<Batch<I>>, Receiver<Result<Batch<O>>>);

/// Starts one lane.
fn start<'scope, I, T>(scope: &'scope thread::Scope<'scope, '_>, mut stage: T, depth: Depth) -> Ends<I, T::Out>
where
    I: Send + 'scope,
    T: Stage<I> + Send + 'scope,
    T::Out: Send + 'scope,
{
    let (input, batches) = bounded::<Batch<I>>(depth.0.get());
    let (results, output) = bounded(depth.0.get());
    scope.spawn(move || {
        for batch in batches {
            let result = stage.run(batch);
            let failed = result.is_err();
            if results.send(result).is_err() || failed {
                return;
            }
        }
    });
    (input, output)
}

/// Deals batches to the lanes in turn until the source ends, `stop` is set or a lane is gone; commits on the way.
fn feed<S: Source>(
    source: &mut S,
    lanes: &[Sender<Batch<S::Item>>],
    delivered: &AtomicU64,
    stop: &AtomicBool,
) -> Result<()> {
    let (mut committed, mut turn) = (0, lanes.iter().cycle());
    while !stop.load(Ordering::Relaxed) {
        let end = delivered.load(Ordering::Acquire);
        if end > committed {
            source.commit(end)?;
            committed = end;
        }
        let Some(batch) = source.next()? else { break };
        if batch.items.is_empty() {
            continue;
        }
        if turn.next().is_none_or(|lane| lane.send(batch).is_err()) {
            break;
        }
    }
    Ok(())
}

/// Takes results in the same turn. The first lane found empty and closed is the one whose turn never came.
fn collect<O>(lanes: &[Receiver<Result<Batch<O>>>], mut deliver: impl FnMut(Batch<O>) -> Result<()>) -> Result<()> {
    for lane in lanes.iter().cycle() {
        match lane.recv() {
            Ok(result) => deliver(result?)?,
            Err(_closed) => break,
        }
    }
    Ok(())
}
