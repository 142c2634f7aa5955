//! The journal's header: who wrote it, from what.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::ModelRef;

const MAGIC: &[u8; 8] = b"TOLLJRNL";
const VERSION: u32 = 1;
/// Magic, version, length, checksum.
const FIXED_BYTES: usize = 20;
const MAX_INFO_BYTES: usize = 1 << 20;

/// How a run was started. A run may be resumed only with the same `config_digest` and `source`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of the program.
    pub version: String,
    /// Digest of every setting that changes results, lower-case hex.
    pub config_digest: String,
    /// What is replayed, in words for people and compared on resume.
    pub source: String,
    /// Models in use.
    pub models: Vec<ModelRef>,
}

/// The header's bytes.
pub(super) fn encode(info: &RunInfo) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(info).map_err(Error::json("write the run description"))?;
    if json.len() > MAX_INFO_BYTES {
        return Err(Error::TooLarge { what: "the run description", bytes: json.len(), limit: MAX_INFO_BYTES });
    }
    let mut bytes = Vec::with_capacity(FIXED_BYTES + json.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(json.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&json).to_le_bytes());
    bytes.extend_from_slice(&json);
    Ok(bytes)
}

/// Reads the header from the start of `file`. Returns it with its length in bytes.
pub(super) fn read(file: &mut impl Read, path: &Path) -> Result<(RunInfo, u64)> {
    let bad = |why: String| Error::BadHeader { path: path.to_path_buf(), why };
    let mut fixed = Vec::with_capacity(FIXED_BYTES);
    file.by_ref().take(FIXED_BYTES as u64).read_to_end(&mut fixed).map_err(Error::io("read", path))?;
    let (magic, rest) = fixed.split_first_chunk().ok_or_else(|| bad("it is too short".into()))?;
    let [version, length, crc] = words(rest).ok_or_else(|| bad("it is too short".into()))?;
    if magic != MAGIC {
        return Err(bad("it does not start like a journal".into()));
    }
    if version != VERSION {
        return Err(bad(format!("it has version {version}, this program reads {VERSION}")));
    }
    if length as usize > MAX_INFO_BYTES {
        return Err(bad(format!("its description claims {length} bytes")));
    }
    let mut json = Vec::with_capacity(length as usize);
    file.by_ref().take(u64::from(length)).read_to_end(&mut json).map_err(Error::io("read", path))?;
    if json.len() != length as usize || crc32c::crc32c(&json) != crc {
        return Err(bad("its description is damaged".into()));
    }
    let info = serde_json::from_slice(&json).map_err(Error::json("read the run description"))?;
    Ok((info, (FIXED_BYTES + json.len()) as u64))
}

/// The first three little-endian words of `bytes`.
fn words(bytes: &[u8]) -> Option<[u32; 3]> {
    let (words, _) = bytes.as_chunks::<4>();
    let [a, b, c, ..] = words else { return None };
    Some([a, b, c].map(|w| u32::from_le_bytes(*w)))
}
