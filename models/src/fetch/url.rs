//! A file served over HTTPS.

use super::{Progress, Source};
use crate::{Error, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

/// A host out of reach must not hold a start-up: the next source is tried instead.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A whole transfer; the largest file that is fetched like this has 5 MB.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(120);
/// No artefact is larger; a server that sends more is not believed.
const MAX_BYTES: u64 = 256 << 20;

pub(super) fn fetch(url: &str, scratch: &Path, progress: &dyn Progress) -> Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(TRANSFER_TIMEOUT))
        .build()
        .into();
    let mut response = agent.get(url).call().map_err(|e| Source::failed(url, e))?;
    let total = response.body().content_length();
    let mut body = response.body_mut().with_config().limit(MAX_BYTES).reader();
    let mut file =
        File::create(scratch).map_err(|source| Error::Io { what: "create", path: scratch.into(), source })?;
    let (mut block, mut done) = (vec![0; 1 << 16], 0);
    loop {
        let n = body.read(&mut block).map_err(|e| Source::failed(url, e))?;
        if n == 0 {
            return Ok(());
        }
        file.write_all(&block[..n]).map_err(|source| Error::Io { what: "write", path: scratch.into(), source })?;
        done += n as u64;
        progress.advance(done, total);
    }
}
