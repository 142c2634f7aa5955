//! Waiting for a frame to be durable, with a thread or without.

use std::sync::{Arc, OnceLock};

use event_listener::{Event, Listener};

use crate::{Error, Result};

/// A frame on its way to the disk.
#[derive(Debug, Default)]
pub(in super::super) struct Commit {
    /// What became of it: nothing to say, or the disk's refusal.
    done: OnceLock<Option<String>>,
    told: Event,
}

impl Commit {
    /// Tells all who wait.
    pub(super) fn finish(&self, refused: Option<String>) {
        self.done.get_or_init(|| refused);
        self.told.notify(usize::MAX);
    }

    fn outcome(&self) -> Option<Result<()>> {
        let refused = self.done.get()?;
        Some(refused.as_ref().map_or(Ok(()), |detail| Err(Error::QueuesBroken { detail: detail.clone() })))
    }
}

/// What a call came to, to be relied on once it is durable. Dropping it takes nothing back.
#[derive(Debug)]
#[must_use = "nothing is certain before it is durable: wait() or durable().await"]
pub struct Pending<T> {
    value: T,
    commit: Option<Arc<Commit>>,
}

impl<T> Pending<T> {
    /// Durable with a frame; at once where there is none to wait for.
    pub(in super::super) fn new(value: T, commit: Option<Arc<Commit>>) -> Self {
        Self { value, commit }
    }

    /// Waits with a thread.
    ///
    /// # Errors
    /// [`Error::QueuesBroken`] where the disk refused: whether it was done is not known.
    pub fn wait(self) -> Result<T> {
        if let Some(commit) = &self.commit {
            while commit.done.get().is_none() {
                let told = commit.told.listen();
                if commit.done.get().is_none() {
                    told.wait();
                }
            }
            commit.outcome().unwrap_or(Ok(()))?;
        }
        Ok(self.value)
    }

    /// Waits as a task.
    ///
    /// # Errors
    /// As [`Pending::wait`].
    pub async fn durable(self) -> Result<T> {
        if let Some(commit) = &self.commit {
            while commit.done.get().is_none() {
                let told = commit.told.listen();
                if commit.done.get().is_none() {
                    told.await;
                }
            }
            commit.outcome().unwrap_or(Ok(()))?;
        }
        Ok(self.value)
    }

    /// Does not wait where the value says so.
    pub(in super::super) fn unless(mut self, done: impl FnOnce(&T) -> bool) -> Self {
        self.commit.take_if(|_| done(&self.value));
        self
    }

    /// Makes something else of the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Pending<U> {
        Pending { value: f(self.value), commit: self.commit }
    }
}
