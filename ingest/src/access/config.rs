//! The keys as they are configured.

use std::fmt;

use serde::Deserialize;

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// The keys; none: everything is open.
    pub keys: Vec<KeyConfig>,
    /// Whether listeners may be open to other machines although there are no keys.
    pub allow_open: bool,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Its name, such as `RootManageSharedAccessKey`.
    pub name: String,
    /// The key, at least 16 bytes: signatures can be guessed at without asking the server.
    pub key: Secret,
    /// What it is good for.
    pub rights: Vec<Right>,
    /// The hubs it is good for; all where this is absent.
    pub hubs: Option<Vec<String>>,
}

/// What a key may be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Append records.
    Send,
    /// Read records and keep checkpoints.
    Listen,
    /// Create, change and delete hubs; includes the other two.
    Manage,
}

/// A key that is shown to nobody: neither in logs nor in errors.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The key itself.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<&str> for Secret {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
