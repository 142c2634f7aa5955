//! Kill −9 at any moment; `--resume` finishes, and the outputs are those of a run that was left alone.

use crate::common::{replay, sample, timeless_events, tollgate};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

fn journal(out: &Path) -> PathBuf {
    out.join(".run/journal")
}

fn length(out: &Path) -> u64 {
    std::fs::metadata(journal(out)).map_or(0, |m| m.len())
}

fn start(out: &Path, resume: bool) -> Child {
    let mut command = tollgate();
    command.arg("replay").arg(sample()).arg("--out").arg(out).args(["--workers", "2"]);
    if resume {
        command.arg("--resume");
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// Kills the run once its journal has `bytes`; false when it ended before that.
fn kill_at(mut child: Child, out: &Path, bytes: u64) -> bool {
    while length(out) < bytes {
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("a child");
    true
}

fn assert_same_outputs(whole: &Path, resumed: &Path) {
    assert_eq!(timeless_events(whole), timeless_events(resumed));
    let csv = |out: &Path| std::fs::read_to_string(out.join("export.csv")).expect("export.csv");
    assert_eq!(csv(whole), csv(resumed));
    for file in ["plates.parquet", "plates.arrow", "report.html", "manual-queue.redb"] {
        assert!(resumed.join(file).exists(), "{file}");
    }
}

#[test]
fn killed_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    replay(&sample(), &whole, &["--workers", "2"]);
    let full = length(&whole);
    let mut kills = 0;
    for (round, share) in [0.01, 0.2, 0.45, 0.46, 0.8].into_iter().enumerate() {
        let bytes = (full as f64 * share) as u64;
        kills += u32::from(kill_at(start(&killed, round > 0), &killed, bytes));
        assert!(!killed.join("events.jsonl").exists(), "no output may appear before the run has ended");
    }
    assert!(kills >= 3, "the run ended before it could be killed ({kills} kills)");
    // What a kill in the middle of a write leaves: a torn frame.
    let torn = std::fs::read(journal(&killed)).unwrap();
    std::fs::write(journal(&killed), &torn[..torn.len() - 7]).unwrap();
    replay(&sample(), &killed, &["--resume"]);
    assert_same_outputs(&whole, &killed);
}

#[test]
fn killed_while_the_outputs_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    replay(&sample(), &whole, &[]);
    let full = length(&whole);
    // The journal is complete at this length, so the kill falls into the writing of outputs or right before it.
    kill_at(start(&killed, false), &killed, full - full / 100);
    for name in ["events.jsonl", "export.csv"] {
        let Ok(text) = std::fs::read_to_string(killed.join(name)) else { continue };
        assert_eq!(text.lines().count(), std::fs::read_to_string(whole.join(name)).unwrap().lines().count(), "{name}");
    }
    replay(&sample(), &killed, &["--resume"]);
    assert_same_outputs(&whole, &killed);
    let stray = std::fs::read_dir(&killed).unwrap().filter_map(|e| e.ok()?.file_name().into_string().ok());
    assert_eq!(stray.filter(|n| n.contains(".tmp-")).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_finished_run_resumes_to_itself_and_ids_are_stable() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    replay(&sample(), &a, &[]);
    let before = timeless_events(&a);
    let summary = replay(&sample(), &a, &["--resume"]);
    assert_eq!(summary["images"], 35);
    assert_eq!(before, timeless_events(&a));
    replay(&sample(), &b, &["--workers", "1"]);
    assert_eq!(before, timeless_events(&b));
}

#[test]
fn a_run_is_not_mixed_with_another() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let lane = |n: &str| sample().join(n);
    replay(&lane("lane-1"), &out, &[]);
    let run = |photos: &Path, more: &[&str]| {
        let output = tollgate().arg("replay").arg(photos).arg("--out").arg(&out).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&lane("lane-1"), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--resume") && said.contains("--overwrite"), "{said}");
    let (code, said) = run(&lane("lane-2"), &["--resume"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the source differs"), "{said}");
    let (code, said) = run(&lane("lane-1"), &["--resume", "--reader", "PP-OCRv6_rec_small"]);
    assert!(code == Some(1) && said.contains("a setting or a model differs") || code == Some(0), "{said}");
    assert_eq!(run(&lane("lane-2"), &["--overwrite"]).0, Some(0));
}
