//! What a lake is told.

use serde::Deserialize;

/// `[sinks.parquet.NAME]`: Parquet files in windows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LakeConfig {
    /// A folder, or a URL such as `s3://bucket/plates`. Credentials come from the environment.
    pub url: String,
    /// A window ends this long after its first event…
    #[serde(default = "window_ms")]
    pub window_ms: u64,
    /// … or with this many MiB of events (as JSON), which are in memory until then; what comes first.
    #[serde(default = "window_mib")]
    pub window_mib: u64,
    /// How long one request to an object store may take, tries and all.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
}

/// MiB of a window, at most.
const MAX_WINDOW_MIB: u64 = 1024;

fn window_ms() -> u64 {
    300_000
}

fn window_mib() -> u64 {
    64
}

fn timeout_ms() -> u64 {
    60_000
}

impl LakeConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        if self.window_ms == 0 {
            return Err("window_ms is 0, but must be at least 1".into());
        }
        if !(1..=MAX_WINDOW_MIB).contains(&self.window_mib) {
            return Err(format!("window_mib is {}, but must be 1 to {MAX_WINDOW_MIB}", self.window_mib));
        }
        crate::depot::check_url(&self.url).map_err(|error| error.to_string())
    }
}
