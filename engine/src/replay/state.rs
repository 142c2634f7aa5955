//! The output folder of a run: what may be started, resumed or replaced.

use super::request::Request;
use super::source::Records;
use crate::setup::Setup;
use crate::{Error, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tollgate_sinks::journal::{Resumed, RunInfo};
use tollgate_sinks::{Journal, csv, ipc, jsonl, parquet, rejected, report};
use uuid::Uuid;

/// The journal's folder inside the output folder.
const RUN_DIR: &str = ".run";

/// A run that is about to read its first or its next photo.
pub(super) struct Run {
    pub(super) journal: Journal,
    pub(super) source: Records,
    pub(super) info: RunInfo,
}

/// Before anything is fetched or opened: results of another run are never mixed with or replaced by this one's.
pub(super) fn refuse_foreign_output(request: &Request) -> Result<()> {
    let dir = request.out.clone();
    match (Journal::exists(&run_dir(&dir)), request.resume, request.overwrite) {
        (true, false, false) => Err(Error::OutNotEmpty { dir }),
        (false, true, _) => Err(Error::NothingToResume { dir }),
        (false, false, false) => match OUTPUTS.into_iter().find(|name| dir.join(name).exists()) {
            Some(name) => Err(Error::ForeignOutput { dir, name }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What a run makes beside its journal. The manual-check queue is not among it: its answers are people's work.
const OUTPUTS: [&str; 6] = [jsonl::FILE, parquet::FILE, ipc::FILE, csv::FILE, rejected::FOLDER, report::FILE];

/// Takes the outputs of a replaced run away, so that none of them can be mistaken for the new run's.
fn remove_outputs(out: &Path) -> Result<()> {
    for name in OUTPUTS {
        let path = out.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(Error::Io { what: "remove", path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn run_dir(out: &Path) -> PathBuf {
    out.join(RUN_DIR)
}

impl Run {
    /// Starts the journal, or opens it and moves the source to where it ends.
    pub(super) fn begin(request: &Request, setup: &Setup, mut source: Records) -> Result<Self> {
        let dir = run_dir(&request.out);
        let info = run_info(request, setup, &source);
        if !request.resume {
            // The journal first: it holds the folder's lock, and another run's outputs are not ours to remove.
            let journal = Journal::create(&dir, &info)?;
            remove_outputs(&request.out)?;
            return Ok(Self { journal, source, info });
        }
        let (journal, Resumed { end, digest, run_info, truncated_bytes, .. }) = Journal::open_resume(&dir)?;
        if truncated_bytes > 0 {
            tracing::warn!(bytes = truncated_bytes, "the last batch was torn by the interruption; it is read again");
        }
        same(&request.out, "the source", &run_info.source, &info.source)?;
        same(&request.out, "a setting or a model", &run_info.config_digest, &info.config_digest)?;
        if end > 0 {
            source.skip(end, from_digest(&digest))?;
        }
        Ok(Self { journal, source, info })
    }
}

fn same(dir: &Path, what: &'static str, then: &str, now: &str) -> Result<()> {
    if then == now {
        return Ok(());
    }
    Err(Error::ResumeDiffers { dir: dir.into(), what, then: then.into(), now: now.into() })
}

/// The journal keeps 32 bytes; the source's running digest is the first 8 of them.
pub(super) fn to_digest(digest: u64) -> [u8; 32] {
    let mut wide = [0; 32];
    wide[..8].copy_from_slice(&digest.to_le_bytes());
    wide
}

fn from_digest(wide: &[u8; 32]) -> u64 {
    u64::from_le_bytes([wide[0], wide[1], wide[2], wide[3], wide[4], wide[5], wide[6], wide[7]])
}

fn run_info(request: &Request, setup: &Setup, source: &Records) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        config_digest: settings_digest(request, setup),
        source: source.describe(request),
        models: setup.model_refs(),
    }
}

/// Of all that changes a result; the number of workers and the size of batches do not.
fn settings_digest(request: &Request, setup: &Setup) -> String {
    let engine = &request.config.engine;
    let settings = format!(
        "{:?} {:?} {} {} {} {}",
        request.config.judge,
        setup.model_refs(),
        engine.max_file_mib,
        engine.max_megapixels,
        engine.max_plates,
        setup.backend.name(),
    );
    Uuid::new_v5(&Uuid::NAMESPACE_OID, settings.as_bytes()).simple().to_string()
}
