//! The bounds of reviews.

use serde::Deserialize;

/// What reviews may be told. Every bound stands here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewConfig {
    /// How long a reviewer has an item; the page renews it while it is open.
    pub lock_ms: u32,
    /// Characters of a reviewer's name.
    pub max_name_chars: usize,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self { lock_ms: 60_000, max_name_chars: 64 }
    }
}
