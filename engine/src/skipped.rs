//! For tests that want a GPU, or a software adapter in its place.

use std::fmt::Display;

/// What was opened; `None`, said aloud, where there is no adapter. With `REQUIRE_GPU=1` in the environment that is a
/// failure.
#[track_caller]
pub(crate) fn or_skipped<T, E: Display>(opened: Result<T, E>, untested: &str) -> Option<T> {
    match opened {
        Ok(opened) => Some(opened),
        Err(error) => {
            let may_skip = std::env::var_os("REQUIRE_GPU").is_none_or(|value| value != "1");
            assert!(may_skip, "REQUIRE_GPU=1, but: {error}");
            eprintln!("SKIPPED: {untested}: {error}");
            None
        }
    }
}
