//! What is wrong with a config, said so that it can be mended: the line, the key, and the key that was likely meant.

use std::path::PathBuf;

/// Why a config cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the config {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// The file is no valid config.
    #[error("{}: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, key and what to do.
        reason: String,
    },
}

/// The least likeness (Jaro–Winkler, 0 to 1) at which a known key is offered instead of an unknown one.
const LIKE: f64 = 0.75;

/// One line for what the TOML reader found, with the line's number and, for an unknown key, the nearest known one.
pub(super) fn explain(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map(|span| format!("line {}: ", line(text, span.start))).unwrap_or_default();
    let message = error.message();
    match nearest(message) {
        Some((unknown, known)) => format!("{at}`{unknown}` is no key here; did you mean `{known}`?"),
        None => format!("{at}{message}"),
    }
}

/// The number of the line that a byte lies in, from 1.
pub(super) fn line(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count() + 1
}

/// The name that was likely meant.
pub(super) fn most_alike<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let like = |known: &&str| strsim::jaro_winkler(unknown, known);
    let known = known.max_by(|a, b| like(a).total_cmp(&like(b)))?;
    (like(&known) >= LIKE).then_some(known)
}

/// From serde's ``unknown field `x`, expected one of `a`, `b` ``: the unknown key and the known one most like it.
fn nearest(message: &str) -> Option<(&str, &str)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    Some((unknown, most_alike(unknown, quoted)?))
}
