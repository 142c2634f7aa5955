//! Whether the process is ready for work, as `/readyz` says it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What is still being waited for; nothing: ready. Shared by everything that starts and stops.
#[derive(Debug, Default)]
pub struct Readiness {
    waiting: Mutex<BTreeMap<&'static str, String>>,
}

impl Readiness {
    /// Not ready from now on, because of `part`; `why` is for people.
    pub fn wait_for(&self, part: &'static str, why: impl Into<String>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(part, why.into());
    }

    /// `part` is ready.
    pub fn done(&self, part: &'static str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    /// What is waited for, one `part: why` after the other; `None` when everything is ready.
    #[must_use]
    pub fn waiting(&self) -> Option<String> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<String> = waiting.iter().map(|(part, why)| format!("{part}: {why}")).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
