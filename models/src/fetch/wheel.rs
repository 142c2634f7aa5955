//! A file inside a Python wheel. pip knows the user's index, proxy and credentials, so it does the transfer.

use super::Source;
use crate::{Error, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) fn fetch(package: &str, member: &str, tag: Option<&str>, scratch: &Path) -> Result<()> {
    let origin = format!("pip package {package}");
    // Named after the scratch file, which is this fetch's alone: what a killed fetch left is found and removed.
    let folder = scratch.with_extension("wheel");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|source| Error::Io { what: "remove", path: folder.clone(), source })?;
    }
    fs::create_dir_all(&folder).map_err(|source| Error::Io { what: "create", path: folder.clone(), source })?;
    let outcome = download(package, tag, &folder)
        .and_then(|()| only_wheel(&folder))
        .and_then(|wheel| unpack(&wheel, member, scratch))
        .map_err(|reason| Source::failed(&origin, reason));
    fs::remove_dir_all(&folder).map_err(|source| Error::Io { what: "remove", path: folder, source })?;
    outcome
}

fn download(package: &str, tag: Option<&str>, folder: &Path) -> std::result::Result<(), String> {
    let mut pip = Command::new("python3");
    // Few and short tries: an index out of reach must be said within seconds.
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"])
        .args(["--retries", "1", "--timeout", "10"]);
    if let Some(tag) = tag {
        // The library does not depend on the Python it was packed for; one fixed choice gives one fixed hash.
        pip.args(["--python-version", "311", "--implementation", "cp", "--abi", "cp311", "--platform", tag]);
    }
    let out = pip
        .arg("--dest")
        .arg(folder)
        .arg(package)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("python3 could not be started ({e}); install python3 and python3-pip"))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    if said.contains("No module named pip") {
        return Err("python3 has no pip; install python3-pip".into());
    }
    Err(format!("pip download failed: {}", said.lines().rfind(|l| !l.trim().is_empty()).unwrap_or("no message").trim()))
}

fn only_wheel(folder: &Path) -> std::result::Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|e| e.to_string())?;
    entries
        .filter_map(|e| e.ok().map(|e| e.path()))
        .find(|p| p.extension().is_some_and(|x| x == "whl"))
        .ok_or_else(|| "pip downloaded no wheel".into())
}

fn unpack(wheel: &Path, member: &str, scratch: &Path) -> std::result::Result<(), String> {
    let file = File::open(wheel).map_err(|e| e.to_string())?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| e.to_string())?;
    let mut packed = archive.by_name(member).map_err(|e| format!("{member}: {e}"))?;
    let mut out = File::create(scratch).map_err(|e| e.to_string())?;
    io::copy(&mut packed, &mut out).map_err(|e| e.to_string())?;
    Ok(())
}
