//! Files out of Python wheels. pip is told by the environment where to look, so every fetch is a process of its own.

use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tollgate_models::{Artefact, Origin, Quiet, Role, Store};

const BYTES: &[u8] = b"a net, packed";
const FILE: &str = "net.onnx";
const WHEEL: &str = "tollgate-probe==1.0";
/// Tells this program, run again as another process, to fetch.
const CHILD: &str = "TOLLGATE_TEST_WHEEL_CHILD";
const MEMBER: &str = "tollgate_probe/net.onnx";

fn artefact() -> Artefact {
    Artefact {
        name: "net".into(),
        role: Role::Reader,
        platform: None,
        file: FILE.into(),
        sha256: hash(),
        licence: "Apache-2.0".into(),
        about: "made up".into(),
        input: None,
        output: None,
        decode: None,
        preference: 0,
        sources: vec![Origin::Wheel { wheel: WHEEL.into(), member: MEMBER.into(), tag: None }],
    }
}

fn hash() -> String {
    Sha256::digest(BYTES).iter().map(|b| format!("{b:02x}")).collect()
}

/// What lies in the cache, lock files aside.
fn kept(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache).expect("the cache");
    let names = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|n| !n.ends_with(".lock")).collect()
}

fn has_pip() -> bool {
    let pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
    let found = pip.is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("SKIPPED: there is no python3 with pip");
    }
    found
}

/// The process in which the other tests fetch; nothing when it is not one of them that runs it.
#[test]
fn fetch_as_a_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    match Store::from_env().ensure(&artefact(), &Quiet) {
        Ok(path) => println!("\nGOT {}", path.display()),
        Err(error) => println!("\nFAILED {error}"),
    }
}

/// What [`fetch_as_a_child`] says in a process where pip sees `settings` only.
fn in_child(cache: &Path, settings: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PIP_")) {
        child.env_remove(name);
    }
    child.args(["--exact", "fetch_as_a_child", "--nocapture"]).env(CHILD, "1");
    child.env("TOLLGATE_CACHE", cache).env_remove("TOLLGATE_MODEL_MIRROR").env("PIP_CONFIG_FILE", "/dev/null");
    let output = child.envs(settings.iter().copied()).output().expect("this program again");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A wheel of one member, as small as pip accepts it.
fn write_wheel(dir: &Path) -> zip::result::ZipResult<()> {
    let mut zip = zip::ZipWriter::new(fs::File::create(dir.join("tollgate_probe-1.0-py3-none-any.whl"))?);
    let members: [(&str, &[u8]); 4] = [
        (MEMBER, BYTES),
        ("tollgate_probe-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: tollgate-probe\nVersion: 1.0\n"),
        (
            "tollgate_probe-1.0.dist-info/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        ("tollgate_probe-1.0.dist-info/RECORD", b""),
    ];
    for (name, bytes) in members {
        zip.start_file(name, zip::write::SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    zip.finish().map(drop)
}

#[test]
fn a_member_is_unpacked_whatever_a_killed_transfer_left() {
    if !has_pip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (cache, links) = (dir.path().join("cache"), dir.path().join("links"));
    fs::create_dir(&links).unwrap();
    write_wheel(&links).unwrap();
    let stale = cache.join(format!(".{FILE}.wheel"));
    fs::create_dir_all(&stale).unwrap();
    fs::write(stale.join("another-1.0-py3-none-any.whl"), b"torn").unwrap();
    let said = in_child(&cache, &[("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", links.to_str().unwrap())]);
    assert!(said.contains(&format!("GOT {}", cache.join(FILE).display())), "{said}");
    assert_eq!(fs::read(cache.join(FILE)).unwrap(), BYTES);
    assert_eq!(kept(&cache), [FILE]);
}

#[test]
fn an_index_out_of_reach_is_said_within_seconds() {
    if !has_pip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("cache");
    let start = Instant::now();
    let said = in_child(&cache, &[("PIP_INDEX_URL", "http://127.0.0.1:1/simple")]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    for part in ["FAILED", FILE, &hash(), cache.to_str().unwrap(), WHEEL] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(kept(&cache), Vec::<String>::new());
}
