//! What a capture is told.

use serde::Deserialize;

/// `[capture.NAME]`: a hub's records to a folder or an object store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureConfig {
    /// The hub.
    pub hub: String,
    /// A folder, or a URL such as `az://captured`. Credentials come from the environment.
    pub url: String,
    /// First part of the files' names: whose hubs they are.
    #[serde(default = "namespace")]
    pub namespace: String,
    /// A window ends this long after its first record, 60 to 900…
    #[serde(default = "window_s")]
    pub window_s: u64,
    /// … or with this many megabytes, 10 to 500; what comes first.
    #[serde(default = "window_mb")]
    pub window_mb: u64,
    /// How long one request to an object store may take, tries and all.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
}

fn namespace() -> String {
    "tollgate".into()
}

fn window_s() -> u64 {
    300
}

fn window_mb() -> u64 {
    300
}

fn timeout_ms() -> u64 {
    60_000
}

impl CaptureConfig {
    /// Checks the values.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        if !(60..=900).contains(&self.window_s) {
            return Err(format!("window_s is {}, but must be 60 to 900", self.window_s));
        }
        if !(10..=500).contains(&self.window_mb) {
            return Err(format!("window_mb is {}, but must be 10 to 500", self.window_mb));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.namespace.is_empty() || self.namespace.len() > 64 || !self.namespace.chars().all(plain) {
            return Err(format!("namespace is {:?}, but must be 1 to 64 letters, digits, - and _", self.namespace));
        }
        crate::depot::check_url(&self.url).map_err(|error| error.to_string())
    }
}
