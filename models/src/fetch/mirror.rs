//! A folder the user filled.

use super::Source;
use crate::Result;
use std::fs;
use std::path::Path;

pub(super) fn fetch(path: &Path, scratch: &Path) -> Result<()> {
    fs::copy(path, scratch).map_err(|e| Source::failed(format_args!("mirror {}", path.display()), e))?;
    Ok(())
}
