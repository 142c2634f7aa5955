//! The flow runtime: stages that turn batches into batches. It knows no plates.
//!
//! One assembly, two ways to run it: [`inline`] on the calling thread (tests, debugging), and [`lanes`] with one copy
//! of the whole assembly a worker (production). A lane keeps a photo on one core from its bytes to its result, because
//! the nets fill a core at batch 1: stages on threads of their own would only move pixels between caches.

mod inline;
mod lanes;

pub use inline::inline;
pub use lanes::{Depth, lanes};

use crate::Result;
use tollgate_ingest::Batch;

/// One step of the flow. It may drop or split items, but never change a batch's `end`: that is its commit point.
pub trait Stage<I> {
    /// What comes out.
    type Out;

    /// Works on one batch.
    ///
    /// # Errors
    /// Only when the machine is broken; bad input becomes an item that says so.
    fn run(&mut self, batch: Batch<I>) -> Result<Batch<Self::Out>>;

    /// This stage, and then `next`.
    fn then<N: Stage<Self::Out>>(self, next: N) -> Then<Self, N>
    where
        Self: Sized,
    {
        Then { first: self, next }
    }

    /// This stage, given at most `most` of a batch's items at once: what lies between its parts is then held for those,
    /// not for a batch, and with one item is still in the core's cache when the next part looks at it.
    fn at_most(self, most: usize) -> AtMost<Self>
    where
        Self: Sized,
    {
        AtMost { stage: self, most: most.max(1) }
    }
}

/// A stage that is given a few items at once.
#[derive(Debug)]
pub struct AtMost<T> {
    stage: T,
    most: usize,
}

impl<I, T: Stage<I>> Stage<I> for AtMost<T> {
    type Out = T::Out;

    fn run(&mut self, batch: Batch<I>) -> Result<Batch<Self::Out>> {
        let mut done = Vec::with_capacity(batch.items.len());
        let mut waiting = batch.items.into_iter();
        loop {
            let items: Vec<_> = waiting.by_ref().take(self.most).collect();
            if items.is_empty() {
                return Ok(Batch { end: batch.end, items: done });
            }
            done.append(&mut self.stage.run(Batch { end: batch.end, items })?.items);
        }
    }
}

/// Two stages, one after the other.
#[derive(Debug)]
pub struct Then<A, B> {
    first: A,
    next: B,
}

impl<I, A: Stage<I>, B: Stage<A::Out>> Stage<I> for Then<A, B> {
    type Out = B::Out;

    fn run(&mut self, batch: Batch<I>) -> Result<Batch<Self::Out>> {
        let between = self.first.run(batch)?;
        self.next.run(between)
    }
}

impl<I, T: Stage<I> + ?Sized> Stage<I> for &mut T {
    type Out = T::Out;

    fn run(&mut self, batch: Batch<I>) -> Result<Batch<Self::Out>> {
        (**self).run(batch)
    }
}
