//! Keys and passwords of a config.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A key that is never printed, not even where it cannot be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key.
    #[must_use]
    pub fn new(key: String) -> Self {
        Self(key)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What the reader says of another type repeats the value.
        String::deserialize(deserializer).map(Self).or(Err(D::Error::custom("write the value as a text in quotes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        #[derive(Debug, Deserialize)]
        struct Holder {
            key: Secret,
        }
        let read = |text: &str| toml::from_str::<Holder>(text);
        let good = read("key = \"0815\"").unwrap();
        assert_eq!((good.key.text(), format!("{good:?}")), ("0815", "Holder { key: Secret(…) }".into()));
        let said = read("key = 4711").unwrap_err();
        assert!(said.message().contains("in quotes") && !said.message().contains("4711"), "{said}");
    }
}
